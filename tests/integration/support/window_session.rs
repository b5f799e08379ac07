//! A session in a window, and its files.

use std::fs;
use std::path::PathBuf;

use super::wait::Deadline;
use super::{Output, Sandbox, Shell, Terminal, Tree};

/// A session whose owner is an interactive bash.
pub struct WindowSession<'s> {
    pub sandbox: &'s Sandbox,
    pub terminal: Terminal<'s>,
    pub id: String,
    /// `pids/ID`.
    pub pids: PathBuf,
}

impl<'s> WindowSession<'s> {
    #[track_caller]
    pub fn open(sandbox: &'s Sandbox) -> Self {
        let mut terminal = Terminal::open(sandbox, Shell::Bash);
        let id = terminal.variable("MCP_SESSION_ID");
        assert!(!id.is_empty(), "{terminal}");
        let pids = sandbox.runtime().join("pids").join(&id);
        Self { sandbox, terminal, id, pids }
    }

    /// Types `mcp-hook WORDS`.
    #[track_caller]
    pub fn hook(&mut self, words: &str) -> Output {
        self.terminal.run(&format!("mcp-hook {words}"))
    }

    /// `mcp-hook WORDS` from outside, with both streams apart.
    #[track_caller]
    pub fn outside(&self, words: &[&str]) -> Output {
        self.sandbox.hook([&[words[0], "--session", &self.id], &words[1..]].concat())
    }

    /// Starts the tree with these options as `web`; it has reported as `leader` when this returns.
    #[track_caller]
    pub fn start(&mut self, options: &[&str]) -> Tree<'s> {
        let mut tree = Tree::new(self.sandbox, "web");
        let words: Vec<_> = options.iter().chain(&["--ready"]).copied().collect();
        let line = tree.command(&words).join(" ");
        self.hook(&format!("start web -- {line}")).ok();
        tree.wait_for(&["leader"]);
        tree
    }

    /// Starts the nasty tree as `web`.
    #[track_caller]
    pub fn start_nasty(&mut self) -> Tree<'s> {
        let mut tree = Tree::new(self.sandbox, "web");
        self.hook(&format!("start web -- {}", tree.nasty_line())).ok();
        tree.wait_nasty();
        tree
    }

    /// A file of the session.
    pub fn file(&self, name: &str) -> PathBuf {
        self.pids.join(name)
    }

    /// The log of `web`.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Its path.
    pub fn log_path(&self) -> PathBuf {
        self.sandbox.runtime().join("logs").join(&self.id).join("web.log")
    }

    /// Ends the owner and waits until its session is over, while another one goes on with this tree.
    #[track_caller]
    pub fn end_beside(mut self, other: &Tree) {
        self.terminal.signal(nix::sys::signal::Signal::SIGKILL);
        self.terminal.wait_exit();
        let entry = format!("MCP_SESSION_ID={}", self.id);
        for process in self.sandbox.survivors().into_iter().filter(|process| process.has_env(&entry)) {
            assert!(process.gone_by(Deadline::usual()), "{process}");
        }
        other.assert_alive();
    }

    /// Ends the owner and waits until nothing of the session is left.
    #[track_caller]
    pub fn end(mut self) {
        self.terminal.signal(nix::sys::signal::Signal::SIGKILL);
        self.terminal.wait_exit();
        self.sandbox.assert_clean();
    }
}
