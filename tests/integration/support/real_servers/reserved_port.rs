//! A port of a test's own.

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, getsockname, setsockopt, socket, sockopt};

use crate::support::port::is_listened_on;
use crate::support::wait;

/// A port that nobody else on this machine gets: it is bound, but not listened on, for as long as this lives. A server that
/// sets `SO_REUSEADDR`, as Node does, can have it all the same.
pub struct ReservedPort {
    number: u16,
    _bound: OwnedFd,
}

impl ReservedPort {
    pub fn reserve() -> Self {
        let bound = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
        setsockopt(&bound, sockopt::ReuseAddr, &true).unwrap();
        let any: SocketAddr = ([0, 0, 0, 0], 0).into();
        let SocketAddr::V4(any) = any else { unreachable!("it is an IPv4 address") };
        bind(bound.as_raw_fd(), &SockaddrIn::from(any)).unwrap();
        let number = getsockname::<SockaddrIn>(bound.as_raw_fd()).unwrap().port();
        Self { number, _bound: bound }
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    /// Waits until a server listens.
    #[track_caller]
    pub fn wait_listening(&self) {
        wait::until("a server listens on the port", || self.listening().then_some(()));
    }

    /// Whether any process listens on it, on whatever address.
    pub fn listening(&self) -> bool {
        is_listened_on(self.number)
    }
}
