//! Whether the server listens on its port, or somebody else does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use crate::server::holder::Holder;
use crate::server::usage::Usage;
use crate::sys::listeners::{self, Listener};
use crate::sys::{Pid, socket};

/// The first pause between two looks; each one is twice as long as the one before.
const FIRST: Duration = Duration::from_millis(10);
/// The longest pause.
const LONGEST: Duration = Duration::from_millis(100);
/// How long a connection to this machine may take. Nobody waits for one unless a server's queue is full.
const CONNECTS: Duration = Duration::from_millis(20);

/// What is remembered between two looks at a port.
#[derive(Debug)]
pub struct Looking {
    port: u16,
    pause: Duration,
    /// Not to be looked at before.
    due: Instant,
    /// Whom the last look found, if it was somebody else.
    stranger: Option<Listener>,
}

/// What a look at a port has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nobody accepts connections; look again after this time.
    Nobody(Duration),
    /// The server does.
    Server {
        /// Whether on more than the loopback interface.
        public: bool,
    },
    /// Somebody else listens.
    Stranger,
}

/// Whose a listening socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// A process of the tree has it.
    Ours,
    /// A process of the tree does not let itself be looked at: it may have it.
    Unclear,
    /// No process of the tree has it.
    Strangers,
}

impl Looking {
    /// Begins to look whether a server listens on `port`.
    #[must_use]
    pub fn at(port: u16, now: Instant) -> Self {
        Self { port, pause: FIRST, due: now, stranger: None }
    }

    /// Looks, if it is time to. `root` is the process below which the server's tree is.
    pub fn look(&mut self, root: Pid, now: Instant) -> Found {
        let left = self.due.saturating_duration_since(now);
        if !left.is_zero() {
            return Found::Nobody(left);
        }
        let again = self.pause;
        self.due = now + again;
        self.pause = (self.pause * 2).min(LONGEST);
        let Ok(listeners) = listeners::on(self.port) else { return self.knock() };
        // After the listeners, so that whoever listens is among them. The first that is found mostly is the one.
        let tree = if listeners.is_empty() { Vec::new() } else { Usage::below(root).pids };
        let whose: Vec<_> = listeners.into_iter().map(|listener| (listener, whose(&listener, &tree))).collect();
        let stranger = stranger(&whose);
        // Whoever has just been started may not have been seen yet, so that it takes two looks to be sure.
        if stranger.is_some() && self.stranger == stranger {
            return Found::Stranger;
        }
        self.stranger = stranger;
        match reach(&whose) {
            None => Found::Nobody(again),
            Some(public) => Found::Server { public },
        }
    }

    /// Where the system does not tell who listens, that somebody does has to do.
    fn knock(&self) -> Found {
        let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        if socket::accepts(&both.map(|address| SocketAddr::new(address, self.port)), CONNECTS) {
            Found::Server { public: false }
        } else {
            Found::Nobody(LONGEST)
        }
    }
}

/// Who listens on `port` now that nothing of the tree is left.
#[must_use]
pub fn anybody_on(port: u16) -> Option<Holder> {
    listeners::on(port).ok()?.first().map(Holder::of)
}

fn whose(listener: &Listener, tree: &[i32]) -> Whose {
    let mut whose = Whose::Strangers;
    for &pid in tree {
        match listener.is_of(Pid::from_raw(pid)) {
            Ok(true) => return Whose::Ours,
            Ok(false) => {}
            Err(_) => whose = Whose::Unclear,
        }
    }
    whose
}

/// A stranger among those who listen: clients could reach it instead of the server, even where both do.
fn stranger(listeners: &[(Listener, Whose)]) -> Option<Listener> {
    listeners.iter().find(|(_, whose)| *whose == Whose::Strangers).map(|(listener, _)| *listener)
}

/// Whether the server listens, and then whether on more than the loopback interface. That a socket listens is all it takes
/// for a connection to be accepted: the kernel does that. A connection of ours would only be one that the server has to
/// wonder about, and would keep the port of one that does not share it for a minute (`TIME_WAIT`).
fn reach(listeners: &[(Listener, Whose)]) -> Option<bool> {
    let is_public = |(listener, _): &(Listener, Whose)| !is_loopback(listener.address);
    (!listeners.is_empty() && stranger(listeners).is_none()).then(|| listeners.iter().any(is_public))
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::context;

    #[test]
    fn what_is_open_to_other_machines_is_told_from_what_is_not() {
        for (address, is_public) in [
            ("127.0.0.1", false),
            ("127.8.8.8", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("0.0.0.0", true),
            ("::", true),
            ("192.0.2.7", true),
            ("2001:db8::7", true),
            ("::ffff:192.0.2.7", true),
        ] {
            assert_eq!(!is_loopback(address.parse().expect("an address")), is_public, "{address}");
        }
    }

    #[test]
    fn somebody_who_is_not_of_the_tree_is_a_stranger_at_the_second_look() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a server");
        let now = context::now();
        // Not we: children of other tests have copies of our descriptors for a moment.
        let nobody = Pid::from_raw(i32::MAX);
        let mut looking = Looking::at(listener.local_addr().expect("bound").port(), now);
        assert_eq!(looking.look(nobody, now), Found::Nobody(FIRST));
        assert_eq!(looking.look(nobody, now + FIRST / 2), Found::Nobody(FIRST / 2), "too early");
        assert_eq!(looking.look(nobody, now + FIRST), Found::Stranger);
    }

    #[test]
    fn the_pauses_between_looks_grow_up_to_a_limit() {
        let unused = crate::sys::socket::BoundPort::any().expect("a port");
        let mut now = context::now();
        let mut looking = Looking::at(unused.number(), now);
        let mut look = || match looking.look(Pid::this(), now) {
            Found::Nobody(pause) => {
                now += pause;
                pause.as_millis()
            }
            other => panic!("{other:?}"),
        };
        let pauses: Vec<u128> = (0..6).map(|_| look()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 100, 100]);
    }
}
