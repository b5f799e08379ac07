//! A session without a terminal: a shell that opens it and waits, and `mcp-hook` called from outside for it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{Output, Process, Sandbox, Tree, Watchers};

/// What the owner does: `read` keeps the shell itself alive until its input ends.
const SCRIPT: &str = r#"eval "$(mcp-hook open)"; printf '%s\n' "$MCP_SESSION_ID"; read line"#;

/// A session and its owner.
pub struct BackgroundSession<'s> {
    sandbox: &'s Sandbox,
    child: Child,
    pub shell: Process,
    pub id: String,
}

impl<'s> BackgroundSession<'s> {
    /// Opens a session.
    #[track_caller]
    pub fn open(sandbox: &'s Sandbox) -> Self {
        let mut command = sandbox.command("sh");
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let shell = Process::with_pid(child.id().cast_signed()).expect("the shell runs");
        let mut id = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut id).unwrap();
        assert!(!id.trim().is_empty(), "no session was opened");
        Self { sandbox, child, shell, id: id.trim().to_owned() }
    }

    /// `mcp-hook VERB --session ID ARGUMENTS`.
    pub fn hook(&self, verb: &str, arguments: &[&str]) -> Output {
        self.sandbox.hook([verb, "--session", &self.id].iter().chain(arguments))
    }

    /// The arguments that start `command` as `name`.
    pub fn start_arguments(&self, options: &[&str], name: &str, command: &[String]) -> Vec<String> {
        let head = ["start", "--session", &self.id].into_iter().chain(options.iter().copied()).chain([name, "--"]);
        head.map(str::to_owned).chain(command.iter().cloned()).collect()
    }

    /// Starts `command` as `name`.
    pub fn start(&self, options: &[&str], name: &str, command: &[String]) -> Output {
        self.sandbox.hook(self.start_arguments(options, name, command))
    }

    /// Starts the nasty tree under the tree's name and waits until all of it is there.
    #[track_caller]
    pub fn start_nasty(&self, name: &str) -> (Tree<'s>, Watchers) {
        let mut tree = Tree::new(self.sandbox, name);
        self.start(&["--no-wait", "--grace", "300ms"], name, &tree.nasty_command()).ok();
        tree.wait_nasty();
        let watchers = Watchers::above(tree.member("leader").process);
        (tree, watchers)
    }

    /// `pids/ID/FILE`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.sandbox.runtime().join("pids").join(&self.id).join(name)
    }

    /// The record of a server as it is on disk, `None` if there is none.
    #[track_caller]
    pub fn record(&self, name: &str) -> Option<Value> {
        let text = fs::read(self.file(&format!("{name}.json"))).ok()?;
        Some(
            serde_json::from_slice(&text)
                .unwrap_or_else(|error| panic!("the record of {name} is half written: {error}")),
        )
    }

    /// `state.is` of a record.
    #[track_caller]
    pub fn state(&self, name: &str) -> Option<String> {
        self.record(name)?["state"]["is"].as_str().map(str::to_owned)
    }

    /// Whether somebody answers for the server.
    pub fn is_locked(&self, name: &str) -> bool {
        File::open(self.file(&format!("{name}.lock"))).is_ok_and(|file| file.try_lock().is_err())
    }

    /// Waits until nothing of the server is left, watchers included, and returns the final state in its record.
    #[track_caller]
    pub fn assert_over(&self, tree: &Tree, name: &str) -> Value {
        tree.assert_gone();
        self.assert_only_shell_left();
        assert!(!self.is_locked(name), "the lock is held");
        let record = self.record(name).expect("a record");
        assert_eq!(record["state"]["is"], "ended", "{record}");
        record["state"].clone()
    }

    /// Waits until the shell is the only process of the sandbox.
    #[track_caller]
    pub fn assert_only_shell_left(&self) {
        self.sandbox.assert_clean_but(&[self.shell]);
    }

    /// Ends the owner, as nothing that it could prepare for.
    pub fn kill_shell(&mut self) {
        self.shell.signal(Signal::SIGKILL);
        self.child.wait().unwrap();
    }
}

impl Drop for BackgroundSession<'_> {
    fn drop(&mut self) {
        self.shell.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
