//! Case 35: many servers at once where ports are few.

use std::collections::BTreeSet;

use crate::support::{Namespace, Sandbox, Tree};

const SESSIONS: usize = 20;
const SERVERS: usize = 10;

/// One session: starts its servers at once, and waits for each.
const SCRIPT: &str = r#"#!/bin/sh
eval "$(mcp-hook open --owner $$)" || exit 1
number=0
while [ $((number += 1)) -le "$1" ]; do
    mcp-hook start "web$number" --port auto -- "$2" --listen '${MCP_PORT}@127.0.0.1' 2>/dev/null &
    jobs="$jobs $!"
done
for job in $jobs; do wait "$job" || exit 2; done
echo done >"$3"
read end
mcp-hook close "$$:$MCP_SESSION_ID"
"#;

#[test]
fn case_35_two_hundred_starts_at_once_in_twenty_sessions_get_a_port_each_of_256() {
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open_network(&sandbox, "case_35") else { return };
    namespace.run("ip link set lo up");
    namespace.run("echo '40000 40255' >/proc/sys/net/ipv4/ip_local_port_range");
    let script = sandbox.program("one-session", SCRIPT);
    let [done, go] = ["done", "go"].map(|name| sandbox.path(name).display().to_string());
    let (script, tree) = (script.display(), Tree::program().display());
    namespace.run(&format!("mkfifo {go} {done} && exec 8<>{done} 9<>{go}"));
    namespace.run(&format!("for i in $(seq {SESSIONS}); do {script} {SERVERS} {tree} {done} <{go} 8<&- 9>&- & done"));
    namespace.run(&format!("for i in $(seq {SESSIONS}); do read done <&8; done"));
    let status: serde_json::Value =
        serde_json::from_str(&namespace.run("mcp-hook status --all --json")).expect("what status says");
    let sessions = status["sessions"].as_array().unwrap();
    let servers: Vec<_> = sessions.iter().flat_map(|session| session["servers"].as_array().unwrap()).collect();
    assert_eq!(servers.len(), SESSIONS * SERVERS);
    assert!(servers.iter().all(|server| server["state"] == "running"), "{status}");
    let ports: BTreeSet<u64> = servers.iter().map(|server| server["port"].as_u64().expect("a port")).collect();
    assert_eq!(ports.len(), servers.len(), "a port was given twice");
    assert!(ports.iter().all(|port| (40000..=40255).contains(port)), "{ports:?}");
    let listening = namespace.run("cat /proc/net/tcp").lines().filter(|line| line.contains(" 0A ")).count();
    assert_eq!(listening, servers.len(), "each listens on its own");
    namespace.run("exec 9>&-");
}
