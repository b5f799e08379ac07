//! How much time a server gets on each occasion: a pure table.

use std::time::Duration;

use crate::cleanup::pace::Pace;
use crate::server::record::{Mode, Reason};

/// The pace at which a tree is ended for `reason`. `grace` is what the user chose, if anything.
///
/// Where somebody waits for the server to end well (`stop`), it gets 3 s; where nobody does, all is over within 2 s:
/// a closed terminal is not to leave anything for long, and the MCP SDKs kill two seconds after closing the input.
#[must_use]
pub fn pace(reason: Reason, mode: Mode, grace: Option<Duration>) -> Pace {
    let (patience, default_grace, straggler) = match (mode, reason) {
        (_, Reason::KeeperLost | Reason::SupervisorLost | Reason::WatchersLost) => return Pace::AT_ONCE,
        (Mode::Start, Reason::Stopped | Reason::Restarted) => (0, 3000, 1000),
        (Mode::Run, Reason::ClientGone) => (1000, 500, 200),
        (Mode::Run, Reason::Exited) => (0, 500, 200),
        (_, Reason::SessionEnded | Reason::Exited) => (0, 1000, 400),
        (_, Reason::NotReady | Reason::OverMemory | Reason::PortTaken) => (0, 1000, 400),
        (_, Reason::Stopped | Reason::Restarted | Reason::ClientGone | Reason::ClientSignal) => (0, 1400, 300),
    };
    let millis = Duration::from_millis;
    Pace { patience: millis(patience), grace: grace.unwrap_or(millis(default_grace)), straggler: millis(straggler) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASONS: [Reason; 12] = [
        Reason::Exited,
        Reason::NotReady,
        Reason::OverMemory,
        Reason::PortTaken,
        Reason::Stopped,
        Reason::Restarted,
        Reason::SessionEnded,
        Reason::ClientGone,
        Reason::ClientSignal,
        Reason::KeeperLost,
        Reason::SupervisorLost,
        Reason::WatchersLost,
    ];

    fn until_killed(pace: Pace) -> Duration {
        pace.patience + pace.grace + pace.straggler
    }

    #[test]
    fn only_stop_and_restart_take_longer_than_two_seconds() {
        for mode in [Mode::Start, Mode::Run] {
            for reason in REASONS {
                let is_awaited = mode == Mode::Start && matches!(reason, Reason::Stopped | Reason::Restarted);
                let limit = Duration::from_secs(if is_awaited { 4 } else { 2 });
                assert!(until_killed(pace(reason, mode, None)) <= limit, "{mode:?} {reason:?}");
            }
        }
    }

    #[test]
    fn the_users_grace_time_holds_for_every_orderly_end() {
        let chosen = Duration::from_secs(7);
        for reason in REASONS {
            let is_emergency = matches!(reason, Reason::KeeperLost | Reason::SupervisorLost | Reason::WatchersLost);
            assert_eq!(pace(reason, Mode::Start, Some(chosen)).grace == chosen, !is_emergency, "{reason:?}");
        }
    }
}
