//! Who listens on a port: not told here. That a connection is accepted has to do.

use std::io;
use std::net::IpAddr;

use nix::unistd::Pid;

use crate::context;

/// A socket that somebody listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Where it listens.
    pub address: IpAddr,
    pub user: u32,
}

pub fn on(_port: u16) -> io::Result<Vec<Listener>> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Listener {
    /// One of ours, as tests need it.
    #[cfg(test)]
    pub fn at(address: IpAddr) -> Self {
        Self { address, user: context::user() }
    }

    pub fn is_ours(&self) -> bool {
        self.user == context::user()
    }

    /// Whether `pid` has this socket.
    pub fn is_of(&self, _pid: Pid) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
