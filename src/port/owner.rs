//! Who has a port that cannot be had.

use crate::sys::listeners::{self, Listener};
use crate::sys::{process, users};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Taken {
    #[error("port {number} is in use by {by}")]
    InUse { number: u16, by: PortOwner },
    /// Another session has it; its server does not listen (yet).
    #[error("port {0} is kept for a server of another session")]
    Leased(u16),
    #[error("port {0} is held by another program, which does not listen there")]
    Held(u16),
    #[error("port {0} is for privileged programs")]
    Privileged(u16),
    #[error("all ports that the system hands out are taken")]
    NoneLeft,
}

/// Who listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortOwner {
    Process {
        name: String,
        pid: i32,
        /// The user who made the socket, if it is another one than ours.
        user: Option<User>,
    },
    /// One that cannot be seen: another user's.
    OtherUser(User),
    /// One that cannot be seen for another reason: it has more privileges, or lives in a container.
    Unseen,
}

/// A user, with the name that the password file has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: u32,
    pub name: Option<String>,
}

impl User {
    pub fn of(id: u32) -> Self {
        Self { id, name: users::name(id) }
    }
}

impl std::fmt::Display for User {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.id, &self.name) {
            (0, _) => out.write_str("root"),
            (id, Some(name)) => write!(out, "{name} (user {id})"),
            (id, None) => write!(out, "user {id}"),
        }
    }
}

impl std::fmt::Display for PortOwner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Process { name, pid, user: None } => write!(out, "{name}, pid {pid}"),
            Self::Process { name, pid, user: Some(user) } => write!(out, "{name}, pid {pid}, of {user}"),
            Self::OtherUser(user) => write!(out, "a process of {user}"),
            Self::Unseen => out.write_str("a process that cannot be seen"),
        }
    }
}

impl Taken {
    /// Who listens on `number`, if somebody does.
    pub fn by_listener(number: u16) -> Option<Self> {
        let listeners = listeners::on(number).ok()?;
        listeners.first().map(|listener| Self::InUse { number, by: PortOwner::of(listener) })
    }

    pub fn hint(&self) -> &'static str {
        match self {
            Self::InUse { .. } | Self::Held(_) => "end that program, or choose another port, or auto",
            Self::Leased(_) => "mcp-hook status --all shows who has it; or choose another one, or auto",
            Self::Privileged(_) => "choose one from 1024 up, or auto",
            Self::NoneLeft => "end what is not needed; ip_local_port_range in ip(7) says which ports there are",
        }
    }
}

impl PortOwner {
    /// Who has a socket, as far as that can be seen.
    pub fn of(listener: &Listener) -> Self {
        match process::all().find(|&pid| listener.is_of(pid).unwrap_or(false)) {
            Some(pid) => {
                let user = (!listener.is_ours()).then(|| User::of(listener.user));
                Self::Process { name: process::name(pid), pid: pid.as_raw(), user }
            }
            None if listener.is_ours() => Self::Unseen,
            None => Self::OtherUser(User::of(listener.user)),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn every_refusal_says_what_is_in_the_way() {
        let by = [
            PortOwner::Process { name: "node".into(), pid: 123, user: None },
            PortOwner::Process {
                name: "node".into(),
                pid: 123,
                user: Some(User { id: 1001, name: Some("eve".into()) }),
            },
            PortOwner::OtherUser(User::of(0)),
            PortOwner::OtherUser(User { id: 1001, name: None }),
            PortOwner::Unseen,
        ];
        let in_use = by.map(|by| Taken::InUse { number: 8000, by }.to_string()).join("\n");
        assert_snapshot!(in_use, @"
        port 8000 is in use by node, pid 123
        port 8000 is in use by node, pid 123, of eve (user 1001)
        port 8000 is in use by a process of root
        port 8000 is in use by a process of user 1001
        port 8000 is in use by a process that cannot be seen
        ");
        let others = [Taken::Leased(8000), Taken::Held(8000), Taken::Privileged(80), Taken::NoneLeft];
        assert_snapshot!(others.map(|taken| taken.to_string()).join("\n"), @"
        port 8000 is kept for a server of another session
        port 8000 is held by another program, which does not listen there
        port 80 is for privileged programs
        all ports that the system hands out are taken
        ");
    }
}
