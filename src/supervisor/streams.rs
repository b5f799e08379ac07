//! What a server prints, on its way to the log and to the client.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::client::Client;
use super::readiness::Readiness;
use crate::context;
use crate::log::{LineBuffer, LogWriter, Stream};
use crate::server::secrets::Secrets;
use crate::sys::fd;

/// How much is read at once, in bytes.
const CHUNK: usize = 16 << 10;

/// One of the server's output pipes.
pub struct OutputPipe {
    reader: Option<File>,
    stream: Stream,
    lines: LineBuffer,
}

impl OutputPipe {
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

    /// Reads once and hands on, whole lines to `readiness` too; true if there may be more.
    pub fn pump(
        &mut self,
        log: &mut LogWriter,
        client: Option<&mut Client>,
        readiness: Option<&mut Readiness>,
    ) -> bool {
        let mut chunk = [0; CHUNK];
        let Some(reader) = self.reader.as_mut() else { return false };
        match reader.read(&mut chunk) {
            Ok(0) => self.reader = None,
            Ok(length) => {
                if let Some(client) = client {
                    client.push(&chunk[..length]);
                }
                self.lines.push(&chunk[..length], context::wall_clock());
                if let Some(readiness) = readiness.filter(|readiness| readiness.reads()) {
                    self.lines.texts().for_each(|line| readiness.read(line));
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
    pub fn drain(&mut self, log: &mut LogWriter, mut client: Option<&mut Client>) {
        while self.pump(log, client.as_deref_mut(), None) {}
        self.lines.close(context::wall_clock());
        log.append(&mut self.lines);
    }
}
