//! Variables that a shell was given and that are no longer true.

use super::{port_of, start};
use crate::support::{Sandbox, Shell, Stranger, Terminal};

/// What each command says of a variable that misleads; `true` makes it right.
#[track_caller]
fn is_told(terminal: &mut Terminal<'_>, said: &str) {
    for command in ["mcp-hook status", "mcp-hook env >/dev/null", "mcp-hook doctor"] {
        let output = terminal.run(command).stdout;
        assert!(output.contains(said), "{command}: {said}\n{output}");
    }
}

#[track_caller]
fn nothing_is_told(terminal: &mut Terminal<'_>) {
    for command in ["mcp-hook status", "mcp-hook env >/dev/null", "mcp-hook doctor"] {
        let output = terminal.run(command).stdout;
        assert!(!output.contains("in this shell, but"), "{command}\n{output}");
    }
}

fn a_shell_learns_that_its_variables_are_not_true(shell: Shell) {
    let eval = if shell == Shell::Fish { "mcp-hook env --shell fish | source" } else { "eval \"$(mcp-hook env)\"" };
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, shell);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    let before = port_of(&sandbox, "web");
    nothing_is_told(&mut terminal);
    terminal.run(eval).ok();
    nothing_is_told(&mut terminal);
    terminal.run("mcp-hook stop web").ok();
    let ended = format!("MCP_WEB_PORT is {before} in this shell, but web does not run");
    is_told(&mut terminal, &ended);
    let stranger = Stranger::listen(&sandbox, "127.0.0.1", before);
    let said = start(&mut terminal, "web", "auto", "127.0.0.1").ok().stdout;
    let after = port_of(&sandbox, "web");
    assert_ne!(after, before);
    let moved = format!("MCP_WEB_PORT is {before} in this shell, but web has {after}");
    assert!(said.contains(&format!("{moved}; {eval}")), "{said}");
    is_told(&mut terminal, &moved);
    terminal.run(&format!("{eval} 2>/dev/null")).ok();
    assert_eq!(terminal.variable("MCP_WEB_PORT"), after.to_string());
    nothing_is_told(&mut terminal);
    terminal.run("mcp-hook stop web").ok();
    terminal.run(eval).ok();
    assert_eq!(terminal.variable("MCP_WEB_PORT") + &terminal.variable("MCP_WEB_URL"), "", "they are taken away");
    nothing_is_told(&mut terminal);
    drop(stranger);
}

#[test]
fn bash_learns_that_its_variables_are_not_true() {
    a_shell_learns_that_its_variables_are_not_true(Shell::Bash);
}

#[test]
fn zsh_learns_that_its_variables_are_not_true() {
    a_shell_learns_that_its_variables_are_not_true(Shell::Zsh);
}

#[test]
fn fish_learns_that_its_variables_are_not_true() {
    a_shell_learns_that_its_variables_are_not_true(Shell::Fish);
}

#[test]
fn another_shell_is_not_told_of_variables_that_it_does_not_have() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    terminal.run("export MCP_WEB_PORT=1").ok();
    let said = terminal.run("env -u MCP_WEB_PORT mcp-hook status").ok().stdout;
    assert!(!said.contains("in this shell"), "{said}");
    let session = terminal.variable("MCP_SESSION_ID");
    let mut other = Terminal::open(&sandbox, Shell::Bash);
    let said = other.run(&format!("MCP_WEB_PORT=1 mcp-hook status --session {session}")).ok().stdout;
    assert!(!said.contains("in this shell"), "{said}");
}
