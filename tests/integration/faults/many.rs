//! Many sessions at once.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use nix::sys::resource::{Resource, getrlimit};

use crate::support::output::listing;
use crate::support::wait::Deadline;
use crate::support::{Process, Sandbox, skip};

const SESSIONS: usize = 200;

/// What each shell does: opens a session, starts a server that writes down whose it is, says so, waits for the end of its input,
/// and closes as the hook would.
const SCRIPT: &str = r#"#!/bin/sh
eval "$(mcp-hook open --owner $$)" || exit 1
mcp-hook start web -- sh -c 'echo "$MCP_SESSION_ID $$" >"$MCP_CONFIG_DIR/who-config.json"; exec sleep 1000' || exit 2
echo "$MCP_SESSION_ID $MCP_CONFIG_DIR $MCP_PID_FILE"
read end
mcp-hook close "$$:$MCP_SESSION_ID"
"#;

#[test]
fn case_43_two_hundred_sessions_at_once_do_not_mix_and_leave_nothing() {
    let sandbox = Sandbox::new();
    if getrlimit(Resource::RLIMIT_NPROC).is_ok_and(|(soft, _)| soft < 4000) {
        return skip("case_43", "needs room for some thousand processes (ulimit -u)");
    }
    let script = sandbox.program("one-session", SCRIPT);
    let mut shells: Vec<Child> = (0..SESSIONS)
        .map(|_| sandbox.command(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap())
        .collect();
    let mut ids = HashSet::new();
    let mut servers = HashSet::new();
    for shell in &mut shells {
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let [id, configs, pid_file] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line:?}") };
        assert!(id.contains(&format!("-{}-", shell.id())), "{id} is not of shell {}", shell.id());
        let who = fs::read_to_string(format!("{configs}/who-config.json")).unwrap();
        let (session, server) = who.trim().split_once(' ').unwrap();
        assert_eq!(session, id, "the server is in its own session");
        let recorded = fs::read_to_string(pid_file.replace("session.pid", "web.pid")).unwrap();
        assert_eq!(recorded.trim(), server, "the pid file is its own");
        let server = Process::with_pid(server.parse().unwrap()).expect("the server lives");
        sandbox.watch(server);
        assert!(ids.insert(id.to_owned()) && servers.insert(server), "{id} twice");
    }
    assert!(servers.iter().all(|server| server.alive()));
    shells.iter_mut().for_each(|shell| drop(shell.stdin.take()));
    for mut shell in shells {
        assert!(shell.wait().unwrap().success());
    }
    let deadline = Deadline::usual();
    assert!(servers.into_iter().all(|server| server.gone_by(deadline)));
    sandbox.assert_clean();
    for directory in ["pids", "configs"] {
        let left: Vec<_> = fs::read_dir(sandbox.runtime().join(directory)).unwrap().collect();
        assert!(left.is_empty(), "{directory}: {left:?}\n{}", listing(&sandbox.runtime()));
    }
}
