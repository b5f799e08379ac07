//! Processes that mcp-hook did not start but was told of: a script that wrote its own pid to a file in `pids/ID/`.

use std::slice;
use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal;

use super::budget;
use super::orphans::wait_for_all;
use crate::context;
use crate::disk::directory::Directory;
use crate::disk::file::{self, Source};
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, process, stat};

/// A process named by a foreign pid file.
pub struct Foreign {
    /// The file's name without `.pid`.
    pub name: String,
    /// The process, proven to be the one that was meant.
    pub process: ProcessHandle,
}

/// The clock behind process starts counts in hundredths of a second, and is read a little later than the file's.
const CLOCK_SLACK: Duration = Duration::from_millis(50);

/// Whether the writer of a pid file can have meant this process: it started before the file was written and after the
/// session. Times count from boot.
fn is_plausible(started: Duration, written: Duration, session: Duration) -> bool {
    started <= written + CLOCK_SLACK && started + CLOCK_SLACK >= session
}

/// The processes that foreign pid files in `directory` name. `own` tells which files are ours: by
/// their name alone, before they are read, or with the pid in them. `session` is when the session began, since boot.
pub fn find(directory: &Directory, session: Duration, own: impl Fn(&str, Option<i32>) -> bool) -> Vec<Foreign> {
    let names = directory.names().unwrap_or_default();
    let names = names.iter().filter_map(|file| file.to_str()?.strip_suffix(".pid"));
    names.filter(|name| !own(name, None)).filter_map(|name| read(directory, name, session, &own)).collect()
}

fn read(
    directory: &Directory,
    name: &str,
    session: Duration,
    own: &impl Fn(&str, Option<i32>) -> bool,
) -> Option<Foreign> {
    let (content, found) = file::read_from(Source::Script, &directory.file(format!("{name}.pid"))).ok()??;
    let pid: i32 = std::str::from_utf8(&content).ok()?.trim().parse().ok()?;
    if pid <= 1 || own(name, Some(pid)) {
        return None;
    }
    let written = since_boot(stat::modified(&found))?;
    Some(Foreign { name: name.to_owned(), process: prove(Pid::from_raw(pid), written, session)? })
}

fn prove(pid: Pid, written: Duration, session: Duration) -> Option<ProcessHandle> {
    let handle = ProcessHandle::open(pid)?;
    let started = process::since_boot(handle.identity().start);
    let is_mine = process::user(pid) == Some(context::user()) && pid != Pid::this();
    (is_mine && is_plausible(started, written, session) && !handle.has_exited()).then_some(handle)
}

/// Ends what a script left: SIGTERM, a second, SIGKILL. Returns whether it is gone.
pub fn end(processes: &[Foreign]) -> bool {
    for foreign in processes {
        let _ = foreign.process.signal(Signal::SIGTERM);
        let _ = foreign.process.signal(Signal::SIGCONT);
    }
    let mut living: Vec<&Foreign> = processes.iter().collect();
    living.retain(|foreign| !wait_for_all(slice::from_ref(&foreign.process), budget::FOREIGN));
    for foreign in &living {
        let _ = foreign.process.signal(Signal::SIGKILL);
    }
    living.retain(|foreign| !wait_for_all(slice::from_ref(&foreign.process), budget::FOREIGN));
    living.is_empty()
}

/// A point in time counted from boot, as far as the wall clock was not set since. One in the future says nothing.
fn since_boot(time: SystemTime) -> Option<Duration> {
    let ago = (context::wall_clock() + CLOCK_SLACK).duration_since(time).ok()?;
    Some(context::uptime().saturating_sub(ago.saturating_sub(CLOCK_SLACK)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_the_session_that_is_older_than_the_file_is_believed() {
        let at = Duration::from_secs;
        assert!(is_plausible(at(20), at(21), at(10)));
        assert!(is_plausible(at(20), at(20), at(20)));
        assert!(!is_plausible(at(22), at(21), at(10)), "the number was used again after the file was written");
        assert!(!is_plausible(at(5), at(21), at(10)), "it was there before the session");
    }
}
