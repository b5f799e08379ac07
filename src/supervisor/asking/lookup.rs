//! Looking up where a name leads. The system's call waits for name servers as long as it likes, so a thread makes it.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{self, Receiver};

use crate::sys::{background, fd};

/// What the libraries of name services may need, in bytes.
const STACK: usize = 1 << 20;

pub struct Lookup {
    /// Its end tells that the answer is there.
    done: File,
    answer: Receiver<io::Result<Vec<SocketAddr>>>,
}

impl Lookup {
    pub fn begin(host: &str, port: u16) -> io::Result<Self> {
        let host = host.to_owned();
        Self::of(move || Ok((host.as_str(), port).to_socket_addrs()?.collect()))
    }

    fn of(look: impl FnOnce() -> io::Result<Vec<SocketAddr>> + Send + 'static) -> io::Result<Self> {
        let (done, open) = fd::pipe()?;
        let (sender, answer) = mpsc::channel();
        // One that hangs ends with the process.
        background::spawn_with_stack(STACK, move || {
            let _ = sender.send(look());
            drop(open);
        })?;
        Ok(Self { done, answer })
    }

    /// Readable once the answer is there.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.done.as_fd()
    }

    pub fn answer(&self) -> Option<io::Result<Vec<SocketAddr>>> {
        self.answer.try_recv().ok()
    }
}

#[cfg(test)]
impl Lookup {
    /// One that is answered once the other end is used or dropped.
    pub fn held() -> (Self, mpsc::Sender<SocketAddr>) {
        let (sender, receiver) = mpsc::channel();
        let look = move || receiver.recv().map(|found| vec![found]).map_err(io::Error::other);
        (Self::of(look).expect("a thread"), sender)
    }
}
