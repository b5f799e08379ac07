//! What a server does while no answer comes, by a look at its tree.

use std::time::{Duration, Instant};

use super::life::Life;
use crate::mcp::check::doing::{Doing, Seen};
use crate::server::usage::Usage;
use crate::supervisor::signs::{self, Sight};
use crate::sys::waits::{self, Input, Outside, Waiting};
use crate::sys::{Pid, children, process};

/// How often one looks.
const EVERY: Duration = Duration::from_secs(1);

/// At how many looks in a row a server is found to compute that does nothing else.
const SPINNING: u32 = 3;

pub struct Activity {
    due: Instant,
    doing: Doing,
    /// Since when.
    since: Instant,
    /// At how many looks in a row it has computed.
    running: u32,
    said: Option<String>,
    /// Whether the launcher, if there is one, has run the server.
    pub is_launched: bool,
}

impl Activity {
    pub fn begin(now: Instant) -> Self {
        Self { due: now + EVERY, doing: Doing::Unknown, since: now, running: 0, said: None, is_launched: false }
    }

    pub fn due(&self) -> Instant {
        self.due
    }

    /// What was seen so far.
    pub fn seen(&self, life: &mut Life, now: Instant) -> Seen {
        let seconds = now.duration_since(self.since).as_secs();
        Seen { doing: self.doing, seconds, last_words: life.last_words() }
    }

    /// Looks, if it is time to; returns what is to be told of it if that is new, in words that follow "it".
    pub fn look(&mut self, life: &mut Life, now: Instant) -> Option<String> {
        if now < self.due {
            return None;
        }
        self.due = now + EVERY;
        let seen = signs::look(Pid::this(), life.stream)?;
        self.is_launched = !matches!(seen.sight, Sight::Launching(_));
        self.running = if any(&process::runs) { self.running + 1 } else { 0 };
        let doing = doing(seen.sight, life.stream, self.running);
        let said = life.last_words().pop();
        if doing == self.doing && said == self.said {
            return None;
        }
        if doing != self.doing {
            (self.doing, self.since) = (doing, now);
        }
        self.said = said;
        let said = self.said.as_ref().map(|line| format!(" │ {line}")).unwrap_or_default();
        self.doing.words().map(|words| words + &said)
    }
}

/// Whether anything of the server waits for connections.
pub fn listens() -> bool {
    any(&|pid| waits::listens(pid) == Some(true))
}

/// Whether it is so of any process of the server.
fn any(is_so: &dyn Fn(Pid) -> bool) -> bool {
    Usage::of_all(children::ours()).pids.into_iter().any(|pid| is_so(Pid::from_raw(pid)))
}

fn doing(sight: Sight, input: Option<Input>, running: u32) -> Doing {
    let waits_outside = |what| any(&|pid| waits::outside(pid) == Some(what));
    match sight {
        Sight::Launching(launcher) => Doing::Launching(launcher.name()),
        Sight::Serves if any(&|pid| waits::of(pid, input) == Waiting::ForInput) => Doing::ReadsInput,
        Sight::Serves => Doing::Listens,
        _ if waits_outside(Outside::Terminal) => Doing::Terminal,
        _ if waits_outside(Outside::Lock) => Doing::Lock,
        _ if waits_outside(Outside::Network) => Doing::Network,
        Sight::Idle => Doing::Idle,
        Sight::Busy if running >= SPINNING => Doing::Spins,
        Sight::Busy => Doing::Works,
        Sight::Unknown => Doing::Unknown,
    }
}
