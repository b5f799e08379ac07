//! What a server does while no answer comes, by a look at its tree.

use std::time::{Duration, Instant};

use crate::mcp::check::doing::Doing;
use crate::server::usage::Usage;
use crate::supervisor::signs::{self, Sight};
use crate::sys::waits::{self, Input, Outside, Waiting};
use crate::sys::{Pid, children};

/// How often one looks.
const EVERY: Duration = Duration::from_secs(1);

pub struct Activity {
    due: Instant,
    pub doing: Doing,
    /// Whether the launcher, if there is one, has run the server.
    pub is_launched: bool,
}

impl Activity {
    pub fn begin(now: Instant) -> Self {
        Self { due: now + EVERY, doing: Doing::Unknown, is_launched: false }
    }

    pub fn due(&self) -> Instant {
        self.due
    }

    /// Looks, if it is time to; true if something else is seen than before.
    pub fn look(&mut self, input: Option<Input>, now: Instant) -> bool {
        if now < self.due {
            return false;
        }
        self.due = now + EVERY;
        let Some(seen) = signs::look(Pid::this(), input) else { return false };
        self.is_launched = !matches!(seen.sight, Sight::Launching(_));
        let before = std::mem::replace(&mut self.doing, doing(seen.sight, input));
        before != self.doing
    }
}

fn doing(sight: Sight, input: Option<Input>) -> Doing {
    let any = |is_so: &dyn Fn(Pid) -> bool| {
        Usage::of_all(children::of(Pid::this())).pids.into_iter().any(|pid| is_so(Pid::from_raw(pid)))
    };
    let waits_outside = |what| any(&|pid| waits::outside(pid) == Some(what));
    match sight {
        Sight::Launching(launcher) => Doing::Launching(launcher.name()),
        Sight::Serves if any(&|pid| waits::of(pid, input) == Waiting::ForInput) => Doing::ReadsInput,
        Sight::Serves => Doing::Listens,
        _ if waits_outside(Outside::Lock) => Doing::Lock,
        _ if waits_outside(Outside::Network) => Doing::Network,
        Sight::Idle => Doing::Idle,
        Sight::Busy => Doing::Computes,
        Sight::Unknown => Doing::Unknown,
    }
}
