//! Processes of the tree that had left the server's process group by the time it was ended: daemons, a multiplexer, a
//! browser.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sys::{Pid, process};

/// How many are recorded.
const MOST: usize = 16;

/// One process of each group that has escaped, as records keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscapedProcess {
    pub pid: i32,
    pub name: String,
}

/// Those that were found so far.
pub struct EscapedProcesses {
    leader: Option<Pid>,
    groups: HashSet<Pid>,
    found: Vec<EscapedProcess>,
}

impl EscapedProcesses {
    /// None yet outside of the group of `leader`; without a leader there never are any.
    pub fn of(leader: Option<Pid>) -> Self {
        Self { leader, groups: HashSet::new(), found: Vec::new() }
    }

    /// Looks at a child that was not known before.
    pub fn note(&mut self, pid: Pid) {
        let Some(leader) = self.leader.filter(|_| self.found.len() < MOST) else { return };
        let Some(process) = process::read(pid).filter(|it| it.group != leader && !it.zombie) else { return };
        if self.groups.insert(process.group) {
            self.found.push(EscapedProcess { pid: pid.as_raw(), name: process::name(pid) });
        }
    }

    pub fn found(&self) -> &[EscapedProcess] {
        &self.found
    }
}

impl fmt::Display for EscapedProcess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (pid {})", self.name, self.pid)
    }
}
