//! What a tree shows of how far its server is: whether it waits for its input or for connections, or is still fetched.

use crate::server::launcher::{Launcher, Role};
use crate::sys::waits::{self, Input, Waiting};
use crate::sys::{Pid, children, process};

/// What a tree shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// A launcher has not run the server yet.
    Launching(Launcher),
    /// The server waits for its input, or for connections.
    Serves,
    /// It does nothing more by itself, and has not been seen to serve.
    Idle,
    /// It is at work.
    Busy,
    /// The system does not tell.
    Unknown,
}

/// What was seen of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub sight: Sight,
    /// Whether something runs that a launcher has run.
    pub is_launched: bool,
}

/// What was seen of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fact {
    /// The launcher that it is.
    launcher: Option<Launcher>,
    /// Whether a launcher has run it.
    is_launched: bool,
    waiting: Waiting,
    listens: Option<bool>,
}

/// Looks at the tree below `root`, of which the server's input is `input`; `None` if nothing of it is left, or nothing can
/// be told now.
pub fn look(root: Pid, input: Option<Input>) -> Option<Seen> {
    let mut facts = Vec::new();
    let first = children::of_first_thread(root);
    let mut queue: Vec<_> = first.iter().map(|&pid| (pid, None, false)).collect();
    while let Some((pid, above, is_launched)) = queue.pop() {
        if process::read(pid).is_none_or(|process| process.zombie) {
            // Who is told of a child's end has something to do.
            let told = Fact { launcher: None, is_launched, waiting: Waiting::Busy, listens: None };
            facts.extend((!first.contains(&pid)).then_some(told));
            continue;
        }
        let lifecycle = || process::variable(pid, "npm_lifecycle_event");
        let arguments = process::arguments(pid);
        let role = match arguments.as_slice() {
            _ if is_launched => Role::Program,
            // In the middle of execve(2): whether it becomes a launcher is not known yet.
            [] => return None,
            arguments => Role::of(arguments, above, lifecycle),
        };
        let (launcher, below, is_launched) = match role {
            Role::Helper => continue,
            Role::Launcher(launcher) => (Some(launcher), Some(launcher), false),
            Role::Program => (None, None, above.is_some() || is_launched),
        };
        facts.push(Fact { launcher, is_launched, waiting: waits::of(pid, input), listens: waits::listens(pid) });
        queue.extend(children::of(pid).into_iter().map(|child| (child, below, is_launched)));
    }
    let is_launched = facts.iter().any(|fact| fact.is_launched);
    (!facts.is_empty()).then(|| Seen { sight: judge(&facts), is_launched })
}

fn judge(facts: &[Fact]) -> Sight {
    let launcher = facts.iter().find_map(|fact| fact.launcher);
    let serves = |fact: &&Fact| match fact.launcher {
        // It hands on what comes in once there is a container to hand it to.
        Some(Launcher::Docker) => fact.waiting == Waiting::ForInput,
        Some(_) => false,
        None => fact.waiting == Waiting::ForInput || fact.listens == Some(true),
    };
    if facts.iter().any(|fact| serves(&fact)) {
        return Sight::Serves;
    }
    let counts = |fact: &&Fact| fact.launcher.is_none() && (launcher.is_none() || fact.is_launched);
    let has = |waiting| facts.iter().filter(counts).any(|fact| fact.waiting == waiting);
    match launcher {
        Some(launcher) if !facts.iter().any(|fact| counts(&fact)) => Sight::Launching(launcher),
        _ if has(Waiting::Unknown) => Sight::Unknown,
        _ if has(Waiting::Busy) => Sight::Busy,
        _ => Sight::Idle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launcher_counts_for_nothing_and_what_it_has_run_for_all() {
        use Waiting::{Busy, ForInput, Idle, Unknown};
        let fact = |launcher, is_launched, waiting| Fact { launcher, is_launched, waiting, listens: Some(false) };
        let program = |waiting| fact(None, false, waiting);
        let npm = fact(Some(Launcher::Npm), false, ForInput);
        let launched = |waiting| fact(None, true, waiting);
        let docker = |waiting| fact(Some(Launcher::Docker), false, waiting);
        for (facts, sight) in [
            (&[program(ForInput)][..], Sight::Serves),
            (&[program(Idle), program(ForInput)], Sight::Serves),
            (&[Fact { listens: Some(true), ..program(Busy) }], Sight::Serves),
            (&[program(Idle)], Sight::Idle),
            (&[program(Idle), program(Busy)], Sight::Busy),
            (&[program(Busy), program(Unknown)], Sight::Unknown),
            (&[npm], Sight::Launching(Launcher::Npm)),
            (&[program(Idle), npm], Sight::Launching(Launcher::Npm)),
            (&[program(Busy), npm, launched(Idle)], Sight::Idle),
            (&[npm, launched(Busy)], Sight::Busy),
            (&[npm, launched(Idle), launched(ForInput)], Sight::Serves),
            (&[docker(Busy)], Sight::Launching(Launcher::Docker)),
            (&[docker(ForInput)], Sight::Serves),
        ] {
            assert_eq!(judge(facts), sight, "{facts:?}");
        }
    }
}
