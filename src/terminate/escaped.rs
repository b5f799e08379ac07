//! What had left the server's process group by the time it was ended: daemons, a multiplexer, a browser.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::sys::{Pid, process};

/// More are not told of.
const MOST: usize = 16;

/// A process outside of the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escaped {
    pub pid: i32,
    pub name: String,
}

/// The stragglers that were found so far, one for each group of theirs.
pub struct Outside {
    leader: Option<Pid>,
    groups: HashSet<Pid>,
    found: Vec<Escaped>,
}

impl Outside {
    /// Nothing was found yet outside of the group of `leader`; without one nothing ever is.
    pub fn of(leader: Option<Pid>) -> Self {
        Self { leader, groups: HashSet::new(), found: Vec::new() }
    }

    /// Looks at a child that was not known before.
    pub fn note(&mut self, pid: Pid) {
        let Some(leader) = self.leader.filter(|_| self.found.len() < MOST) else { return };
        let Some(it) = process::read(pid).filter(|it| it.group != leader && !it.zombie) else { return };
        if self.groups.insert(it.group) {
            let name = process::name(pid);
            self.found.push(Escaped { pid: pid.as_raw(), name });
        }
    }

    pub fn found(&self) -> &[Escaped] {
        &self.found
    }
}

impl std::fmt::Display for Escaped {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} (pid {})", self.name, self.pid)
    }
}
