//! A socket that somebody listens on.

use std::net::IpAddr;

use crate::context;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Where it listens; of a socket for both protocols, the IPv6 address.
    pub address: IpAddr,
    /// The user who made it.
    pub user: u32,
    /// Its inode, by which the descriptors of its holders are known.
    #[cfg(target_os = "linux")]
    pub(super) socket: u64,
}

impl Listener {
    pub fn is_ours(&self) -> bool {
        self.user == context::user()
    }

    /// One of ours, as tests need it.
    #[cfg(test)]
    pub fn at(address: IpAddr) -> Self {
        Self {
            address,
            user: context::user(),
            #[cfg(target_os = "linux")]
            socket: 0,
        }
    }
}
