//! What a supervisor tells the command that has started it: what it waits for, and that the server is ready.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::stall::Stall;
use super::watchers::WatcherHandles;
use crate::disk::layout::ServerPaths;
use crate::server::record::ServerRecord;
use crate::sys::poll::Poller;
use crate::sys::signals::Interrupts;
use crate::sys::{Pid, fd};

/// The end of the command that waits.
pub struct Announcement(File);

/// What ends an announcement: the server is ready.
const READY: &str = "ready";

/// The supervisor's end.
pub struct Announcer(File);

/// A new pipe.
pub fn new() -> io::Result<(Announcement, Announcer)> {
    let (reader, writer) = fd::pipe()?;
    Ok((Announcement(reader), Announcer(writer)))
}

impl Announcer {
    /// Says what the start waits for.
    pub fn tell(&mut self, text: &str) {
        let _ = self.0.write_all(format!("{text}\n").as_bytes());
    }

    /// Says that the server is ready.
    pub fn say_ready(mut self) {
        self.tell(READY);
    }
}

/// How the wait for a server came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It is ready.
    Ready,
    /// It is not going to be.
    NotReady,
    /// Nor is it to be: the client has left that it was run for.
    ClientLeft,
    /// Somebody does not want to wait any longer.
    Interrupted(Signal),
    /// Somebody keeps its supervisor from running.
    Stalled(Pid),
}

#[derive(PartialEq)]
enum Source {
    Said,
    Interrupt,
}

impl Announcement {
    /// Waits until the server is ready or is not going to be. Meanwhile `tell` gets what it waits for.
    pub fn wait(self, paths: &ServerPaths, tell: impl Fn(&str)) -> Waited {
        let mut interrupts = Interrupts::listen().ok();
        let mut stall = Stall::default();
        let mut said_lines = BufReader::new(self.0);
        loop {
            let mut poller = Poller::new(Some(LOOK_EVERY));
            poller.readable(Source::Said, said_lines.get_ref().as_fd());
            if let Some(interrupts) = &interrupts {
                poller.readable(Source::Interrupt, interrupts.as_poll_fd());
            }
            if poller.wait().contains(&Source::Said)
                && let Some(waited) = heard(&mut said_lines, &tell)
            {
                return waited;
            }
            if let Some(signal) = interrupts.as_mut().and_then(Interrupts::pending) {
                return Waited::Interrupted(signal);
            }
            let record = ServerRecord::read(paths).ok().flatten();
            if let Some(pid) = record.and_then(|record| stall.look(&WatcherHandles::of(&record))) {
                return Waited::Stalled(pid);
            }
        }
    }
}

/// Reads what the supervisor has said, in whole lines; whether that ends the wait.
fn heard(lines: &mut BufReader<File>, tell: impl Fn(&str)) -> Option<Waited> {
    loop {
        let mut line = String::new();
        match lines.read_line(&mut line) {
            Ok(length) if length > 0 && line.trim_end() == READY => return Some(Waited::Ready),
            Ok(length) if length > 0 => tell(line.trim_end()),
            _ => return Some(Waited::NotReady),
        }
        if lines.buffer().is_empty() {
            return None;
        }
    }
}

/// How often one looks whether the supervisor still runs.
const LOOK_EVERY: Duration = Duration::from_secs(1);
