//! What a server prints, on its way to the log and to the client.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use super::readiness::Check;
use crate::context;
use crate::log::{LineBuffer, LogWriter, Stream};
use crate::server::secrets::Secrets;
use crate::sys::poll::Poller;
use crate::sys::{fd, ready};
use crate::text;

/// How much is read at once, in bytes.
const CHUNK: usize = 16 << 10;
/// How much is kept for a client that does not read its standard error, in bytes.
const LARGEST_QUEUE: usize = 256 << 10;
/// How long a server waits for such a client before what it prints is dropped (from the client's copy only).
const PATIENCE: Duration = Duration::from_millis(800);

/// One of the server's output pipes.
pub struct Pipe {
    reader: Option<File>,
    stream: Stream,
    lines: LineBuffer,
}

impl Pipe {
    /// Takes the reading end; what is read of it is logged without `secrets`.
    ///
    /// # Errors
    /// As `fcntl(2)`.
    pub fn new(reader: impl Into<OwnedFd>, stream: Stream, secrets: Secrets) -> io::Result<Self> {
        let reader = File::from(reader.into());
        fd::make_nonblocking(&reader)?;
        Ok(Self { reader: Some(reader), stream, lines: LineBuffer::new(stream, secrets) })
    }

    /// Readable when the server has printed something or closed its end; `None` after that.
    pub fn as_poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.reader.as_ref().map(AsFd::as_fd)
    }

    pub fn stream(&self) -> Stream {
        self.stream
    }

    /// Reads once and hands on, whole lines to `check` too; true if there may be more.
    pub fn pump(&mut self, log: &mut LogWriter, client: Option<&mut ClientError>, check: Option<&mut Check>) -> bool {
        let mut chunk = [0; CHUNK];
        let Some(reader) = self.reader.as_mut() else { return false };
        match reader.read(&mut chunk) {
            Ok(0) => self.reader = None,
            Ok(length) => {
                if let Some(client) = client {
                    client.push(&chunk[..length]);
                }
                self.lines.push(&chunk[..length], context::wall_clock());
                if let Some(check) = check.filter(|check| check.reads()) {
                    self.lines.texts().for_each(|line| check.read(line));
                }
                log.append(&mut self.lines);
                return true;
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => self.reader = None,
        }
        false
    }

    /// Reads what is there after the tree has ended. Does not wait for the end of input: an escaped process may hold
    /// the pipe for ever.
    pub fn drain(&mut self, log: &mut LogWriter, mut client: Option<&mut ClientError>) {
        while self.pump(log, client.as_deref_mut(), None) {}
        self.lines.close(context::wall_clock());
        log.append(&mut self.lines);
    }
}

/// The client's standard error, which must never hold up the server for long.
pub struct ClientError {
    stream: OwnedFd,
    queue: VecDeque<u8>,
    full_since: Option<Instant>,
}

impl ClientError {
    /// Takes the client's standard error.
    pub fn new(stream: OwnedFd) -> Self {
        Self { stream, queue: VecDeque::new(), full_since: None }
    }

    /// Whether the server may go on printing; if not, for how long not.
    ///
    /// # Errors
    /// Not yet: the time until it may.
    pub fn accepts(&self, now: Instant) -> Result<(), Duration> {
        match self.full_since {
            Some(since) => match PATIENCE.checked_sub(now.duration_since(since)) {
                Some(left) if !left.is_zero() => Err(left),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// Writable when the client takes more; `None` if there is nothing to write.
    pub fn as_poll_fd(&self) -> Option<BorrowedFd<'_>> {
        (!self.queue.is_empty()).then(|| self.stream.as_fd())
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.queue.len() < LARGEST_QUEUE {
            self.queue.extend(bytes);
        }
        self.write();
        if self.queue.len() >= LARGEST_QUEUE {
            self.full_since.get_or_insert_with(context::now);
        }
    }

    /// Writes as much as can be written without waiting.
    pub fn write(&mut self) {
        while !self.queue.is_empty() && ready::is_writable(self.stream.as_fd()) {
            let (front, _) = self.queue.as_slices();
            let part = &front[..front.len().min(fd::SAFE_WRITE)];
            match nix::unistd::write(&self.stream, part) {
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

    #[test]
    fn a_client_that_does_not_read_holds_the_server_up_for_a_moment_only() {
        let (reader, writer) = fd::pipe().expect("a pipe");
        let mut client = ClientError::new(writer.into());
        let start = context::now();
        for _ in 0..100 {
            client.push(&[b'x'; CHUNK]);
        }
        assert!(client.accepts(start).is_err(), "the server waits at first");
        assert!(client.accepts(context::now() + PATIENCE).is_ok(), "and then no longer");
        assert!(client.queue.len() < LARGEST_QUEUE + CHUNK, "the queue has an end");
        drop(reader);
        // Nobody will read it, once no process that another test forks has a copy of the reader.
        while !client.queue.is_empty() {
            client.write();
        }
    }
}
