//! Ending servers of a session, the whole tree of each.

use super::progress::{Progress, Wait};
use super::stopped::{Stopped, Unstopped};
use crate::disk::layout::{Root, ServerPaths, SessionPaths};
use crate::disk::lock;
use crate::disk::names::ServerName;
use crate::server::record::ServerRecord;
use crate::session::live::Session;
use crate::session::{recovery, servers};
use crate::supervisor::control::{self, Request};
use crate::supervisor::recovery::unreadable;

/// Which servers of a session are to end.
pub enum Which {
    /// All that run.
    All,
    /// These.
    Named(Vec<ServerName>),
}

/// A server that was asked to end, if it could be.
pub struct Stopping {
    pub name: ServerName,
    paths: ServerPaths,
    asked: Result<Asked, Unstopped>,
}

enum Asked {
    AlreadyOver,
    Unreadable(anyhow::Error),
    Recorded(Box<ServerRecord>, Request),
}

/// Asks servers to end, all of them before one is waited for.
pub fn ask(root: &Root, session: &Session, which: Which) -> Vec<Stopping> {
    let paths = root.session(&session.record.id);
    let names = match which {
        Which::All => running(&paths),
        Which::Named(names) => names,
    };
    if names.iter().any(|name| !paths.server(name).record.is_there()) {
        recovery::rewrite_records(root, &session.record.id);
    }
    names.into_iter().map(|name| ask_one(&paths, name)).collect()
}

/// Asks one server to end.
pub fn ask_one(session: &SessionPaths, name: ServerName) -> Stopping {
    let paths = session.server(&name);
    let asked = request(&paths);
    Stopping { name, paths, asked }
}

fn request(paths: &ServerPaths) -> Result<Asked, Unstopped> {
    match recovered_record(paths) {
        Ok(None) => Err(Unstopped::NoSuchServer),
        Ok(Some(record)) if record.is_over() || record.is_stopped() => Ok(Asked::AlreadyOver),
        Ok(Some(record)) => {
            let request = control::ask_to_stop(paths, &record);
            Ok(Asked::Recorded(Box::new(record), request))
        }
        Err(error) => Ok(Asked::Unreadable(error)),
    }
}

/// A server's record. One that cannot be read is written again by the server's supervisor, if there is one.
pub fn recovered_record(paths: &ServerPaths) -> anyhow::Result<Option<ServerRecord>> {
    ServerRecord::read(paths).or_else(|_| {
        unreadable::rewrite_record(paths);
        ServerRecord::read(paths)
    })
}

fn running(session: &SessionPaths) -> Vec<ServerName> {
    let servers = servers::read(session).into_iter();
    servers.filter(|server| is_running(session, server)).map(|(name, _)| name).collect()
}

fn is_running(session: &SessionPaths, (name, record): &servers::NamedRecord) -> bool {
    match record {
        Ok(record) => !record.is_over() && !record.is_stopped(),
        Err(_) => lock::is_locked(&session.server(name).lock),
    }
}

impl Stopping {
    /// Waits until the server is over. What its watchers do not do in their time is done from here.
    pub fn wait(self, progress: &impl Progress) -> Result<Stopped, Unstopped> {
        let Self { name, paths, asked } = self;
        let unstopped = |error| Unstopped::Left { error, record: paths.record.clone() };
        match asked? {
            Asked::AlreadyOver => Ok(Stopped::NotRunning),
            Asked::Unreadable(error) => {
                match progress.during(Wait::Stop(&name), || unreadable::end(&paths)).map_err(unstopped)? {
                    0 => Err(Unstopped::Unreadable(error)),
                    _ => Ok(Stopped::Unreadable),
                }
            }
            Asked::Recorded(record, request) => {
                let ended = progress.during(Wait::Stop(&name), || control::await_end(&paths, &record, &request));
                ended.map(|ended| Stopped::of(&record, ended)).map_err(unstopped)
            }
        }
    }
}
