//! How much time a server gets on each occasion: a pure table.

use std::time::Duration;

use crate::server::end::Reason;
use crate::server::record::Mode;
use crate::terminate::stages::StopTimeouts;

/// The longest grace time where nobody waits for the end: what outlives its session is not to do so for long.
const LONGEST_ALONE: Duration = Duration::from_secs(30);

/// How long the stages of an end take for `reason`. `grace` is what the user chose, if anything.
///
/// Where somebody waits for the server to end well (`stop`), it gets 3 s; where nobody does, all is over within 2 s:
/// a closed terminal is not to leave anything for long, and the MCP SDKs kill two seconds after closing the input.
pub fn stop_timeouts(reason: Reason, mode: Mode, grace: Option<Duration>) -> StopTimeouts {
    let (before_sigterm, default_grace, final_sigterm) = match (mode, reason) {
        (_, Reason::KeeperLost | Reason::SupervisorLost | Reason::WatchersLost) => return StopTimeouts::AT_ONCE,
        (Mode::Start, Reason::Stopped | Reason::Restarted) => (0, 3000, 1000),
        (Mode::Run, Reason::ClientGone) => (1000, 500, 200),
        (Mode::Run, Reason::Exited) => (0, 500, 200),
        (_, Reason::SessionEnded | Reason::Exited) => (0, 1000, 400),
        (_, Reason::NotReady | Reason::OverMemory | Reason::PortTaken) => (0, 1000, 400),
        (_, Reason::Unusable | Reason::Unhealthy) => (0, 1000, 400),
        (_, Reason::Stopped | Reason::Restarted | Reason::ClientGone | Reason::ClientSignal) => (0, 1400, 300),
        (_, Reason::FileChanged | Reason::Idle) => (0, 1400, 300),
    };
    let millis = Duration::from_millis;
    let longest = if is_awaited(reason) { Duration::MAX } else { LONGEST_ALONE };
    let stop = grace.unwrap_or(millis(default_grace)).min(longest);
    StopTimeouts { before_sigterm: millis(before_sigterm), stop, final_sigterm: millis(final_sigterm) }
}

/// Whether somebody waits for an end for this reason, and may tire of it: `stop` and `restart`.
fn is_awaited(reason: Reason) -> bool {
    matches!(reason, Reason::Stopped | Reason::Restarted)
}

/// How long a supervisor that has to end its server for `reason` may take until it is known whether it does so at all.
pub fn longest_unheard(reason: Reason, mode: Mode, grace: Option<Duration>) -> Duration {
    stop_timeouts(reason, mode, grace.map(|grace| grace.min(LONGEST_ALONE))).longest()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASONS: [Reason; 16] = [
        Reason::Exited,
        Reason::NotReady,
        Reason::OverMemory,
        Reason::PortTaken,
        Reason::Unusable,
        Reason::Unhealthy,
        Reason::Stopped,
        Reason::Restarted,
        Reason::FileChanged,
        Reason::Idle,
        Reason::SessionEnded,
        Reason::ClientGone,
        Reason::ClientSignal,
        Reason::KeeperLost,
        Reason::SupervisorLost,
        Reason::WatchersLost,
    ];

    fn until_killed(timeouts: StopTimeouts) -> Duration {
        timeouts.before_sigterm + timeouts.stop + timeouts.final_sigterm
    }

    #[test]
    fn only_stop_and_restart_take_longer_than_two_seconds() {
        for mode in [Mode::Start, Mode::Run] {
            for reason in REASONS {
                let is_awaited = mode == Mode::Start && matches!(reason, Reason::Stopped | Reason::Restarted);
                let limit = Duration::from_secs(if is_awaited { 4 } else { 2 });
                assert!(until_killed(stop_timeouts(reason, mode, None)) <= limit, "{mode:?} {reason:?}");
            }
        }
    }

    #[test]
    fn the_users_grace_time_holds_for_every_orderly_end() {
        let chosen = Duration::from_secs(7);
        for reason in REASONS {
            let is_emergency = matches!(reason, Reason::KeeperLost | Reason::SupervisorLost | Reason::WatchersLost);
            assert_eq!(stop_timeouts(reason, Mode::Start, Some(chosen)).stop == chosen, !is_emergency, "{reason:?}");
        }
    }

    #[test]
    fn a_grace_time_of_hours_holds_only_where_somebody_waits_for_the_end() {
        let chosen = Duration::from_hours(23);
        for mode in [Mode::Start, Mode::Run] {
            for reason in REASONS {
                let is_awaited = matches!(reason, Reason::Stopped | Reason::Restarted);
                let grace = stop_timeouts(reason, mode, Some(chosen)).stop;
                let is_right = if is_awaited { grace == chosen } else { grace <= Duration::from_secs(30) };
                assert!(is_right, "{mode:?} {reason:?}: {grace:?}");
                assert!(longest_unheard(reason, mode, Some(chosen)) <= Duration::from_secs(33), "{mode:?} {reason:?}");
            }
        }
    }
}
