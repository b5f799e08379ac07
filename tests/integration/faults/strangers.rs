//! Sessions that are over, and sessions of somebody else.

use std::fs;

use nix::sys::signal::Signal;

use crate::support::WindowSession;
use crate::support::output::redact;
use crate::support::{Sandbox, Shell, Terminal, wait};

#[test]
fn start_in_a_session_whose_owner_died_meanwhile_is_refused() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    // It waits until the shell that it was started from is gone, with all that it has inherited from it.
    let said = sandbox.path("said");
    nix::unistd::mkfifo(&sandbox.path("go"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let script = "read go <$HOME/../go; mcp-hook start web -- sleep 1000 >said.new 2>&1; echo $? >>said.new; mv said.new $HOME/../said";
    sandbox.program("later", &format!("#!/bin/sh\ntrap '' HUP\n{script}\n"));
    session.terminal.run("{ setsid later </dev/null >/dev/null 2>&1 & }").ok();
    session.terminal.signal(Signal::SIGKILL);
    session.terminal.wait_exit();
    fs::write(sandbox.path("go"), "go\n").unwrap();
    let text = wait::until("the late start ended", || fs::read_to_string(&said).ok());
    insta::assert_snapshot!(redact(&sandbox, &text), @r#"
    mcp-hook: could not find a session: this shell has none
    hint: open one with eval "$(mcp-hook open)", or put the hook into the shell's rc file (mcp-hook init)
    1
    "#);
    sandbox.assert_clean();
}

#[test]
fn session_option_with_a_dead_session_is_refused_by_every_command() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    session.start(&[]);
    session.terminal.signal(Signal::SIGKILL);
    session.terminal.wait_exit();
    sandbox.assert_clean();
    let commands: [&[&str]; 5] =
        [&["start", "web"], &["stop", "web"], &["restart", "web"], &["status"], &["run", "web"]];
    for words in commands {
        let command = if matches!(words[0], "start" | "run") { &["--", "sleep", "1000"][..] } else { &[] };
        let words = [words, &["--session", &session.id], command].concat();
        let said = sandbox.hook(&words).expect_code(1);
        assert!(said.stderr.contains(&format!("could not use the session {}", session.id)), "{said}");
        assert!(said.stderr.contains("hint: "), "{said}");
    }
    insta::assert_snapshot!(redact(&sandbox, &session.outside(&["status"]).stderr), @"
    mcp-hook: could not use the session ID: the shell that it belonged to is gone
    hint: mcp-hook status --all shows the sessions there are
    ");
    assert!(session.outside(&["logs"]).ok().stdout.contains("started"), "its logs are still there");
}

#[test]
fn session_id_of_another_terminal_in_the_environment_is_not_believed() {
    let sandbox = Sandbox::new();
    let mut other = WindowSession::open(&sandbox);
    let tree = other.start(&[]);
    let mut mine = WindowSession::open(&sandbox);
    let line = format!("MCP_SESSION_ID={} MCP_HOOK_OWNER={}:{}", other.id, other.terminal.process().pid, other.id);
    let status = mine.terminal.run(&format!("{line} mcp-hook status --json")).ok().json();
    assert_eq!(status["sessions"][0]["id"], *mine.id, "{status}");
    mine.terminal.run(&format!("{line} mcp-hook stop web")).expect_code(1);
    tree.assert_alive();
    mine.terminal.run(&format!("{line} mcp-hook start mine -- sleep 1000")).ok();
    assert!(mine.file("mine.json").exists() && !other.file("mine.json").exists());
    // The other shell's exit is not for this one to announce.
    mine.terminal.run(&format!("mcp-hook close {}:{}", other.terminal.process().pid, other.id)).expect_code(1);
    tree.assert_alive();
    mine.end_beside(&tree);
    other.end();
    tree.assert_gone();
}

#[test]
fn session_id_in_the_environment_is_believed_on_the_owners_terminal() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    // Not below the shell any more, but on its terminal.
    let line =
        "sh -c 'sh -c \"until mcp-hook status --json >$HOME/said.new 2>/dev/null; do :; done; mv said.new said\" &'";
    session.terminal.run(line);
    let text = wait::until("the orphan has asked", || fs::read_to_string(sandbox.home().join("said")).ok());
    assert!(text.contains(&session.id), "{text}");
    session.end();
}

#[test]
fn session_id_that_is_no_id_counts_as_unset() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    for id in ["../../etc", "a/b", "", "-rf", ".hidden", "pts0-1-aaaa", "$(kill\\ 0)"] {
        let status = session.terminal.run(&format!("MCP_SESSION_ID='{id}' mcp-hook status --json")).ok().json();
        assert_eq!(status["sessions"][0]["id"], *session.id, "{id:?}");
    }
    session.end();
}

#[test]
fn new_shell_with_the_id_of_another_terminal_gets_a_session_of_its_own() {
    let sandbox = Sandbox::new();
    let mut other = WindowSession::open(&sandbox);
    let tree = other.start(&[]);
    sandbox.env("MCP_SESSION_ID", &other.id);
    sandbox.env("MCP_HOOK_OWNER", format!("{}:{}", other.terminal.process().pid, other.id));
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let id = terminal.variable("MCP_SESSION_ID");
    assert!(!id.is_empty() && id != other.id, "{terminal}");
    terminal.wait_prompt();
    terminal.send_line("exit");
    terminal.wait_exit();
    tree.assert_alive();
    other.end();
    tree.assert_gone();
}
