//! What a server's tree uses.

use std::collections::HashSet;
use std::time::Duration;

use crate::sys::Pid;
use crate::sys::{children, process};

/// The sums over a tree.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// The processes, in order of their numbers.
    pub pids: Vec<i32>,
    /// Processor time, that of ended processes included as far as their parents have waited for them.
    pub cpu: Duration,
    /// Resident memory in bytes. Pages that processes share are counted for each.
    pub memory: u64,
    pub threads: u64,
}

impl Usage {
    /// Adds up what the descendants of `root` use, `root` itself not included: a supervisor or a keeper.
    pub fn below(root: Pid) -> Self {
        Self::sum(children::of_first_thread(root))
    }

    /// The same with `root` included.
    pub fn of(root: Pid) -> Self {
        Self::sum(vec![root])
    }

    /// The same for several at once.
    pub fn of_all(roots: Vec<Pid>) -> Self {
        Self::sum(roots)
    }

    /// How many files processes have open now; a file that several have open counts for each.
    pub fn open_files(pids: &[i32]) -> u64 {
        pids.iter().filter_map(|&pid| process::open_files(Pid::from_raw(pid))).sum()
    }

    /// Memory in bytes where pages that processes share are divided among them, swapped ones included; `None` where one
    /// of the processes does not let that be seen.
    pub fn proportional(pids: &[i32]) -> Option<u64> {
        pids.iter().map(|&pid| process::proportional(Pid::from_raw(pid)).ok()).sum()
    }

    fn sum(mut queue: Vec<Pid>) -> Self {
        let mut usage = Self::default();
        let mut seen = HashSet::new();
        while let Some(pid) = queue.pop() {
            if !seen.insert(pid) {
                continue;
            }
            let Some(process) = process::read(pid).filter(|process| !process.zombie) else { continue };
            usage.pids.push(pid.as_raw());
            usage.cpu += process.cpu;
            usage.memory += process.resident;
            usage.threads += process.threads;
            let has_one_thread = process.threads == 1;
            queue.extend(if has_one_thread { children::of_first_thread(pid) } else { children::of(pid) });
        }
        usage.pids.sort_unstable();
        usage
    }
}
