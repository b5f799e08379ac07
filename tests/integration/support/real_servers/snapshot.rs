//! What was seen alive, and the proof that it is gone.

use std::fs;

use super::{Server, World};
use crate::support::Process;
use crate::support::wait::Deadline;

/// Processes of a test with their command lines, taken while they were alive.
#[derive(Default)]
pub struct Snapshot(Vec<(Process, String)>);

impl Snapshot {
    /// Everything that runs with the test's home, and everything below `root`, without `root` itself.
    pub fn below(world: &World, root: Process) -> Self {
        let mut snapshot = Self::default();
        snapshot.add_below(world, root);
        snapshot
    }

    /// Adds what has appeared since, and looks again at what the others are called: a launcher changes its command line.
    pub fn add_below(&mut self, world: &World, root: Process) {
        for process in root.descendants().into_iter().chain(world.sandbox.survivors()) {
            let line = command_line(process);
            match self.0.iter_mut().find(|(known, _)| *known == process) {
                Some((_, known)) if !line.is_empty() => *known = line,
                None if process != root => self.0.push((process, line)),
                _ => {}
            }
        }
    }

    /// Whether the server itself has been seen.
    pub fn has(&self, server: Server) -> bool {
        self.0.iter().any(|(_, line)| is_server(line, server))
    }

    /// The server itself, behind its launchers.
    #[track_caller]
    pub fn server(&self, server: Server) -> Process {
        self.find("the server", |line| is_server(line, server))
    }

    /// `npm exec` or `uv`, after it has been shown that the tree is the real one: `npm exec`, below it `sh`, below it the
    /// server; or `uv`, below it the server.
    #[track_caller]
    pub fn launcher(&self, server: Server) -> Process {
        let parent = |process: Process| process.stat().expect("it is alive").parent;
        let process = self.server(server);
        if server == Server::Time {
            let uv = self.find("uv", |line| line.contains("uv tool uvx "));
            assert_eq!(parent(process), uv.pid, "{self}");
            return uv;
        }
        let npm = self.find("npm exec", |line| line.starts_with("npm exec "));
        let sh = self.find("sh", |line| line.starts_with("sh -c "));
        assert_eq!((parent(process), parent(sh)), (sh.pid, npm.pid), "{self}");
        npm
    }

    /// The keeper of the server `name`, whose parent is the client.
    #[track_caller]
    pub fn keeper(&self, name: &str) -> Process {
        self.find("the keeper", |line| line.starts_with("mcp-hook: keeper ") && line.ends_with(&format!(" {name}")))
    }

    /// The process that is called `line`, of which there has to be one.
    #[track_caller]
    fn find(&self, what: &str, line: impl Fn(&str) -> bool) -> Process {
        let found: Vec<_> = self.0.iter().filter(|(_, known)| line(known)).collect();
        assert!(found.len() == 1, "expected {what} once\n{self}");
        found[0].0
    }

    /// Waits until every one of them is gone and nothing that they started has stayed; `kept` may stay.
    #[track_caller]
    pub fn assert_gone(&self, world: &World, kept: &[Process]) {
        let deadline = Deadline::usual();
        let seen: Vec<_> = self.0.iter().map(|(process, _)| *process).collect();
        let mut left = seen;
        // What had been seen first; then whatever that has started meanwhile.
        while !left.is_empty() {
            for process in left.iter().filter(|process| !kept.contains(process)) {
                assert!(process.gone_by(deadline), "still alive: {process}\n{self}");
            }
            left = world.sandbox.survivors();
            left.retain(|process| !kept.contains(process));
        }
    }
}

impl std::fmt::Display for Snapshot {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "--- seen alive")?;
        self.0.iter().try_for_each(|(process, line)| writeln!(out, "{} {line}", process.pid))
    }
}

/// Launchers name the server too: it is the interpreter that runs it.
fn is_server(line: &str, server: Server) -> bool {
    let mut words = line.split(' ');
    let interpreter = words.next().unwrap_or_default();
    let script = words.next().unwrap_or_default();
    ["node", "python", "python3"].iter().any(|name| interpreter.rsplit('/').next() == Some(name))
        && script.rsplit('/').next() == Some(server.program())
}

fn command_line(process: Process) -> String {
    let line = fs::read(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
    String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ")
}
