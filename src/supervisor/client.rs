//! The client of `run`: its ends of the server's streams. They outlive an instance of the server.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use super::client_link::ClientLink;
use super::connection::Connection;
use crate::context;
use crate::log::{LineBuffer, LogWriter, Stream};
use crate::server::record::ServerRecord;
use crate::server::secrets::Secrets;
use crate::sys::hangup::HangUp;
use crate::sys::poll::Poller;
use crate::sys::{fd, ready};
use crate::text;

/// How much is kept for a client that does not read its standard error, in bytes.
const LARGEST_QUEUE: usize = 256 << 10;
/// How long a server waits for such a client before what it prints is dropped (from the client's copy only).
const PATIENCE: Duration = Duration::from_millis(800);

/// The client's streams, as `run` was given them.
pub struct ClientStreams {
    pub input: OwnedFd,
    pub output: OwnedFd,
    pub error: OwnedFd,
}

pub struct Client {
    /// Its connection to the server, unless the server has its streams.
    pub link: Option<ClientLink>,
    /// What the server printed between its messages.
    stray: LineBuffer,
    /// Its end of the server's input, until it is closed. Nothing is read from it: the server has its own copy.
    input: Option<HangUp>,
    /// Its standard error, which must never hold up the server for long.
    error: OwnedFd,
    /// What it has not taken yet.
    queue: VecDeque<u8>,
    full_since: Option<Instant>,
}

impl Client {
    /// To be called in the process that waits for the input's hang-up ([`HangUp::of`]).
    pub fn new(input: OwnedFd, error: OwnedFd, secrets: Secrets) -> Self {
        let stray = LineBuffer::new(Stream::Out, secrets);
        Self { link: None, stray, input: HangUp::of(input).ok(), error, queue: VecDeque::new(), full_since: None }
    }

    /// Stands between its streams and its server from now on, unless the server is to have them itself.
    pub fn of(streams: ClientStreams, record: &ServerRecord, secrets: Secrets) -> Self {
        let ClientStreams { input, output, error } = streams;
        let relayed = input.try_clone().ok().filter(|_| record.settings.relay);
        let link = relayed.map(|input| ClientLink::new(Connection::new(record, input, output)));
        Self { link, ..Self::new(input, error, secrets) }
    }

    /// Its end of the server's input, until it has closed it.
    pub fn input(&self) -> Option<&HangUp> {
        self.input.as_ref()
    }

    /// Whether it has closed the server's input; true once.
    pub fn has_closed_input(&mut self) -> bool {
        self.input.take_if(|input| input.has_happened()).is_some()
    }

    /// Writable when it takes more; `None` if there is nothing to write.
    pub fn as_poll_fd(&self) -> Option<BorrowedFd<'_>> {
        if self.queue.is_empty() { None } else { Some(self.error.as_fd()) }
    }

    /// How long the server has to wait for it; `None` if the server may go on printing.
    pub fn catches_up_in(&self, now: Instant) -> Option<Duration> {
        let left = PATIENCE.saturating_sub(now.duration_since(self.full_since?));
        if left.is_zero() { None } else { Some(left) }
    }

    /// Hands it what the server has printed.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.queue.len() < LARGEST_QUEUE {
            self.queue.extend(bytes);
        }
        self.write();
        if self.queue.len() >= LARGEST_QUEUE {
            self.full_since.get_or_insert_with(context::now);
        }
    }

    /// Hands it, and the log, what the server printed between its messages.
    pub fn push_stray(&mut self, line: &[u8], log: &mut LogWriter) {
        self.push(line);
        self.stray.push(line, context::wall_clock());
        log.append(&mut self.stray);
    }

    /// Writes as much as can be written without waiting.
    pub fn write(&mut self) {
        while !self.queue.is_empty() && ready::is_writable(self.error.as_fd()) {
            let (front, _) = self.queue.as_slices();
            let part = &front[..front.len().min(fd::SAFE_WRITE)];
            match nix::unistd::write(&self.error, part) {
                Ok(written) => drop(self.queue.drain(..written)),
                Err(nix::errno::Errno::EINTR) => {}
                // The client has closed it: nobody will ever read this.
                Err(_) => self.queue.clear(),
            }
        }
        if self.queue.len() < LARGEST_QUEUE {
            self.full_since = None;
        }
    }

    /// Writes a message of our own, which is one line whatever is named in it.
    pub fn say(&mut self, text: &str) {
        self.push(format!("mcp-hook: {}\n", text::plain(text)).as_bytes());
    }

    /// Waits a moment for the client to take what is left.
    pub fn finish(&mut self) {
        let deadline = context::now() + PATIENCE;
        while context::now() < deadline {
            let Some(fd) = self.as_poll_fd() else { return };
            let mut poller = Poller::new(Some(deadline.saturating_duration_since(context::now())));
            poller.writable((), fd);
            if !poller.wait().is_empty() {
                self.write();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: usize = 16 << 10;

    #[test]
    fn a_client_that_does_not_read_holds_the_server_up_for_a_moment_only() {
        let (reader, writer) = fd::pipe().expect("a pipe");
        let (input, _open) = fd::pipe().expect("a pipe");
        let mut client = Client::new(input.into(), writer.into(), Secrets::new(&[]));
        let start = context::now();
        for _ in 0..100 {
            client.push(&[b'x'; CHUNK]);
        }
        assert!(client.catches_up_in(start).is_some(), "the server waits at first");
        assert!(client.catches_up_in(context::now() + PATIENCE).is_none(), "and then no longer");
        assert!(client.queue.len() < LARGEST_QUEUE + CHUNK, "the queue has an end");
        drop(reader);
        // Nobody will read it, once no process that another test forks has a copy of the reader.
        while !client.queue.is_empty() {
            client.write();
        }
    }
}
