//! Every end of a session and of a server, with a container that ends by nothing but SIGKILL.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;

use crate::support::BackgroundSession;
use crate::support::Container;
use crate::support::container::{DEAF, start_deaf, wait_left};
use crate::support::wait::Deadline;
use crate::support::watchers::kill;
use crate::support::{Engine, Process, Sandbox, Shell, Terminal};

#[test]
fn case_58_stop_ends_a_container_that_ignores_sigterm() {
    let Some(engine) = Engine::shared("case_58_stop") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    start_deaf(&session, &container);
    session.hook("stop", &["web"]).ok();
    container.assert_gone();
    assert!(!session.file("web.cid").exists(), "the id is still there");
    session.assert_only_shell_left();
}

#[test]
fn case_58_restart_ends_the_container_before_it_starts_another_of_that_name() {
    let Some(engine) = Engine::shared("case_58_restart") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    start_deaf(&session, &container);
    let first = container.wait_running();
    session.hook("restart", &["web"]).ok();
    let second = container.wait_running();
    assert_ne!(first, second);
    assert_eq!(engine.state(&first), None);
    session.hook("stop", &["web"]).ok();
    container.assert_gone();
}

#[test]
fn case_58_a_container_whose_client_is_killed_is_ended_and_another_is_started() {
    let Some(engine) = Engine::shared("case_58_client") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let session = BackgroundSession::open(&sandbox);
    let (client, watchers) = start_deaf(&session, &container);
    let first = container.wait_running();
    // Only what was ready is started again.
    crate::support::wait::until("it is ready", || (session.record("web")?["state"]["ready"] == true).then_some(()));
    kill(client);
    crate::support::wait::until("another container runs", || {
        let id = std::fs::read_to_string(session.file("web.cid")).ok().filter(|id| id.len() == 64 && *id != first)?;
        (engine.state(&id)? == "running").then_some(())
    });
    assert_eq!(engine.state(&first), None);
    session.hook("stop", &["web"]).ok();
    container.assert_gone();
    wait_left(watchers);
}

/// Ends the session's shell in a way, and expects that the container ends too.
fn shell_ends(test: &str, end: impl FnOnce(&mut Terminal<'_>)) {
    let Some(engine) = Engine::shared(test) else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let words = container.command(&["--rm"], &format!("\"{DEAF}\"")).join(" ");
    terminal.run(&format!("mcp-hook start --no-wait web -- {words}")).ok();
    container.wait_running();
    end(&mut terminal);
    container.wait_gone();
    sandbox.assert_clean();
}

#[test]
fn case_58_a_shell_that_exits_takes_its_container_with_it() {
    shell_ends("case_58_exit", |terminal| {
        terminal.wait_prompt();
        terminal.send_line("exit");
        terminal.wait_exit();
    });
}

#[test]
fn case_58_a_shell_that_is_killed_takes_its_container_with_it() {
    shell_ends("case_58_killed", |terminal| terminal.signal(Signal::SIGKILL));
}

#[test]
fn case_58_a_window_that_is_closed_takes_its_container_with_it() {
    shell_ends("case_58_window", |terminal| terminal.close_window());
}

#[test]
fn case_58_a_shell_that_is_hung_up_takes_its_container_with_it() {
    shell_ends("case_58_hangup", |terminal| terminal.signal(Signal::SIGHUP));
}

/// A client with a deaf container behind `run`, which has said that it is up.
fn run_deaf(sandbox: &Sandbox, container: &Container<'_>) -> (Child, Process) {
    let mut command = sandbox.command("mcp-hook");
    command.args(["run", "web", "--"]).args(container.command(&["--rm"], DEAF));
    let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    // No message: it does not reach the client's input.
    BufReader::new(client.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "up\n");
    let process = Process::with_pid(client.id().cast_signed()).expect("it runs");
    (client, process)
}

fn run_ends(test: &str, end: impl FnOnce(&mut Child, Process)) {
    let Some(engine) = Engine::shared(test) else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let (mut client, process) = run_deaf(&sandbox, &container);
    end(&mut client, process);
    assert!(process.gone_by(Deadline::usual()), "run has not ended");
    client.wait().unwrap();
    container.wait_gone();
    sandbox.assert_clean();
}

#[test]
fn case_58_a_client_that_closes_its_input_is_rid_of_the_container() {
    run_ends("case_58_closes", |client, _| drop(client.stdin.take()));
}

#[test]
fn case_58_a_client_that_sends_sigterm_is_rid_of_the_container() {
    run_ends("case_58_term", |_, run| run.signal(Signal::SIGTERM));
}

#[test]
fn case_58_a_client_that_kills_run_is_rid_of_the_container() {
    run_ends("case_58_kills", |_, run| run.signal(Signal::SIGKILL));
}

#[test]
fn case_58_a_client_that_is_killed_itself_leaves_no_container() {
    let Some(engine) = Engine::shared("case_58_client_killed") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let script = r#"exec 3<&0; mcp-hook run web -- "$@" <&3 & read never"#;
    let mut command = sandbox.command("sh");
    command.args(["-c", script, "sh"]).args(container.command(&["--rm"], DEAF));
    let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    container.wait_running();
    client.kill().unwrap();
    client.wait().unwrap();
    container.wait_gone();
    sandbox.assert_clean();
}
