//! What the hooks call and when, with a stand-in for mcp-hook.

use crate::support::{Sandbox, Shell, StandIn, Terminal};

fn idle_shell_calls_open_once_and_close_never(shell: Shell) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let mut terminal = Terminal::open(&sandbox, shell);
    let pid = terminal.process().pid;
    assert_eq!(terminal.variable("MCP_SESSION_ID"), format!("test-{pid}"));
    terminal.send_line("exit 3");
    assert_eq!(terminal.wait_exit().code(), Some(3));
    let kind = if shell == Shell::Fish {
        "fish"
    } else {
        "posix"
    };
    assert_eq!(
        stand_in.calls(),
        [format!("open --shell {kind} --owner {pid}")]
    );
}

#[test]
fn idle_bash_calls_open_once_and_close_never() {
    idle_shell_calls_open_once_and_close_never(Shell::Bash);
}

#[test]
fn idle_zsh_calls_open_once_and_close_never() {
    idle_shell_calls_open_once_and_close_never(Shell::Zsh);
}

#[test]
fn idle_fish_calls_open_once_and_close_never() {
    idle_shell_calls_open_once_and_close_never(Shell::Fish);
}
