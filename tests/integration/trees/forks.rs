//! A system that has no process left for one of ours.

use crate::support::BackgroundSession;
use crate::support::Sandbox;

#[test]
fn a_fork_that_fails_is_told_with_its_reason_whichever_it_is() {
    for number in [1, 2] {
        let sandbox = Sandbox::new();
        let session = BackgroundSession::open(&sandbox);
        let mut start = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        start.args(session.start_arguments(&[], "forked", &["cat".to_owned()]));
        let said = sandbox.run(start.env("MCP_HOOK_FAILPOINT", format!("fork:{number}"))).expect_code(1);
        let reason = "could not start forked: Function not implemented (os error 38)";
        assert!(said.stderr.contains(reason), "{said}");
        let state = session.record("forked").expect("a record")["state"].clone();
        assert_eq!((&state["is"], &state["cause"], &state["code"]), (&"failed".into(), &reason.into(), &125.into()));
        assert!(session.hook("status", &["forked"]).expect_code(3).stdout.contains(reason));
        session.assert_only_shell_left();
    }
}

#[test]
fn a_fork_that_fails_in_run_is_told_with_its_reason() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut run = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    run.args(["run", "--session", &session.id, "forked", "--", "cat"]).env("MCP_HOOK_FAILPOINT", "fork");
    let said = sandbox.run(&mut run).expect_code(1);
    assert!(said.stderr.contains("could not run forked: Function not implemented"), "{said}");
    assert_eq!(session.state("forked").as_deref(), Some("failed"));
    session.assert_only_shell_left();
}
