//! A readiness probe: whether the server listens on its port, or somebody else does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use crate::server::usage::Usage;
use crate::sys::listeners::{self, Listener};
use crate::sys::{Pid, process, socket};

/// The first pause between two probes; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(100);
/// How long a connection to this machine may take. It is there at once unless the server's queue is full.
const CONNECTS: Duration = Duration::from_millis(20);

/// What is remembered between two probes of a port.
#[derive(Debug)]
pub struct PortProbe {
    port: u16,
    pause: Duration,
    /// When the next probe is due.
    due: Instant,
    until: Instant,
    /// Who listened at the last probe, if it was somebody else.
    foreign: Option<Listener>,
}

/// What a probe has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeResult {
    /// Nobody listens; probe again after this time.
    NotReady(Duration),
    Ready(ListenAddress),
    /// Somebody else listens.
    Foreign(Listener),
}

/// Where a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// The address for clients on this machine.
    pub address: IpAddr,
    /// Whether it listens on more than the loopback interface.
    pub public: bool,
}

/// Who has a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SocketOwner {
    /// A process of the tree.
    Tree,
    /// A process of the tree cannot be looked at: it may have it.
    Unknown,
    /// No process of the tree.
    Foreign,
}

impl PortProbe {
    /// A server should listen on `port` within `limit`.
    pub fn new(port: u16, now: Instant, limit: Duration) -> Self {
        Self { port, pause: FIRST, due: now, until: now + limit, foreign: None }
    }

    /// Whether the time to listen is over.
    pub fn is_over(&self, now: Instant) -> bool {
        now >= self.until
    }

    /// Probes the port, if a probe is due. `root` is the process below which the server's tree is.
    pub fn probe(&mut self, root: Pid, now: Instant) -> ProbeResult {
        let left = self.due.saturating_duration_since(now);
        if !left.is_zero() {
            return ProbeResult::NotReady(left);
        }
        let again = self.pause;
        self.due = now + again;
        self.pause = (self.pause * 2).min(LONGEST);
        let Ok(listeners) = listeners::on(self.port) else { return self.connect() };
        // Read after the listeners, so that every listening process is among them.
        let tree = if listeners.is_empty() { Vec::new() } else { Usage::below(root).pids };
        let owned: Vec<_> = listeners.into_iter().map(|listener| (listener, owner(&listener, &tree))).collect();
        let foreign = foreign(&owned);
        // A process that has just been started may not have been seen yet: it takes two probes to be sure.
        if let Some(listener) = foreign
            && self.foreign == foreign
        {
            return ProbeResult::Foreign(listener);
        }
        self.foreign = foreign;
        match self.reach(&owned) {
            None => ProbeResult::NotReady(again),
            Some(reach) => ProbeResult::Ready(reach),
        }
    }

    /// Where the system does not tell who listens, a connection that is accepted has to do.
    fn connect(&self) -> ProbeResult {
        let places = LOOPBACK.map(|address| SocketAddr::new(address, self.port));
        match socket::accepts(&places, CONNECTS) {
            Some(place) => ProbeResult::Ready(ListenAddress { address: place.ip(), public: false }),
            None => ProbeResult::NotReady(LONGEST),
        }
    }

    /// Where the server is reached, if it listens. No connection is made: the kernel accepts one as soon as the socket listens,
    /// the server would have to handle it, and it would keep the port for a minute (`TIME_WAIT`).
    fn reach(&self, listeners: &[(Listener, SocketOwner)]) -> Option<ListenAddress> {
        if foreign(listeners).is_some() {
            return None;
        }
        let takes = |address| socket::is_listened_on(SocketAddr::new(address, self.port));
        let bound: Vec<IpAddr> = listeners.iter().map(|(listener, _)| listener.address.to_canonical()).collect();
        let address = bound.iter().map(|&bound| reached(bound, takes)).min_by_key(|&address| rank(address))?;
        Some(ListenAddress { address, public: bound.iter().any(|address| !address.is_loopback()) })
    }
}

/// Who listens on `port` now that nothing of the tree is left: those of other users first.
pub fn listener_on(port: u16) -> Option<Listener> {
    listeners::on(port).ok()?.into_iter().min_by_key(Listener::is_ours)
}

fn owner(listener: &Listener, tree: &[i32]) -> SocketOwner {
    let mut owner = SocketOwner::Foreign;
    for pid in tree.iter().copied().map(Pid::from_raw) {
        match listener.is_of(pid) {
            Ok(true) => return SocketOwner::Tree,
            Ok(false) => {}
            // A socket belongs to the user of the process that made it.
            Err(_) if process::users(pid).contains(&listener.user) => owner = SocketOwner::Unknown,
            Err(_) => {}
        }
    }
    owner
}

/// Somebody else among those who listen: clients could reach them instead of the server.
fn foreign(listeners: &[(Listener, SocketOwner)]) -> Option<Listener> {
    listeners.iter().find(|(_, owner)| *owner == SocketOwner::Foreign).map(|(listener, _)| *listener)
}

/// The address by which clients reach a server that listens on `bound`. Whether a wildcard address of IPv6 takes IPv4 too
/// (`IPV6_V6ONLY`), `takes` tells.
fn reached(bound: IpAddr, takes: impl Fn(IpAddr) -> bool) -> IpAddr {
    match bound {
        IpAddr::V4(address) if address.is_unspecified() => LOOPBACK[0],
        IpAddr::V6(address) if address.is_unspecified() => {
            if takes(LOOPBACK[0]) {
                LOOPBACK[0]
            } else {
                LOOPBACK[1]
            }
        }
        other => other,
    }
}

/// The usual addresses first, then what stays on this machine.
fn rank(address: IpAddr) -> usize {
    LOOPBACK.iter().position(|&usual| usual == address).unwrap_or(if address.is_loopback() { 2 } else { 3 })
}

const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::context;

    #[test]
    fn a_wildcard_address_is_reached_on_this_machine_and_any_other_as_it_is() {
        for (bound, takes_v4, address) in [
            ("127.0.0.1", true, "127.0.0.1"),
            ("127.0.0.2", false, "127.0.0.2"),
            ("::1", false, "::1"),
            ("0.0.0.0", true, "127.0.0.1"),
            ("::", true, "127.0.0.1"),
            ("::", false, "::1"),
            ("192.0.2.7", false, "192.0.2.7"),
        ] {
            let [bound, address] = [bound, address].map(|text| text.parse::<IpAddr>().expect("an address"));
            assert_eq!(reached(bound, |_| takes_v4), address, "{bound}");
        }
    }

    #[test]
    fn of_several_addresses_the_usual_one_is_told_and_one_that_is_open_to_others_makes_it_public() {
        let probe = PortProbe::new(1, context::now(), LONGEST);
        for (addresses, address, public) in [
            (&["127.0.0.1"][..], "127.0.0.1", false),
            (&["::1", "127.0.0.1"], "127.0.0.1", false),
            (&["192.0.2.7", "127.8.8.8", "::1"], "::1", true),
            (&["192.0.2.7", "127.8.8.8"], "127.8.8.8", true),
            (&["::ffff:127.0.0.1"], "127.0.0.1", false),
            (&["::ffff:192.0.2.7"], "192.0.2.7", true),
            (&["0.0.0.0"], "127.0.0.1", true),
            (&["2001:db8::7"], "2001:db8::7", true),
        ] {
            let ours = |text: &&str| (Listener::at(text.parse().expect("an address")), SocketOwner::Tree);
            let listeners: Vec<_> = addresses.iter().map(ours).collect();
            let expected = ListenAddress { address: address.parse().expect("an address"), public };
            assert_eq!(probe.reach(&listeners), Some(expected), "{addresses:?}");
        }
        assert_eq!(probe.reach(&[]), None);
    }

    #[test]
    fn somebody_who_is_not_of_the_tree_is_a_stranger_at_the_second_look() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a server");
        let now = context::now();
        // Not we: children of other tests have copies of our descriptors for a moment.
        let nobody = Pid::from_raw(i32::MAX);
        let mut probe = PortProbe::new(listener.local_addr().expect("bound").port(), now, LONGEST);
        assert_eq!(probe.probe(nobody, now), ProbeResult::NotReady(FIRST));
        assert_eq!(probe.probe(nobody, now + FIRST / 2), ProbeResult::NotReady(FIRST / 2), "too early");
        let found = probe.probe(nobody, now + FIRST);
        assert!(matches!(found, ProbeResult::Foreign(found) if found.address == Ipv4Addr::LOCALHOST), "{found:?}");
    }

    #[test]
    fn the_pauses_between_looks_grow_up_to_a_limit() {
        let unused = crate::sys::socket::BoundPort::any().expect("a port");
        let mut now = context::now();
        let mut probe = PortProbe::new(unused.number(), now, LONGEST);
        let mut pause = || match probe.probe(Pid::this(), now) {
            ProbeResult::NotReady(pause) => {
                now += pause;
                pause.as_millis()
            }
            other => panic!("{other:?}"),
        };
        let pauses: Vec<u128> = (0..6).map(|_| pause()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 100, 100]);
    }
}
