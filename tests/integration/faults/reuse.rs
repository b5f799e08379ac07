//! Numbers that are used again, and a first process that leaves zombies: in pid namespaces.

use std::fs;

use serde_json::json;

use crate::support::record::{edit, read_json};
use crate::support::{Namespace, Sandbox, Tree};

/// Opens a session in the namespace, whose owner is its bash, and returns `pids/ID`.
#[track_caller]
fn open(sandbox: &Sandbox, namespace: &mut Namespace<'_>) -> std::path::PathBuf {
    namespace.run("eval \"$(mcp-hook open)\"");
    let id = namespace.run("printf %s \"$MCP_SESSION_ID\"");
    sandbox.runtime().join("pids").join(id)
}

#[test]
fn case_27_number_used_again_within_the_same_tick_is_not_signalled() {
    const TEST: &str = "case_27_number_used_again_within_the_same_tick";
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open(&sandbox, TEST) else { return };
    let pids = open(&sandbox, &mut namespace);
    namespace.run("mcp-hook start web -- sleep 1000 && mcp-hook stop web");
    let twins = sandbox.path("twins");
    let tree = Tree::program().display().to_string();
    namespace.run(&format!("{tree} --twins {0} & until [ -s {0} ] && [ -e {0}.signals ]; do :; done", twins.display()));
    let text = fs::read_to_string(&twins).unwrap();
    let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let &[pid, start, first, second] = &numbers[..] else { panic!("{text}") };
    if first == second {
        return crate::support::skip(TEST, "needs pidfds with inodes of their own (Linux 6.9)");
    }
    let identity = json!({ "pid": pid, "start": start, "serial": first });
    edit(&pids.join("web.json"), |record| {
        record["watchers"] = json!({ "keeper": identity, "supervisor": identity });
        record["state"] = json!({ "is": "running", "server": identity, "since": 1, "ready": true });
    });
    let untouched = |namespace: &mut Namespace<'_>, after: &str| {
        let start_now = namespace.run(&format!("cut -d' ' -f22 /proc/{pid}/stat"));
        assert_eq!(start_now.trim(), start.to_string(), "{after}");
        let signals = fs::read_to_string(sandbox.path("twins.signals")).unwrap();
        assert_eq!(signals, "", "{after}: the second of this number was signalled");
    };
    untouched(&mut namespace, "before");
    let record = fs::read(pids.join("web.json")).unwrap();
    for command in ["status", "restart web", "cleanup", "stop web"] {
        namespace.try_run(&format!("mcp-hook {command}"));
        untouched(&mut namespace, command);
        // What was really started by that is no part of the lie.
        namespace.try_run("mcp-hook stop web");
        fs::write(pids.join("web.json"), &record).unwrap();
    }
    // As the owner of the session it is gone, too.
    edit(&pids.join("session.json"), |record| record["owner"] = identity.clone());
    let id = pids.file_name().unwrap().to_str().unwrap();
    let (code, said) = namespace.try_run(&format!("mcp-hook start x --session {id} -- sleep 1000"));
    assert!(code == 1 && said.contains("is gone"), "{said}");
    let said = namespace.run("mcp-hook cleanup");
    untouched(&mut namespace, "cleanup");
    assert!(!pids.exists(), "{said}: a session whose owner is gone is cleared away");
}

/// The processes of the namespace that are not zombies, by name.
fn living(namespace: &mut Namespace<'_>) -> Vec<String> {
    let text = namespace.run("cat /proc/[0-9]*/stat 2>/dev/null || :");
    let name = |line: &str| {
        let (front, back) = line.rsplit_once(')')?;
        (!back.trim_start().starts_with('Z')).then(|| front.split_once('(').unwrap().1.to_owned())
    };
    text.lines().filter_map(name).collect()
}

fn has(names: &[String], wanted: &str) -> bool {
    names.iter().any(|name| name == wanted)
}

#[test]
fn case_31_under_a_first_process_that_leaves_zombies_the_dead_are_reported_dead() {
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open_with_zombies(&sandbox, "case_31") else { return };
    let pids = open(&sandbox, &mut namespace);
    namespace.run("mcp-hook start web -- sleep 1000");
    namespace.run("mcp-hook stop web");
    assert_eq!(namespace.try_run("mcp-hook status web").0, 3);
    let keeper = read_json(&pids.join("web.json"))["watchers"]["keeper"]["pid"].to_string();
    let state = namespace.run(&format!("cut -d' ' -f3 /proc/{keeper}/stat"));
    assert_eq!(state.trim(), "Z", "the keeper is left as a zombie");
    namespace.run("mcp-hook start web -- sleep 1000");
    namespace.run("mcp-hook restart web && mcp-hook status web && mcp-hook stop web");
    assert!(!has(&living(&mut namespace), "sleep"));
}

#[test]
fn case_31_zombies_of_killed_watchers_do_not_count_as_watching() {
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open_with_zombies(&sandbox, "case_31_watchers") else { return };
    let pids = open(&sandbox, &mut namespace);
    // It survives the death of both watchers: in a session of its own, deaf to the terminal's hang-up.
    namespace.run("mcp-hook start web -- sh -c 'setsid sleep 1000 & exec sleep 999'");
    let watchers = read_json(&pids.join("web.json"))["watchers"].clone();
    let (keeper, supervisor) = (&watchers["keeper"]["pid"], &watchers["supervisor"]["pid"]);
    // Stopped before, so that the one does not act on the death of the other.
    namespace.run(&format!("kill -STOP {keeper} {supervisor}"));
    for watcher in [keeper, supervisor] {
        namespace.run(&format!("until grep -q 'State:.T' /proc/{watcher}/status; do :; done"));
    }
    namespace.run(&format!("kill -KILL {keeper} {supervisor}"));
    namespace.run(&format!("until grep -q 'State:.Z' /proc/{keeper}/status; do :; done"));
    assert!(has(&living(&mut namespace), "sleep"), "something has outlived both");
    assert_eq!(namespace.try_run("mcp-hook status web").0, 3);
    assert!(!has(&living(&mut namespace), "sleep"), "and was swept");
    namespace.run("mcp-hook start web -- sleep 1000 && mcp-hook stop web");
}

#[test]
fn case_31_owner_that_is_a_zombie_has_ended() {
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open_with_zombies(&sandbox, "case_31_owner") else { return };
    let script = r#"eval "$(mcp-hook open)"; mcp-hook start web -- sleep 999; echo "$$ $MCP_SESSION_ID" >owner.new; mv owner.new owner; exec sleep 1000"#;
    sandbox.program("owner", &format!("#!/bin/bash\n{script}\n"));
    namespace.run("( owner >/dev/null 2>&1 & ); until [ -e owner ]; do :; done");
    let text = namespace.run("cat owner");
    let (pid, id) = text.trim().split_once(' ').unwrap();
    namespace.run(&format!("mcp-hook status --session {id}"));
    namespace.run(&format!("kill -KILL {pid}; until grep -q 'State:.Z' /proc/{pid}/status; do :; done"));
    let (code, said) = namespace.try_run(&format!("mcp-hook status --session {id}"));
    assert!(code == 1 && said.contains("is gone"), "{said}");
    namespace.run("until ! grep -qs '^Name:.sleep' $(grep -Ls 'State:.Z' /proc/[0-9]*/status); do :; done");
    let files = sandbox.runtime().join("pids").join(id);
    namespace.run(&format!("until mcp-hook cleanup; [ ! -e {} ]; do :; done", files.display()));
}
