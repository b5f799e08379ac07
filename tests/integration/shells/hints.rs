//! Which session a shell gets: the environment gives hints, nothing more.

use std::process::Stdio;

use crate::support::each_shell::in_each_shell;
use crate::support::nasty_session::assert_over;
use crate::support::{Sandbox, Shell, Terminal, Tree};

in_each_shell! {
    session_in_the_environment_that_is_none_is_not_taken_over
    session_whose_owner_is_dead_is_not_taken_over
    two_windows_have_two_sessions
}

/// Whether it is an id as DESIGN.md has them, of the shell `pid`: only letters that need no quoting, the pid among them.
fn is_id_of(id: &str, pid: i32) -> bool {
    id.contains(&format!("-{pid}-")) && id.chars().all(|one| one.is_ascii_alphanumeric() || "._-".contains(one))
}

fn session_in_the_environment_that_is_none_is_not_taken_over(shell: Shell) {
    let long = "x".repeat(5000);
    let lies = [
        "../../../etc",
        ".",
        "a b",
        "$(touch ~/executed)",
        "'; touch ~/executed; '",
        "pts0-1-aaaa",
        "line\nline",
        &long,
    ];
    for lie in lies {
        let sandbox = Sandbox::new();
        sandbox.env("MCP_SESSION_ID", lie);
        sandbox.env("MCP_PID_FILE", "/nonexistent/session.pid");
        sandbox.env("MCP_HOOK_OWNER", format!("1:{lie}"));
        let mut terminal = Terminal::open(&sandbox, shell);
        let (pid, id) = (terminal.process().pid, terminal.variable("MCP_SESSION_ID"));
        assert!(is_id_of(&id, pid), "{lie:?} gave {id:?}\n{terminal}");
        assert_eq!(terminal.variable("MCP_HOOK_OWNER"), format!("{pid}:{id}"));
        let file = sandbox.runtime().join("pids").join(&id).join("session.pid");
        assert_eq!(terminal.variable("MCP_PID_FILE"), file.to_str().unwrap());
        assert!(!sandbox.path("home/executed").exists(), "{lie:?}");
    }
}

fn session_whose_owner_is_dead_is_not_taken_over(shell: Shell) {
    let sandbox = Sandbox::new();
    let mut first = Terminal::open(&sandbox, shell);
    let id = first.variable("MCP_SESSION_ID");
    for name in ["MCP_SESSION_ID", "MCP_PID_FILE", "MCP_CONFIG_DIR", "MCP_LOG_DIR", "MCP_HOOK_OWNER"] {
        sandbox.env(name, first.variable(name));
    }
    first.signal(nix::sys::signal::Signal::SIGKILL);
    first.wait_exit();
    drop(first);
    // Very likely on a terminal of the same name, for names come back at once.
    let mut second = Terminal::open(&sandbox, shell);
    let pid = second.process().pid;
    let new = second.variable("MCP_SESSION_ID");
    assert!(new != id && is_id_of(&new, pid), "{id} and {new}\n{second}");
}

fn two_windows_have_two_sessions(shell: Shell) {
    let sandbox = Sandbox::new();
    let mut windows = [(); 2].map(|()| Terminal::open(&sandbox, shell));
    for name in ["MCP_SESSION_ID", "MCP_PID_FILE", "MCP_CONFIG_DIR", "MCP_LOG_DIR", "MCP_HOOK_OWNER"] {
        let [one, other] = windows.each_mut().map(|window| window.variable(name));
        assert_ne!(one, other, "{name}");
    }
}

#[test]
fn script_that_opens_a_session_itself_ends_its_tree_with_it() {
    let sandbox = Sandbox::new();
    let mut tree = Tree::new(&sandbox, "nasty");
    let start = format!("mcp-hook start nasty -- {}", tree.nasty_line());
    let script = format!("set -eu; eval \"$(mcp-hook open)\"; {start}; read line || exit 3");
    let mut command = sandbox.command("setsid");
    command.args(["sh", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    tree.wait_nasty();
    tree.assert_alive();
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_over(&sandbox, &tree);
}
