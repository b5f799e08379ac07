//! Which command lines are understood, and what is left as the user asked for it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use crate::support::BackgroundSession;
use crate::support::Container;
use crate::support::container::{DEAF, start_deaf};
use crate::support::{Engine, Sandbox, wait};

/// Starts a deaf container by these words, stops it and expects that none is left.
fn is_ended(test: &str, words: impl FnOnce(&Sandbox, &Engine, Vec<String>) -> Vec<String>) {
    let Some(engine) = Engine::shared(test) else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    let words = words(&sandbox, engine, container.command(&["--rm"], DEAF));
    session.start(&["--no-wait", "--grace", "300ms"], "web", &words).ok();
    container.wait_running();
    session.hook("stop", &["web"]).ok();
    container.assert_gone();
    session.assert_only_shell_left();
}

fn owned<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).into()
}

#[test]
fn case_58_the_engine_may_be_named_by_an_option() {
    is_ended("case_58_option", |sandbox, engine, words| {
        sandbox.unset("DOCKER_HOST");
        [owned(["docker", "-H", &engine.host(), "container"]), words[1..].to_vec()].concat()
    });
}

#[test]
fn case_58_the_engine_may_be_named_by_env() {
    is_ended("case_58_env", |sandbox, engine, words| {
        sandbox.unset("DOCKER_HOST");
        [owned(["env", &format!("DOCKER_HOST={}", engine.host())]), words].concat()
    });
}

#[test]
fn case_58_the_engine_may_be_named_by_a_context() {
    is_ended("case_58_context", |sandbox, engine, words| {
        sandbox.unset("DOCKER_HOST");
        let host = format!("host={}", engine.host());
        sandbox.run(sandbox.command("docker").args(["context", "create", "far", "--docker", &host])).ok();
        [owned(["docker", "--context", "far"]), words[1..].to_vec()].concat()
    });
}

#[test]
fn case_58_a_plain_line_for_a_shell_is_understood() {
    is_ended("case_58_line", |_, _, words| {
        let script = DEAF.replace("''", "\"\"");
        let head = words[..words.len() - 1].join(" ");
        owned(["sh", "-c", &format!("{head} '{script}' 2>&1; true")])
    });
}

#[test]
fn case_58_without_rm_the_container_is_stopped_and_stays() {
    let Some(engine) = Engine::shared("case_58_stays") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    session.start(&["--no-wait", "--grace", "300ms"], "web", &container.command(&[], DEAF)).ok();
    container.wait_running();
    session.hook("stop", &["web"]).ok();
    assert_eq!(engine.state(&container.name).as_deref(), Some("exited"));
}

#[test]
fn case_58_a_detached_container_is_left_alone() {
    let Some(engine) = Engine::shared("case_58_detached") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let mut session = BackgroundSession::open(&sandbox);
    session.start(&["--no-wait"], "web", &container.command(&["-d"], DEAF)).ok();
    container.wait_running();
    session.kill_shell();
    sandbox.hook(["cleanup"]).ok();
    sandbox.assert_clean();
    assert_eq!(engine.state(&container.name).as_deref(), Some("running"));
}

#[test]
fn case_58_the_users_own_file_for_the_id_is_used_and_stays() {
    let Some(engine) = Engine::shared("case_58_cidfile") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    let words = container.command(&["--rm", "--cidfile", "my.cid"], DEAF);
    session.start(&["--no-wait", "--grace", "300ms"], "web", &words).ok();
    let id = container.wait_running();
    session.hook("restart", &["web"]).ok();
    let second = container.wait_running();
    assert_ne!(id, second);
    session.hook("stop", &["web"]).ok();
    container.assert_gone();
    assert_eq!(fs::read_to_string(sandbox.home().join("my.cid")).unwrap(), second);
    assert!(!session.file("web.cid").exists());
}

#[test]
fn case_58_the_container_of_a_file_that_was_there_before_is_somebody_elses() {
    let Some(engine) = Engine::shared("case_58_foreign") else { return };
    let sandbox = Sandbox::new();
    let (container, other) = (Container::new(engine, &sandbox), Container::new(engine, &sandbox));
    let session = BackgroundSession::open(&sandbox);
    let id = engine.ask(&["run", "-d", "--network", "none", "--name", &other.name, "box", "sh", "-c", DEAF]);
    fs::write(sandbox.home().join("my.cid"), &id).unwrap();
    let words = container.command(&["--rm", "--cidfile", "my.cid"], DEAF);
    session.start(&["--no-wait", "--restart", "no"], "web", &words).ok();
    wait::until("the client has refused", || {
        matches!(session.state("web")?.as_str(), "ended" | "failed").then_some(())
    });
    session.hook("stop", &["web"]).ok();
    assert_eq!(engine.state(&id).as_deref(), Some("running"));
}

#[test]
fn case_58_the_container_whose_client_was_first_to_write_to_the_users_file_is_somebody_elses() {
    let Some(engine) = Engine::shared("case_58_first") else { return };
    let sandbox = Sandbox::new();
    let (container, other) = (Container::new(engine, &sandbox), Container::new(engine, &sandbox));
    let session = BackgroundSession::open(&sandbox);
    let found = sandbox.run(sandbox.command("sh").args(["-c", "command -v docker"])).ok().stdout;
    let client = found.trim();
    // Another session's client is a moment faster.
    let first = format!("{client} run -d --cidfile my.cid --network none --name {} box sh -c \"{DEAF}\"", other.name);
    let wrapper =
        format!("#!/bin/sh\n[ \"$1\" = run ] && [ ! -e my.cid ] && {first} >/dev/null\nexec {client} \"$@\"\n");
    let wrapper = sandbox.write("wrapper/docker", &wrapper);
    sandbox.run(sandbox.command("chmod").arg("755").arg(&wrapper)).ok();
    let mut words = container.command(&["--rm", "--cidfile", "my.cid"], DEAF);
    words[0] = wrapper.display().to_string();
    session.start(&["--no-wait", "--restart", "no"], "web", &words).ok();
    wait::until("the client has refused", || {
        matches!(session.state("web")?.as_str(), "ended" | "failed").then_some(())
    });
    session.hook("stop", &["web"]).ok();
    assert_eq!(engine.state(&other.name).as_deref(), Some("running"));
    assert!(sandbox.home().join("my.cid").exists(), "the other's file was removed");
    container.assert_gone();
}

#[test]
fn case_58_a_container_that_was_made_but_not_named_by_its_killed_client_is_found_by_its_label() {
    let Some(engine) = Engine::shared("case_58_created") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    // A client that is killed once the engine has made the container, before it has written the id.
    let found = sandbox.run(sandbox.command("sh").args(["-c", "command -v docker"])).ok().stdout;
    let client = found.trim();
    let wrapper = sandbox.write(
        "wrapper/docker",
        format!(
            "#!/bin/sh\n[ \"$1\" = run ] || exec {client} \"$@\"\n[ \"$2\" = --cidfile ] || exit 1\n\
             cid=$3\nshift 3\n{client} create \"$@\" && : >\"$cid\" && kill -9 $$\n"
        ),
    );
    sandbox.run(sandbox.command("chmod").arg("755").arg(&wrapper)).ok();
    let words = [owned([wrapper.to_str().unwrap()]), container.command(&["--rm"], DEAF)[1..].to_vec()].concat();
    session.start(&["--restart", "no"], "web", &words);
    wait::until("the client was killed", || (session.state("web")? == "ended").then_some(()));
    let log = fs::read_to_string(sandbox.runtime().join("logs").join(&session.id).join("web.log")).unwrap();
    assert!(log.lines().any(|line| line.split(' ').any(|word| word.len() == 64)), "no container was made: {log}");
    container.assert_gone();
}

#[test]
fn case_58_a_container_gets_the_signal_that_its_image_wants_and_its_time_to_leave() {
    let Some(engine) = Engine::shared("case_58_signal") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    let script = "trap '' TERM; trap 'echo bye; exit 7' INT; echo up; while :; do sleep 0.1; done";
    let words = container.command(&["--rm", "--stop-signal", "INT"], script);
    session.start(&["--ready-log", "up", "--grace", "60s"], "web", &words).ok();
    session.hook("stop", &["web"]).ok();
    container.assert_gone();
    let end = session.record("web").expect("a record")["state"].clone();
    assert_eq!((&end["exit"]["code"], &end["killed"]), (&7.into(), &false.into()), "{end}");
}

#[test]
fn case_58_a_container_that_leaves_at_the_end_of_its_input_is_not_touched() {
    let Some(engine) = Engine::shared("case_58_cat") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let mut command = sandbox.command("mcp-hook");
    command
        .args(["run", "--grace", "60s", "web", "--"])
        .args(container.command(&["--rm"], "echo '{\"up\":1}'; cat; exit 5"));
    let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(client.stdout.take().unwrap());
    let mut said = String::new();
    stdout.read_line(&mut said).unwrap();
    writeln!(client.stdin.take().unwrap(), "{{}}").unwrap();
    stdout.read_to_string(&mut said).unwrap();
    assert_eq!((client.wait().unwrap().code(), said.as_str()), (Some(5), "{\"up\":1}\n{}\n"));
    container.assert_gone();
    sandbox.assert_clean();
}

#[test]
fn case_58_status_shows_the_container() {
    let Some(engine) = Engine::shared("case_58_status") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    start_deaf(&session, &container);
    let id = container.wait_running();
    let shown = session.hook("status", &["web"]).ok();
    assert!(shown.stdout.contains(&format!("{} (docker)", &id[..12])), "{shown}");
    let told = sandbox.server("web").expect("it runs");
    assert_eq!(told["container"], serde_json::json!({"id": id, "engine": "docker", "left": false}));
    session.hook("stop", &["web"]).ok();
    assert!(sandbox.server("web").expect("it ran")["container"].is_null());
}
