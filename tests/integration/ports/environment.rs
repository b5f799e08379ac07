//! What servers and shells are told of ports.

use super::{PORT, port_of, start};
use crate::support::{Sandbox, Shell, Terminal, Tree};

/// The line that README shows.
fn eval(shell: Shell) -> &'static str {
    if shell == Shell::Fish { "mcp-hook env --shell fish | source" } else { "eval \"$(mcp-hook env)\"" }
}

fn every_shell_learns_where_the_servers_are(shell: Shell) {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, shell);
    assert_eq!(terminal.run("mcp-hook env").ok().stdout.trim(), "", "nothing where there is nothing");
    terminal.run(eval(shell)).ok();
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    start(&mut terminal, "directory-polling.v2", "auto", "127.0.0.1").ok();
    terminal.run(eval(shell)).ok();
    for (name, variable) in [("web", "MCP_WEB"), ("directory-polling.v2", "MCP_DIRECTORY_POLLING_V2")] {
        let port = port_of(&sandbox, name);
        assert_eq!(terminal.variable(&format!("{variable}_PORT")), port.to_string());
        assert_eq!(terminal.variable(&format!("{variable}_URL")), format!("http://127.0.0.1:{port}/mcp"));
    }
}

#[test]
fn bash_learns_where_the_servers_are() {
    every_shell_learns_where_the_servers_are(Shell::Bash);
}

#[test]
fn zsh_learns_where_the_servers_are() {
    every_shell_learns_where_the_servers_are(Shell::Zsh);
}

#[test]
fn fish_learns_where_the_servers_are() {
    every_shell_learns_where_the_servers_are(Shell::Fish);
}

#[test]
fn of_two_servers_with_the_same_variables_the_second_is_named() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    start(&mut terminal, "a.b", "auto", "127.0.0.1").ok();
    start(&mut terminal, "a-b", "auto", "127.0.0.1").ok();
    let said = terminal.run("mcp-hook env >/dev/null").ok().stdout;
    insta::assert_snapshot!(said, @"warning: no variables for a.b: they would have the same names as those of a-b");
    assert_eq!(terminal.run("mcp-hook env 2>/dev/null").ok().stdout.matches("_PORT=").count(), 1);
    let port = port_of(&sandbox, "a-b");
    terminal.run("eval \"$(mcp-hook env)\"").ok();
    assert_eq!(terminal.variable("MCP_A_B_PORT"), port.to_string());
    terminal.run("mcp-hook stop --all").ok();
    let said = terminal.run("env -u MCP_A_B_PORT -u MCP_A_B_URL mcp-hook env").ok().stdout;
    assert_eq!(said, "", "who has ended has no port");
    let said = terminal.run("mcp-hook env 2>/dev/null").ok().stdout;
    assert_eq!(said, "unset MCP_A_B_PORT MCP_A_B_URL\n", "and is not looked for there");
}

#[test]
fn a_server_finds_its_port_in_its_words_and_in_its_environment() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let tree = Tree::program().display();
    let said = sandbox.path("said");
    let script = format!("echo \"$MCP_PORT $1\" >{}; exec {tree} --listen $MCP_PORT@127.0.0.1", said.display());
    terminal.run(&format!("mcp-hook start web --port auto -- sh -c '{script}' sh a{PORT}b")).ok();
    let port = port_of(&sandbox, "web");
    assert_eq!(std::fs::read_to_string(&said).unwrap(), format!("{port} a{port}b\n"));
    terminal.run("mcp-hook start plain -- sh -c 'echo \"[$MCP_PORT]\" $1; exec sleep 1000' sh '${MCP_PORT}'").ok();
    let log = terminal.run("mcp-hook logs plain").ok().stdout;
    assert!(log.contains("[] ${MCP_PORT}"), "without a port nothing is filled in\n{log}");
}
