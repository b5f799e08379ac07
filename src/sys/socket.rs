//! Holding a TCP port without listening on it.
//!
//! On Linux a socket that is bound to the wildcard address of both protocols and not listened on keeps its number from
//! everybody who lets the kernel choose (`bind(2)` to port 0, `connect(2)`) and, without `SO_REUSEADDR`, from everybody
//! who asks for it. Once it has that option, whoever has it, too, can have the number, of whatever user: the kernel asks
//! no uid. So the option is set only while a server is to have the port, and never before the bind: without it the kernel
//! grants the number to one socket only, so a bind that succeeds proves that nobody else has it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, SockaddrLike, SockaddrStorage, bind, getsockname,
    setsockopt, socket, sockopt,
};

/// Whether a server can have a port that we hold. Where it cannot, the port is let go before the server starts.
pub const CAN_BE_SHARED: bool = cfg!(target_os = "linux");

/// An address that nobody's connections use. While connections of an earlier server are in the way of a bind to all
/// addresses (`TIME_WAIT`), a bind to this one fails only if somebody holds the number on all addresses.
const FENCE: Ipv4Addr = Ipv4Addr::new(127, 77, 67, 80);

/// A TCP port on all addresses that nobody else is given.
#[derive(Debug)]
pub struct BoundPort {
    number: u16,
    socket: OwnedFd,
}

impl BoundPort {
    /// A port that the kernel chooses (`ip_local_port_range` in `ip(7)`).
    ///
    /// # Errors
    /// As `bind(2)`; `EADDRINUSE` when all are taken.
    pub fn any() -> io::Result<Self> {
        let socket = bind_everywhere(0, false)?;
        let address: SockaddrStorage = getsockname(socket.as_raw_fd())?;
        let number = address
            .as_sockaddr_in6()
            .map(SockaddrIn6::port)
            .or_else(|| address.as_sockaddr_in().map(SockaddrIn::port))
            .ok_or(io::ErrorKind::Unsupported)?;
        Ok(Self { number, socket })
    }

    /// This port, if nobody listens on it or holds it. Connections that an earlier server has left behind
    /// (`TIME_WAIT`) do not count, if that server had set `SO_REUSEADDR`.
    ///
    /// # Errors
    /// As `bind(2)`: `EADDRINUSE` when it is taken, `EACCES` when it is privileged.
    pub fn exact(number: u16) -> io::Result<Self> {
        let socket = match bind_everywhere(number, false) {
            Err(Errno::EADDRINUSE) => bind_beside_connections(number)?,
            other => other?,
        };
        let port = Self { number, socket };
        port.unshare()?;
        Ok(port)
    }

    /// Shares the port with everybody who sets `SO_REUSEADDR`.
    pub fn share(&self) -> io::Result<()> {
        Ok(setsockopt(&self.socket, sockopt::ReuseAddr, &true)?)
    }

    /// Shares it with nobody else from now on.
    pub fn unshare(&self) -> io::Result<()> {
        Ok(setsockopt(&self.socket, sockopt::ReuseAddr, &false)?)
    }

    pub fn number(&self) -> u16 {
        self.number
    }
}

/// Binds with `SO_REUSEADDR` from the start. That succeeds even where another socket with that option has the number, so the
/// fence is bound first, without it.
fn bind_beside_connections(number: u16) -> nix::Result<OwnedFd> {
    let fence = new_socket(AddressFamily::Inet)?;
    bind(fence.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(FENCE, number)))?;
    share(&fence)?;
    bind_everywhere(number, true)
}

/// A socket that is bound to all addresses of both protocols; of IPv4 alone where there is no other.
fn bind_everywhere(number: u16, shared: bool) -> nix::Result<OwnedFd> {
    let all = SockaddrIn6::from(SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, number, 0, 0));
    match bind_to(AddressFamily::Inet6, &all, shared) {
        Err(Errno::EAFNOSUPPORT | Errno::EADDRNOTAVAIL) => {
            let all = SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, number));
            bind_to(AddressFamily::Inet, &all, shared)
        }
        other => other,
    }
}

fn bind_to(family: AddressFamily, address: &dyn SockaddrLike, shared: bool) -> nix::Result<OwnedFd> {
    let socket = new_socket(family)?;
    if family == AddressFamily::Inet6 {
        setsockopt(&socket, sockopt::Ipv6V6Only, &false)?;
    }
    if shared {
        share(&socket)?;
    }
    bind(socket.as_raw_fd(), address)?;
    Ok(socket)
}

fn share(socket: &OwnedFd) -> nix::Result<()> {
    setsockopt(socket, sockopt::ReuseAddr, &true)
}

#[cfg(target_os = "linux")]
fn new_socket(family: AddressFamily) -> nix::Result<OwnedFd> {
    socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)
}

#[cfg(not(target_os = "linux"))]
fn new_socket(family: AddressFamily) -> nix::Result<OwnedFd> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    let socket = socket(family, SockType::Stream, SockFlag::empty(), None)?;
    fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(socket)
}

/// Whether connections to `address` would reach a listener, be it one on the wildcard address. Asked by a bind, not by a
/// connection: the kernel gives nobody an address that is listened on.
pub fn is_listened_on(address: SocketAddr) -> bool {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    bind_to(family, &SockaddrStorage::from(address), true).err() == Some(Errno::EADDRINUSE)
}

/// A connection to `address` that may still be being made, and that is never waited for: what it cannot do at once fails
/// with `EAGAIN`.
///
/// # Errors
/// As `connect(2)`.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = new_socket(if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 })?;
    super::fd::make_nonblocking(&socket)?;
    match nix::sys::socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(address)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(TcpStream::from(socket)),
        Err(error) => Err(error.into()),
    }
}

/// The first of `addresses` at which a connection is accepted within `limit`.
pub fn accepts(addresses: &[SocketAddr], limit: Duration) -> Option<SocketAddr> {
    addresses.iter().find(|address| TcpStream::connect_timeout(address, limit).is_ok()).copied()
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{Shutdown, TcpListener};

    use nix::sys::socket::{Backlog, listen};

    use super::super::listeners;
    use super::*;

    /// What a server does: bind one address, with `SO_REUSEADDR` or without, and listen there.
    fn serve(address: SocketAddr, shared: bool) -> nix::Result<OwnedFd> {
        let socket = new_socket(if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 })?;
        if shared {
            share(&socket)?;
        }
        bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
        listen(&socket, Backlog::new(5)?)?;
        Ok(socket)
    }

    fn addresses(port: u16) -> [SocketAddr; 4] {
        ["127.0.0.1", "0.0.0.0", "::1", "::"].map(|text| (text.parse::<std::net::IpAddr>().expect("one"), port).into())
    }

    #[test]
    fn a_held_port_is_closed_to_all_and_open_to_servers_that_share_only_while_it_is_shared() {
        let held = BoundPort::any().expect("a port");
        for address in addresses(held.number()) {
            assert!(serve(address, true).is_err(), "{address}: not yet");
            held.share().expect("shared");
            assert!(serve(address, false).is_err(), "{address}");
            assert!(BoundPort::exact(held.number()).is_err(), "nobody else holds it");
            if CAN_BE_SHARED {
                let server = serve(address, true).unwrap_or_else(|error| panic!("{address}: {error}"));
                assert!(BoundPort::exact(held.number()).is_err(), "somebody listens on {address}");
                held.unshare().expect("unshared");
                for other in addresses(held.number()) {
                    assert!(serve(other, true).is_err(), "{other} beside {address}");
                }
                assert!(is_listened_on(address), "{address}");
                drop(server);
                // A process that another test forks may have a copy for a moment.
                while !listeners::on(held.number()).expect("a table").is_empty() {
                    std::thread::yield_now();
                }
            }
            held.unshare().expect("unshared");
            assert!(serve(address, true).is_err(), "{address}: no more");
        }
        let number = held.number();
        drop(held);
        // A process that another test forks may have a copy for a moment.
        while serve(addresses(number)[3], false).is_err() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_port_that_somebody_listens_on_is_refused_whatever_the_address() {
        for address in addresses(0) {
            let server = serve(address, true).expect("a server");
            let bound: SockaddrStorage = getsockname(server.as_raw_fd()).expect("its address");
            let number =
                bound.as_sockaddr_in().map(SockaddrIn::port).or(bound.as_sockaddr_in6().map(SockaddrIn6::port));
            let error = BoundPort::exact(number.expect("a port")).expect_err("taken");
            assert_eq!(error.raw_os_error(), Some(Errno::EADDRINUSE as i32), "{address}");
        }
    }

    #[test]
    fn connections_that_are_being_forgotten_are_in_nobodys_way_but_one_holder_is() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a server with SO_REUSEADDR");
        let address = listener.local_addr().expect("bound");
        let client = TcpStream::connect(address).expect("connected");
        let (connection, _) = listener.accept().expect("accepted");
        // Who closes first keeps the connection in mind for a minute.
        connection.shutdown(Shutdown::Both).expect("closed");
        (&client).read_to_end(&mut Vec::new()).expect("the end");
        client.shutdown(Shutdown::Both).expect("closed");
        drop(listener);
        assert!(bind_everywhere(address.port(), false).is_err(), "TIME_WAIT was not brought about");
        let held = loop {
            match BoundPort::exact(address.port()) {
                Ok(held) => break held,
                // As above: a copy of the listener.
                Err(_) => std::thread::yield_now(),
            }
        };
        assert!(BoundPort::exact(address.port()).is_err(), "a second one has it, too");
        assert!(serve(address, true).is_err(), "somebody else has it, too");
        held.share().expect("shared");
        serve(address, true).expect("a server can have it");
        drop(held);
    }

    #[test]
    fn a_port_accepts_where_somebody_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a server");
        let address = listener.local_addr().expect("bound");
        assert_eq!(accepts(&[address], Duration::from_secs(5)), Some(address));
        drop(listener);
        while accepts(&[address], Duration::from_secs(5)).is_some() {
            std::thread::yield_now();
        }
    }
}
