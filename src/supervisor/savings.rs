//! What a launcher takes that has run a server, and what is saved by a start without it: measured once for each supervisor,
//! when the server has answered, or is ready if nobody sees its answers.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::plan::Plan;
use super::shortcut::{self, Origin};
use crate::server::launch_cost::LaunchCost;
use crate::server::launch_note::LaunchNote;
use crate::server::question::Question;
use crate::server::usage::Usage;
use crate::sys::{Pid, children, process};

/// Takes in that a server works which was started at `since`, in milliseconds since the epoch; if it was seen to answer, so
/// many milliseconds later. What is `aside` is not of its tree.
pub fn measure(plan: &mut Plan, since: u64, answer_ms: Option<u64>, aside: Option<Pid>) {
    let is_direct = plan.shortcut.direct.is_some();
    match (&mut plan.record.launch, answer_ms) {
        (Some(launch), Some(answer_ms)) if is_direct => launch.note_answer(answer_ms, &plan.shortcut.cost),
        (Some(_), _) if !is_direct => note_cost(plan, since, answer_ms, aside),
        _ => {}
    }
}

/// Remembers what the launcher takes.
fn note_cost(plan: &Plan, since: u64, answer_ms: Option<u64>, aside: Option<Pid>) {
    let Some(origin) = shortcut::origin(plan) else { return };
    let ours = children::ours().into_iter().filter(|&pid| Some(pid) != aside).collect();
    let tree = Usage::of_all(ours).pids;
    let found = tree.iter().find_map(|&pid| Some((pid, program(&origin, &process::arguments(Pid::from_raw(pid)))?)));
    let Some((server, program)) = found else { return };
    let of_server = Usage::of(Pid::from_raw(server)).pids;
    let launcher: Vec<i32> = tree.into_iter().filter(|pid| !of_server.contains(pid)).collect();
    let key = match origin {
        Origin::Npx(resolved) => Question::Npm(resolved.fetched).key(),
        Origin::Uvx(tool) => tool.key().clone(),
    };
    let note = LaunchNote::read(&key);
    let before = note.cost.as_ref().and_then(|cost| cost.answer_ms);
    let answer_ms = answer_ms.filter(|_| !is_newer(&program, since)).or(before);
    let cost = LaunchCost { processes: launcher.len(), memory: Usage::proportional(&launcher), answer_ms };
    // Else it is measured at the next start.
    let _ = LaunchNote { cost: Some(cost), ..note }.write(&key);
}

/// The server's program, if these are the arguments of a process that runs it.
fn program(origin: &Origin, arguments: &[u8]) -> Option<PathBuf> {
    match origin {
        Origin::Npx(resolved) => {
            let program = &resolved.direct.program;
            let is_it = |word: &[u8]| word == program.as_os_str().as_encoded_bytes();
            arguments.split(|&byte| byte == 0).any(is_it).then(|| program.clone())
        }
        Origin::Uvx(tool) => tool.program_of(arguments),
    }
}

/// Whether a file was made after this time: then the launcher has fetched it.
fn is_newer(file: &Path, since: u64) -> bool {
    let made = fs::symlink_metadata(file).map(|found| found.ctime()).unwrap_or_default();
    u64::try_from(made).is_ok_and(|made| made.saturating_mul(1000).saturating_add(999) >= since)
}
