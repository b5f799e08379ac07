//! Panes of tmux: terminals that come and go inside another one, under a server that has forgotten who started it.

use std::process::Command;

use nix::sys::signal::Signal;

use crate::support::each_shell::in_each_shell;
use crate::support::nasty_session::{assert_over, assert_spared, with_nasty_tree};
use crate::support::{Output, Process, Sandbox, Shell, Tree};

in_each_shell! {
    case_04_kill_pane_ends_the_tree
    case_04_kill_window_ends_the_tree
    case_04_kill_session_ends_the_tree
    case_04_kill_server_ends_the_tree
    case_04_sigkill_of_the_terminal_emulator_ends_the_tree
    case_44_panes_have_sessions_of_their_own
}

/// A tmux server of the sandbox's own.
struct Tmux<'s> {
    sandbox: &'s Sandbox,
    shell: Shell,
}

impl<'s> Tmux<'s> {
    fn start(sandbox: &'s Sandbox, shell: Shell) -> Self {
        shell.write_rc(sandbox, "", "");
        sandbox.env("TMUX_TMPDIR", sandbox.root());
        let tmux = Self { sandbox, shell };
        tmux.call(&["new-session", "-d", "-s", "main", "-x", "400", "-y", "50", shell.name()]);
        tmux
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command("tmux");
        command.args(["-L", "test", "-f", "/dev/null"]).args(arguments);
        command
    }

    #[track_caller]
    fn call(&self, arguments: &[&str]) -> Output {
        self.sandbox.run(&mut self.command(arguments)).ok()
    }

    /// A second pane; its shell is the last one of [`Self::panes`].
    fn split(&self) {
        self.call(&["split-window", "-t", "main", self.shell.name()]);
    }

    fn panes(&self) -> Vec<Process> {
        let panes = self.call(&["list-panes", "-s", "-t", "main", "-F", "#{pane_pid}"]);
        panes.stdout.lines().map(|pid| Process::with_pid(pid.parse().unwrap()).unwrap()).collect()
    }

    fn server(&self) -> Process {
        let pid = self.call(&["display-message", "-p", "#{pid}"]).stdout;
        Process::with_pid(pid.trim().parse().unwrap()).unwrap()
    }

    /// Types a line into a pane.
    fn type_into(&self, pane: usize, line: &str) {
        let target = format!("main:0.{pane}");
        self.call(&["send-keys", "-t", &target, "-l", line]);
        self.call(&["send-keys", "-t", &target, "Enter"]);
    }

    /// Starts the nasty tree in a pane.
    fn start_nasty(&self, pane: usize) -> Tree<'s> {
        let mut tree = Tree::new(self.sandbox, &format!("pane-{pane}"));
        self.type_into(pane, &format!("mcp-hook start nasty -- {}", tree.nasty_line()));
        tree.wait_nasty();
        tree
    }
}

fn ends_by(shell: Shell, end: impl FnOnce(&Tmux)) {
    let sandbox = Sandbox::new();
    let tmux = Tmux::start(&sandbox, shell);
    let tree = tmux.start_nasty(0);
    end(&tmux);
    assert_over(&sandbox, &tree);
}

fn case_04_kill_pane_ends_the_tree(shell: Shell) {
    ends_by(shell, |tmux| drop(tmux.call(&["kill-pane", "-t", "main:0.0"])));
}

fn case_04_kill_window_ends_the_tree(shell: Shell) {
    ends_by(shell, |tmux| drop(tmux.call(&["kill-window", "-t", "main:0"])));
}

fn case_04_kill_session_ends_the_tree(shell: Shell) {
    ends_by(shell, |tmux| drop(tmux.call(&["kill-session", "-t", "main"])));
}

fn case_04_kill_server_ends_the_tree(shell: Shell) {
    ends_by(shell, |tmux| drop(tmux.call(&["kill-server"])));
}

fn case_04_sigkill_of_the_terminal_emulator_ends_the_tree(shell: Shell) {
    ends_by(shell, |tmux| tmux.server().signal(Signal::SIGKILL));
}

/// The tmux server is started from inside a session, so that all panes inherit its variables; each gets its own session.
fn case_44_panes_have_sessions_of_their_own(shell: Shell) {
    let sandbox = Sandbox::new();
    let (mut terminal, outer) = with_nasty_tree(&sandbox, shell);
    for name in ["MCP_SESSION_ID", "MCP_PID_FILE", "MCP_CONFIG_DIR", "MCP_LOG_DIR", "MCP_HOOK_OWNER"] {
        sandbox.env(name, terminal.variable(name));
    }
    let tmux = Tmux::start(&sandbox, shell);
    let first = tmux.start_nasty(0);
    tmux.split();
    let second = tmux.start_nasty(1);
    let status = sandbox.status();
    let owners: Vec<_> = status["sessions"].as_array().unwrap().iter().map(|one| one["owner"]["pid"].clone()).collect();
    let panes = tmux.panes();
    let shells = panes.iter().chain([&terminal.process()]).map(|shell| shell.pid).collect::<Vec<_>>();
    assert!(shells.iter().all(|shell| owners.contains(&(*shell).into())), "{shells:?} {status}");
    tmux.call(&["kill-pane", "-t", "main:0.1"]);
    second.assert_gone();
    assert_spared(&first);
    panes[0].signal(Signal::SIGKILL);
    first.assert_gone();
    assert_spared(&outer);
    terminal.signal(Signal::SIGKILL);
    terminal.wait_exit();
    assert_over(&sandbox, &outer);
}
