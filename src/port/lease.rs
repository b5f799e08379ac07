//! A port that a server has for itself, from before it is started until it is over.
//!
//! Two things make sure of it. The kernel gives a bound socket ([`BoundPort`]) to one process only, whoever it belongs
//! to, except while it is shared: from right before a server's start to its end. And a lock file per number tells the
//! sessions of one user whose it is while that socket is let go: a server that does not share (`SO_REUSEADDR`) cannot
//! have the port otherwise.

use std::io;

use anyhow::{Context, Result};
use nix::errno::Errno;

use super::owner::Taken;
use crate::disk::directory::Directory;
use crate::disk::lock_file::LockFile;
use crate::failure::hinted;
use crate::server::settings::PortChoice;
use crate::sys::socket::BoundPort;

/// How many free ports are tried that belong to other sessions.
const ATTEMPTS: usize = 64;

/// A port that belongs to one server.
#[derive(Debug)]
pub struct Lease {
    number: u16,
    directory: Directory,
    lock: LockFile,
    bound: Option<BoundPort>,
}

/// What came of taking one certain port.
enum Attempt {
    Leased(Lease),
    Taken(Taken),
}

impl Lease {
    /// Takes a port of the user's choice; `directory` holds the lock files, and numbers in `avoid` are passed over.
    pub fn take(directory: &Directory, choice: PortChoice, avoid: &[u16]) -> Result<Self> {
        match choice {
            PortChoice::Fixed(number) => match Self::exact(directory, number)? {
                Attempt::Leased(lease) => Ok(lease),
                Attempt::Taken(taken) => Err(hinted(&taken, taken.hint())),
            },
            PortChoice::Prefer(number) if !avoid.contains(&number) => match Self::exact(directory, number)? {
                Attempt::Leased(lease) => Ok(lease),
                Attempt::Taken(_) => Self::any(directory, avoid),
            },
            PortChoice::Prefer(_) | PortChoice::Auto => Self::any(directory, avoid),
        }
    }

    /// Takes another port instead of this one.
    pub fn exchange(self, choice: PortChoice, avoid: &[u16]) -> Result<Self> {
        let directory = self.directory.clone();
        self.give_back();
        Self::take(&directory, choice, avoid)
    }

    fn exact(directory: &Directory, number: u16) -> Result<Attempt> {
        let Some(lock) = LockFile::take(directory, number)? else {
            return Ok(Attempt::Taken(Taken::by_listener(number).unwrap_or(Taken::Leased(number))));
        };
        match BoundPort::exact(number) {
            Ok(bound) => Ok(Attempt::Leased(Self { number, directory: directory.clone(), lock, bound: Some(bound) })),
            Err(error) => {
                lock.give_back();
                match why(&error, number) {
                    Some(taken) => Ok(Attempt::Taken(taken)),
                    None => Err(error).with_context(|| format!("could not take port {number}")),
                }
            }
        }
    }

    fn any(directory: &Directory, avoid: &[u16]) -> Result<Self> {
        // What is not wanted is held until there is something better: the kernel would choose it again.
        let mut unwanted = Vec::new();
        while unwanted.len() < ATTEMPTS + avoid.len() {
            let bound = match BoundPort::any() {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => break,
                other => other.context("could not take a port")?,
            };
            let number = bound.number();
            if !avoid.contains(&number)
                && let Some(lock) = LockFile::take(directory, number)?
            {
                return Ok(Self { number, directory: directory.clone(), lock, bound: Some(bound) });
            }
            unwanted.push(bound);
        }
        Err(hinted(Taken::NoneLeft, Taken::NoneLeft.hint()))
    }

    pub fn number(&self) -> u16 {
        self.number
    }

    /// Lets go of the socket, so that a server that does not share the port can have it. The lock stays.
    pub fn let_go(&mut self) {
        self.bound = None;
    }

    /// Holds the socket so that no other process gets the port, and takes it again where it was let go. False if another
    /// process has it by now, which may be the server.
    pub fn hold(&mut self) -> bool {
        match &self.bound {
            Some(bound) => drop(bound.unshare()),
            None => self.bound = BoundPort::exact(self.number).ok(),
        }
        self.bound.is_some()
    }

    /// Holds the socket so that a server gets the port that shares it, as anybody else does who shares it.
    pub fn share(&mut self) {
        self.hold();
        let _ = self.bound.as_ref().map(BoundPort::share);
    }

    /// Gives the port back for others to have. One that is only dropped leaves its lock file, as [`LockFile`] tells.
    pub fn give_back(self) {
        self.lock.give_back();
    }
}

/// Why a port cannot be had now; `None` if it could. It is not kept.
pub fn taken(number: u16) -> Option<Taken> {
    BoundPort::exact(number).err().and_then(|error| why(&error, number))
}

fn why(error: &io::Error, number: u16) -> Option<Taken> {
    match error.raw_os_error().map(Errno::from_raw)? {
        Errno::EADDRINUSE | Errno::EADDRNOTAVAIL => Some(Taken::by_listener(number).unwrap_or(Taken::Held(number))),
        Errno::EACCES => Some(Taken::Privileged(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use insta::assert_snapshot;

    use super::super::owner::PortOwner;
    use super::*;
    use crate::disk::directory;
    use crate::failure::hint_of;

    fn files(directory: &Directory) -> usize {
        directory.names().expect("listed").len()
    }

    fn refusal(directory: &Directory, number: u16) -> String {
        let error = Lease::take(directory, PortChoice::Fixed(number), &[]).expect_err("taken");
        let hint = hint_of(&error).expect("a way out");
        format!("{error:#}\n{hint}").replace(&number.to_string(), "N").replace(&std::process::id().to_string(), "PID")
    }

    #[test]
    fn a_lease_is_nobody_elses_whether_its_socket_is_held_or_not() {
        let (_temporary, directory) = directory::temporary();
        let mut lease = Lease::take(&directory, PortChoice::Auto, &[]).expect("a port");
        let number = lease.number();
        for is_held in [true, false] {
            insta::allow_duplicates!(assert_snapshot!(refusal(&directory, number), @"
            port N is kept for a server of another session
            mcp-hook status --all shows who has it; or choose another one, or auto
            "));
            let other = Lease::take(&directory, PortChoice::Prefer(number), &[]).expect("another one");
            assert_ne!(other.number(), number, "while held: {is_held}");
            other.give_back();
            lease.let_go();
        }
        // A process that another test forks may have a copy of the socket for a moment.
        while !lease.hold() {
            std::thread::yield_now();
        }
        lease.give_back();
        assert_eq!(files(&directory), 0, "a lock file was left");
    }

    #[test]
    fn who_is_in_the_way_is_named() {
        let (_temporary, directory) = directory::temporary();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a server");
        let number = listener.local_addr().expect("bound").port();
        let taken = Taken::by_listener(number).expect("we listen");
        let Taken::InUse { by: PortOwner::Process { pid, .. }, .. } = taken else { panic!("we are seen as {taken:?}") };
        assert_eq!(pid.cast_unsigned(), std::process::id());
        assert!(refusal(&directory, number).starts_with("port N is in use by "));
        let bound = BoundPort::any().expect("a port");
        assert_snapshot!(refusal(&directory, bound.number()), @"
        port N is held by another program, which does not listen there
        end that program, or choose another port, or auto
        ");
        assert_eq!(files(&directory), 0, "a lock file was left");
    }

    #[test]
    fn what_is_to_be_avoided_is_never_taken() {
        let (_temporary, directory) = directory::temporary();
        let lease = Lease::take(&directory, PortChoice::Auto, &[]).expect("a port");
        let number = lease.number();
        let lease = lease.exchange(PortChoice::Prefer(number), &[number]).expect("another one");
        assert_ne!(lease.number(), number);
        assert_eq!(files(&directory), 1, "one lock for one port");
        lease.give_back();
    }

    #[test]
    fn many_at_once_get_a_port_each() {
        let (_temporary, directory) = directory::temporary();
        let take = || Lease::take(&directory, PortChoice::Auto, &[]).expect("a port");
        let leases: Vec<Lease> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..32).map(|_| scope.spawn(|| (0..4).map(|_| take()).collect::<Vec<_>>())).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("done")).collect()
        });
        let numbers: std::collections::BTreeSet<u16> = leases.iter().map(Lease::number).collect();
        assert_eq!(numbers.len(), 128);
        leases.into_iter().for_each(Lease::give_back);
        assert_eq!(files(&directory), 0);
    }
}
