//! The safety nets that the kernel may offer.

use super::Finding;
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, children, mark, orphans};

const HINT: &str = "a newer kernel has it; a sandbox may forbid it";

/// What the kernel may help with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Net {
    /// Handles on processes that cannot come to mean others.
    Handles,
    /// Orphans are handed to the supervisor.
    Adoption,
    /// The kernel lists the children of a process.
    Children,
    /// Processes can carry a mark that they do not lose.
    Mark,
}

/// What this kernel does not help with, tried on this process only.
pub fn look() -> Vec<Net> {
    let has_handles = ProcessHandle::open(Pid::this()).is_some_and(|me| me.as_poll_fd().is_some());
    let all = [
        (Net::Handles, has_handles),
        (Net::Adoption, orphans::adopt().is_ok()),
        (Net::Children, children::are_listed()),
        (Net::Mark, mark::choose(0).is_some()),
    ];
    all.into_iter().filter(|(_, is_there)| !is_there).map(|(net, _)| net).collect()
}

/// What follows from what is missing: all is done without it too, but slower or with less certainty.
pub fn judge(missing: &[Net]) -> Vec<Finding> {
    if missing.is_empty() {
        return vec![Finding::good("kernel", "has all that is needed")];
    }
    missing.iter().map(|net| Finding::warning("kernel", net.without(), HINT)).collect()
}

impl Net {
    /// What is done without it.
    fn without(self) -> &'static str {
        match self {
            Self::Handles => "no handles on processes (pidfd): shells are looked at several times a second instead",
            Self::Adoption => "orphans cannot be adopted (subreaper): a daemon with an emptied environment may escape",
            Self::Children => "the kernel does not list children: all processes are searched instead",
            Self::Mark => "no mark (limit on file locks): what outlives both watchers is known by its environment only",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::findings::unpainted;

    #[test]
    fn what_is_missing_is_said_with_what_is_done_instead() {
        insta::assert_snapshot!(unpainted(&judge(&[])), @"✓ kernel       has all that is needed");
        let all = [Net::Handles, Net::Adoption, Net::Children, Net::Mark];
        insta::assert_snapshot!(unpainted(&judge(&all)), @r"
        ! kernel       no handles on processes (pidfd): shells are looked at several times a second instead
                       hint: a newer kernel has it; a sandbox may forbid it
        ! kernel       orphans cannot be adopted (subreaper): a daemon with an emptied environment may escape
                       hint: a newer kernel has it; a sandbox may forbid it
        ! kernel       the kernel does not list children: all processes are searched instead
                       hint: a newer kernel has it; a sandbox may forbid it
        ! kernel       no mark (limit on file locks): what outlives both watchers is known by its environment only
                       hint: a newer kernel has it; a sandbox may forbid it
        ");
    }
}
