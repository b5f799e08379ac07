//! Watchers that are killed, and what the next call finds.

use crate::support::BackgroundSession;
use crate::support::Container;
use crate::support::container::start_deaf;
use crate::support::watchers::{kill, kill_both};
use crate::support::{Engine, Sandbox};

#[test]
fn case_58_a_supervisor_that_is_killed_leaves_no_container() {
    let Some(engine) = Engine::shared("case_58_supervisor") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    let (_, watchers) = start_deaf(&session, &container);
    kill(watchers.supervisor);
    container.wait_gone();
    session.assert_only_shell_left();
    assert_eq!(session.record("web").expect("a record")["state"]["reason"], "supervisor-lost");
}

#[test]
fn case_58_a_keeper_that_is_killed_leaves_no_container() {
    let Some(engine) = Engine::shared("case_58_keeper") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    let (_, watchers) = start_deaf(&session, &container);
    kill(watchers.keeper);
    container.wait_gone();
    session.assert_only_shell_left();
}

/// A container whose watchers have both been killed.
fn is_lost(test: &str, find: impl FnOnce(&Sandbox, &mut BackgroundSession<'_>, &Container<'_>)) {
    let Some(engine) = Engine::shared(test) else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let mut session = BackgroundSession::open(&sandbox);
    let (_, watchers) = start_deaf(&session, &container);
    let id = container.wait_running();
    kill_both(watchers);
    assert_eq!(engine.state(&id).as_deref(), Some("running"), "the container has outlived both");
    // Whoever finds it knows nothing of the engine but what is recorded.
    sandbox.unset("DOCKER_HOST");
    find(&sandbox, &mut session, &container);
    assert_eq!(engine.state(&id), None);
}

#[test]
fn case_58_cleanup_ends_a_container_whose_watchers_both_died() {
    is_lost("case_58_cleanup", |sandbox, session, container| {
        let output = sandbox.hook(["cleanup"]).ok();
        assert!(output.stdout.contains("ended server web"), "{output}");
        container.assert_gone();
        session.assert_only_shell_left();
    });
}

#[test]
fn case_58_cleanup_ends_the_container_of_a_session_whose_shell_died_too() {
    is_lost("case_58_cleanup_dead", |sandbox, session, container| {
        session.kill_shell();
        sandbox.hook(["cleanup"]).ok();
        container.assert_gone();
        assert!(!session.file("web.json").exists(), "the session's files are still there");
        sandbox.assert_clean();
    });
}

#[test]
fn case_58_stop_ends_a_container_whose_watchers_both_died() {
    is_lost("case_58_stop_lost", |_, session, container| {
        session.hook("stop", &["web"]).ok();
        container.assert_gone();
    });
}

#[test]
fn case_58_start_ends_the_container_before_its_name_is_used_again() {
    is_lost("case_58_start_lost", |sandbox, session, container| {
        sandbox.env("DOCKER_HOST", container.engine.host());
        session
            .start(&["--grace", "300ms"], "web", &container.command(&["--rm"], crate::support::container::DEAF))
            .ok();
        container.wait_running();
        session.hook("stop", &["web"]).ok();
        container.assert_gone();
    });
}

#[test]
fn case_58_the_next_shell_ends_a_container_whose_watchers_both_died() {
    is_lost("case_58_open", |sandbox, session, container| {
        session.kill_shell();
        let other = BackgroundSession::open(sandbox);
        container.wait_gone();
        other.assert_only_shell_left();
    });
}
