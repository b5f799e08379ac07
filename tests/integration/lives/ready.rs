//! When `start` says that a server is started.

use std::process::Stdio;

use super::Lives;
use crate::support::BackgroundSession;
use crate::support::{Process, Sandbox, wait};

/// `start` of a shell script that waits in its middle, and is ready only after that.
#[track_caller]
fn assert_ready_after(before: &str, after: &str) {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let server = Lives::new(&session, &sandbox, "server");
    let script = format!("{before}; echo 'half way'; read line <$1; {after}; exec sleep 1000");
    let words = ["sh", "-c", &script, "sh", server.fifo.to_str().unwrap()].map(str::to_owned);
    let options = ["--ready-log", r"^listening on port \d+$", "--ready-timeout", "1h"];
    let mut start = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    start.args(session.start_arguments(&options, "server", &words)).stderr(Stdio::piped());
    let mut start = start.spawn().unwrap();
    let process = Process::with_pid(start.id().cast_signed()).expect("it waits");
    let is_half_way = || session.hook("logs", &["server"]).stdout.contains("half way").then_some(());
    wait::until("the server is half way", is_half_way);
    let record = session.record("server").expect("a record");
    assert_eq!((&record["state"]["is"], &record["state"]["ready"]), (&"running".into(), &false.into()), "{record}");
    assert_eq!(sandbox.server("server").unwrap()["state"], "starting");
    assert!(process.alive(), "start did not wait");
    std::io::Write::write_all(&mut &server.orders, b"on\n").unwrap();
    assert!(start.wait().unwrap().success());
    assert_eq!(session.record("server").unwrap()["state"]["ready"], true);
    session.hook("stop", &["server"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn a_server_is_ready_when_a_line_of_its_output_matches() {
    assert_ready_after("echo about to be listening on port 80", "echo listening on port 80");
}

#[test]
fn a_server_is_ready_when_a_line_of_its_errors_matches() {
    assert_ready_after(":", "echo listening on port 80 >&2");
}

#[test]
fn a_line_that_comes_in_two_parts_is_one_line_and_binary_rubbish_is_none() {
    assert_ready_after(
        r"head -c 200000 /dev/urandom; printf 'listening on port x\nlistening on ' >&2",
        "printf 'port 80\r\n' >&2",
    );
}

#[test]
fn a_server_is_ready_when_it_has_lived_as_long_as_was_said() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    session.start(&["--ready-delay", "1ms"], "server", &["sleep".into(), "1000".into()]).ok();
    assert_eq!(session.record("server").unwrap()["state"]["ready"], true);
    session.hook("stop", &["server"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn a_server_that_is_not_ready_in_time_is_ended_whole_and_start_shows_what_it_said_last() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut server = Lives::new(&session, &sandbox, "server");
    let options = ["--ready-log", "^never$", "--ready-timeout", "3s", "--restart", "always"];
    let mut start = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    let start = start.args(server.arguments(&options)).stderr(Stdio::piped()).spawn().unwrap();
    server.tree.wait_for(&["leader", "setsid"]);
    let said = start.wait_with_output().unwrap();
    assert_eq!(said.status.code(), Some(1));
    let text = String::from_utf8_lossy(&said.stderr)
        .replace(sandbox.root().to_str().unwrap(), "[sandbox]")
        .replace(&session.id, "[id]");
    insta::assert_snapshot!(text, @r"
    mcp-hook: could not start server: it was not ready within 3 s
      ready
    hint: mcp-hook logs server shows all of [sandbox]/run/logs/[id]/server.log
    ");
    server.tree.assert_gone();
    let state = server.await_over();
    assert_eq!((&state["is"], &state["reason"]), (&"ended".into(), &"not-ready".into()), "{state}");
    let shown = sandbox.server("server").unwrap();
    assert_eq!((&shown["state"], &shown["restarts"]), (&"failed".into(), &0.into()), "{shown}");
    assert_eq!(shown["reason"], "it was not ready within 3 s");
}

/// Prints a line that nobody sees before it ends, unless its output is unbuffered.
const BUFFERS: &str = "import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
print('Serving HTTP')
while True: signal.pause()";

fn buffering() -> [String; 3] {
    ["python3", "-c", BUFFERS].map(str::to_owned)
}

#[test]
fn a_server_in_python_says_at_once_that_it_is_ready() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    session.start(&["--ready-log", "^Serving HTTP"], "python", &buffering()).ok();
    session.hook("stop", &["python"]).ok();
    session.assert_only_shell_left();
}

#[test]
fn what_a_server_kept_to_itself_is_logged_when_it_is_stopped() {
    let sandbox = Sandbox::new();
    // Set, though Python takes an empty one for none.
    sandbox.env("PYTHONUNBUFFERED", "");
    let session = BackgroundSession::open(&sandbox);
    let said = session.start(&["--ready-log", "^Serving", "--ready-timeout", "10s"], "python", &buffering());
    let said = said.expect_code(1).stderr;
    assert!(
        said.starts_with("mcp-hook: could not start python: it was not ready within 10 s\nhint: it printed nothing: "),
        "{said}"
    );
    session.assert_only_shell_left();
    let log = session.hook("logs", &["python"]).ok().stdout;
    assert!(log.contains(" out Serving HTTP"), "{log}");
}

#[test]
fn a_server_that_was_waited_for_and_printed_nothing_may_be_keeping_its_output_back() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let options = ["--ready-log", "^Serving", "--ready-timeout", "300ms"];
    let said = session.start(&options, "silent", &["sleep", "1000"].map(str::to_owned)).expect_code(1);
    insta::assert_snapshot!(said.stderr, @r"
    mcp-hook: could not start silent: it was not ready within 0.3 s
    hint: it printed nothing: many programs keep their output to themselves where there is no terminal; an option of its own, or stdbuf -oL in front of it, may change that
    ");
    session.assert_only_shell_left();
}

#[test]
fn settings_that_cannot_be_meant_are_refused_by_name() {
    let sandbox = Sandbox::new();
    for (option, value, why) in [
        ("--ready-log", "(", "found open group without closing ')'"),
        ("--ready-delay", "soon", "expected number at 0"),
        ("--restart", "never", "[possible values: no, on-failure, always]"),
        ("--memory", "2 gigs", "\"2 gigs\" is not a size like 2GiB or 500MB"),
        ("--stop-signal", "SIGKILL", "[possible values: SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2]"),
        ("--sample", "often", "expected number at 0"),
    ] {
        let said = sandbox.hook(["start", "server", option, value, "--", "true"]).expect_code(2);
        assert!(said.stderr.contains(option) && said.stderr.contains(why), "{said}");
    }
}
