//! What is going on while a use case works: told to the caller, who chooses whether and in which words it is shown.

use std::fmt;

use super::stopped::Stopped;
use crate::disk::names::ServerName;

/// Something that takes a while.
#[derive(Clone, Copy)]
pub enum Wait<'a> {
    /// A server is about to be ready.
    Start(&'a ServerName),
    /// A server was asked to end.
    Stop(&'a ServerName),
    /// A server was asked to end and start again.
    Restart(&'a ServerName),
    /// A server is ending whose name is wanted.
    EndOf(&'a ServerName),
}

impl fmt::Display for Wait<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(name) => write!(formatter, "starting {name}"),
            Self::Stop(name) => write!(formatter, "stopping {name}"),
            Self::Restart(name) => write!(formatter, "restarting {name}"),
            Self::EndOf(name) => write!(formatter, "waiting for the end of {name}"),
        }
    }
}

/// Something to be known before the use case is done.
pub enum Notice<'a> {
    /// What should not be in a definition, a line for each thing.
    Warnings(&'a [String]),
    /// What the supervisor of a server that is being started waits for.
    Supervisor(&'a str),
    /// Nothing is recorded, and no session is looked for: there is no place for records.
    NoRoot(&'a anyhow::Error),
    /// No session could be looked for: the server gets one of its own.
    NoSession(&'a anyhow::Error),
    /// Nothing is recorded: the records could not be written.
    Unrecorded(&'a anyhow::Error),
    /// A server has another name here than its client gives it.
    Renamed { label: &'a str, name: &'a ServerName },
    /// A server has ended, to be started anew.
    Stopped(&'a ServerName, &'a Stopped),
}

/// Who is told.
pub trait Progress {
    /// Does `work`, which waits for something. It never forks: threads may run meanwhile.
    fn during<T>(&self, wait: Wait<'_>, work: impl FnOnce() -> T) -> T;

    fn notice(&self, notice: Notice<'_>);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn during<T>(&self, _: Wait<'_>, work: impl FnOnce() -> T) -> T {
        work()
    }

    fn notice(&self, _: Notice<'_>) {}
}
