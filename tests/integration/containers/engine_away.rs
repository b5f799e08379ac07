//! An engine that does not answer, or is not there, when its container is to be ended.

use std::fs;

use nix::sys::signal::Signal;

use crate::support::BackgroundSession;
use crate::support::Container;
use crate::support::container::start_deaf;
use crate::support::watchers::{freeze, kill_both};
use crate::support::{Engine, Sandbox};

/// A server whose engine goes away and comes back.
fn goes_away(test: &str, away: impl Fn(&Engine), back: impl Fn(&Engine)) {
    let Some(engine) = Engine::own(test) else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(&engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    start_deaf(&session, &container);
    let id = container.wait_running();
    away(&engine);
    let output = session.hook("stop", &["web"]);
    assert_eq!(output.status.code(), Some(1), "{output}");
    assert!(output.stderr.contains(&format!("its container {} is still there", &id[..12])), "{output}");
    let remedy = format!("docker rm --force {id}");
    assert!(output.stderr.contains(&remedy) && output.stderr.contains(&engine.host()), "{output}");

    let shown = session.hook("status", &["web"]);
    assert!(shown.stdout.contains("is still there"), "{shown}");
    let told = sandbox.server("web").expect("it is told");
    assert_eq!((&told["container"]["left"], &told["container"]["id"]), (&true.into(), &id.clone().into()), "{told}");

    let again = session.start(&[], "web", &container.command(&["--rm"], "cat"));
    assert_eq!(again.status.code(), Some(1), "{again}");
    let failed = sandbox.hook(["cleanup"]);
    assert_eq!(failed.status.code(), Some(1), "{failed}");
    assert!(failed.stdout.contains(&remedy), "{failed}");

    back(&engine);
    let output = sandbox.hook(["cleanup"]).ok();
    assert!(output.stdout.contains("ended the container of web"), "{output}");
    container.assert_gone();
    assert!(sandbox.server("web").expect("it is told")["container"].is_null());
    session.assert_only_shell_left();
}

#[test]
fn case_58_an_engine_that_does_not_answer_is_named_with_the_command_and_asked_again_by_cleanup() {
    goes_away("case_58_silent", |engine| freeze(engine.process()), |engine| engine.process().signal(Signal::SIGCONT));
}

#[test]
fn case_58_an_engine_that_is_not_there_is_named_with_the_command_and_asked_again_by_cleanup() {
    let aside = |engine: &Engine| engine.socket().with_extension("away");
    goes_away(
        "case_58_gone",
        |engine| fs::rename(engine.socket(), aside(engine)).unwrap(),
        |engine| fs::rename(aside(engine), engine.socket()).unwrap(),
    );
}

#[test]
fn case_58_a_session_whose_engine_was_away_keeps_its_files_until_the_container_is_gone() {
    let Some(engine) = Engine::own("case_58_kept") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(&engine, &sandbox);
    let mut session = BackgroundSession::open(&sandbox);
    let (_, watchers) = start_deaf(&session, &container);
    freeze(engine.process());
    kill_both(watchers);
    session.kill_shell();
    assert_eq!(sandbox.hook(["cleanup"]).status.code(), Some(1));
    assert!(session.file("web.json").exists(), "nobody would know of the container");
    engine.process().signal(Signal::SIGCONT);
    sandbox.hook(["cleanup"]).ok();
    container.assert_gone();
    assert!(!session.file("web.json").exists(), "the session's files are still there");
}
