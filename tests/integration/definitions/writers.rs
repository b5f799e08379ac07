//! Many terminals that change the file at once, and one that dies while it does.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::hook_in;
use crate::support::Sandbox;
use crate::support::defined_session::{user_file, write_user};

fn servers(sandbox: &Sandbox) -> BTreeSet<String> {
    let document: Value = serde_json::from_slice(&fs::read(user_file(sandbox)).unwrap()).unwrap();
    document["mcpServers"].as_object().unwrap().keys().cloned().collect()
}

fn spawn(sandbox: &Sandbox, arguments: &str) -> Child {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    command.args(arguments.split(' ')).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn twenty_terminals_that_add_and_remove_at_once_lose_nothing() {
    let sandbox = Sandbox::new();
    let old = |number| format!("\"old{number}\": {{\"command\": \"x\"}}");
    let olds = (0..20).map(old).collect::<Vec<_>>().join(", ");
    write_user(&sandbox, &format!("{{\"kept\": true, \"mcpServers\": {{{olds}, \"stays\": {{}}}}}}"));
    let terminal = |number: usize| {
        [format!("add new{number} --port auto -- npx {number}"), format!("remove old{number}")]
            .map(|arguments| spawn(&sandbox, &arguments))
    };
    let children: Vec<Child> = (0..20).flat_map(terminal).collect();
    children.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
    let expected: BTreeSet<String> = (0..20).map(|number| format!("new{number}")).chain(["stays".into()]).collect();
    assert_eq!(servers(&sandbox), expected);
    assert!(fs::read_to_string(user_file(&sandbox)).unwrap().starts_with("{\"kept\": true, \"mcpServers\": {"));
    let left = fs::read_dir(user_file(&sandbox).parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: BTreeSet<_> = left.collect();
    assert_eq!(left, BTreeSet::from([".servers.json.lock".into(), "servers.json".into()]), "temporary files were left");
}

#[test]
fn twenty_terminals_that_make_the_file_at_once_lose_nothing() {
    let sandbox = Sandbox::new();
    let children: Vec<Child> = (0..20).map(|number| spawn(&sandbox, &format!("add new{number} -- npx"))).collect();
    children.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
    assert_eq!(servers(&sandbox).len(), 20);
}

#[test]
fn whoever_is_killed_while_writing_leaves_the_old_file_or_the_new_one() {
    let sandbox = Sandbox::new();
    hook_in(&sandbox, "home", "add first -- x").ok();
    for (point, is_there) in [("before-rename", false), ("after-rename", true)] {
        sandbox.env("MCP_HOOK_FAILPOINT", point);
        hook_in(&sandbox, "home", &format!("add {point} -- x")).expect_code(128 + 9);
        sandbox.unset("MCP_HOOK_FAILPOINT");
        assert_eq!(servers(&sandbox).contains(point), is_there);
        hook_in(&sandbox, "home", &format!("add then-{point} -- x")).ok();
        assert!(servers(&sandbox).contains("first") && servers(&sandbox).contains(&format!("then-{point}")));
    }
}
