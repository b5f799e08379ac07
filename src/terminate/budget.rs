//! How long the steps of an end may take. What a server is granted for each reason stands in `supervisor::stop_timeouts`.

use std::time::Duration;

/// From SIGKILL until a process of a tree counts as unkillable. It is gone within microseconds, unless it is in the kernel
/// and cannot be interrupted.
pub const SIGKILL: Duration = Duration::from_secs(1);
/// From SIGTERM to SIGKILL for a tree that lost one of its two watchers.
pub const WATCHER_LOST: Duration = Duration::from_millis(40);

/// From SIGTERM to SIGKILL for orphans. Shorter than for a server that somebody stops: nothing has watched over these for
/// an unknown time.
pub const ORPHANS: Duration = Duration::from_millis(500);
/// From the first SIGKILL until orphans count as unkillable: they may start others meanwhile.
pub const ORPHANS_SIGKILL: Duration = Duration::from_secs(2);
/// How often orphans are searched for meanwhile.
pub const ORPHANS_ROUND: Duration = Duration::from_millis(200);

/// From SIGTERM to SIGKILL, and from there to giving up, for the processes of foreign pid files.
pub const FOREIGN: Duration = Duration::from_secs(1);

/// How often, and with what pause, the descendants of an unkillable child are looked for.
pub const UNKILLABLE_ROUNDS: u32 = 20;
pub const UNKILLABLE_ROUND: Duration = Duration::from_millis(20);

/// How often a process is looked at whose end the kernel does not tell.
pub const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long an engine that does not answer is waited for.
pub const ENGINE: Duration = Duration::from_secs(5);
/// How much later than its grace time a container is killed by us, if its engine has not.
pub const ENGINE_SLACK: Duration = Duration::from_millis(250);
/// How long it takes until it is worth asking an engine again.
pub const ENGINE_PAUSE: Duration = Duration::from_millis(100);
/// How long an engine may take to make a container that nobody waits for any more.
pub const ENGINE_CREATION: Duration = Duration::from_secs(1);
