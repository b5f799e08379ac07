//! What a server has started beside its own group: another server of ours, a multiplexer, a browser.

use crate::support::BackgroundSession;
use crate::support::{Sandbox, Tree};

#[test]
fn a_server_that_was_started_by_another_one_ends_with_it_without_being_killed() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let (mut outer, mut inner) = (Tree::new(&sandbox, "outer"), Tree::new(&sandbox, "inner"));
    let inner_line = inner.command(&["--ready"]).join(" ");
    let outer_line = outer.command(&["--ready"]).join(" ");
    let line = format!(
        "mcp-hook start --no-wait --session {} inner -- {inner_line} </dev/null >/dev/null 2>&1 & wait; exec {outer_line}",
        session.id
    );
    // Far longer than this test waits for anything.
    session.start(&["--no-wait", "--grace", "1h"], "outer", &["sh", "-c", &line].map(str::to_owned)).ok();
    outer.wait_for(&["leader"]);
    inner.wait_for(&["leader"]);
    session.hook("stop", &["outer"]).ok();
    inner.assert_gone();
    let state = session.assert_over(&outer, "outer");
    assert_eq!((&state["reason"], &state["killed"]), (&"stopped".into(), &false.into()), "{state}");
    let state = session.record("inner").expect("a record")["state"].clone();
    assert_eq!((&state["reason"], &state["killed"]), (&"stopped".into(), &false.into()), "{state}");
}

#[test]
fn stop_and_the_log_name_what_had_left_the_servers_group() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut tree = Tree::new(&sandbox, "web");
    let command = tree.command(&["--member", "child", "--member", "setsid", "--ready"]);
    session.start(&["--no-wait"], "web", &command).ok();
    tree.wait_for(&["leader", "child", "setsid"]);
    let outside = tree.member("setsid").process;
    let named = format!("{} (pid {})", outside.title(), outside.pid);
    let said = session.hook("stop", &["web"]).ok();
    assert!(said.stderr.contains(&format!(", and with it {named}\n")), "{said}");
    let state = session.assert_over(&tree, "web");
    assert_eq!(state["outside"].as_array().map(Vec::len), Some(1), "{state}");
    let log = session.hook("logs", &["web"]).ok();
    assert!(log.stdout.contains(&format!("ended {named} as well: it had left the server's group")), "{log}");
}
