//! What clients and their configurations put behind `run`: labels that are no names, and commands without `--`.

use serde_json::Value;

use crate::support::BackgroundSession;
use crate::support::{Output, Sandbox};

/// What was said before the server's end.
fn first(said: &Output) -> String {
    let lines = said.stderr.lines().take_while(|line| !line.contains(" ended because it ended by itself"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// `run ARGUMENTS` in a world without a session.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox.hook(["run", "--direct"].iter().chain(arguments))
}

#[test]
fn a_label_that_is_no_name_runs_under_one_that_is_told_once() {
    let sandbox = Sandbox::new();
    for (label, name) in [
        ("MaaS Slack", "MaaS-Slack"),
        ("com.example/time", "com.example-time"),
        ("天気", "server"),
        ("session", "session-server"),
    ] {
        let said = run(&sandbox, &[label, "--", "sh", "-c", "echo $MCP_SERVER_NAME"]).ok();
        assert_eq!(said.stdout, format!("{name}\n"));
        assert_eq!(first(&said), format!("mcp-hook: {label:?} runs as {name}\n"));
        let told = sandbox.hook(["logs"]).ok().stdout;
        assert_eq!(told.matches(&format!("{label:?} runs as {name}")).count(), 1, "{told}");
    }
    let said = run(&sandbox, &["plain", "--", "true"]).ok();
    assert_eq!(first(&said), "");
}

#[test]
fn labels_of_one_name_are_numbered_and_every_command_knows_them_by_name() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    session.start(&[], "MaaS-Slack", &["sleep", "1000"].map(str::to_owned)).ok();
    let said = session.hook("run", &["--direct", "MaaS/Slack", "--", "sh", "-c", "echo $MCP_SERVER_NAME"]).ok();
    assert_eq!(
        (&said.stdout[..], &first(&said)[..]),
        ("MaaS-Slack.2\n", "mcp-hook: \"MaaS/Slack\" runs as MaaS-Slack.2\n")
    );
    assert_eq!(
        session.hook("status", &["MaaS-Slack.2", "--json"]).json()["sessions"][0]["servers"][0]["name"],
        "MaaS-Slack.2"
    );
    session.hook("stop", &["MaaS-Slack"]).ok();
}

#[test]
fn other_commands_refuse_a_label_and_say_what_run_makes_of_it() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["start", "MaaS Slack", "--", "true"][..],
        &["stop", "MaaS Slack"],
        &["restart", "MaaS Slack"],
        &["status", "MaaS Slack"],
        &["logs", "MaaS Slack"],
        &["check", "MaaS Slack"],
        &["add", "MaaS Slack", "--", "true"],
    ] {
        let said = sandbox.hook(arguments).expect_code(2);
        assert!(said.stderr.contains("\nhint: mcp-hook run takes it as MaaS-Slack\n"), "{said}");
    }
    run(&sandbox, &["", "--", "true"]).expect_code(2);
    assert!(!sandbox.runtime().join("pids").exists(), "nothing was started");
}

/// Says what it was started with, an argument a line.
const SHOW: &str = "#!/bin/sh\nprintf '<%s>\\n' \"$@\"\n";

#[test]
fn a_command_without_dashes_is_run_as_it_stands() {
    let sandbox = Sandbox::new();
    sandbox.program("show", SHOW);
    let spaced = sandbox.program("show it", SHOW);
    for (arguments, expected) in [
        (&["t", "show", "-y", "--grace", "x y"][..], "<-y>\n<--grace>\n<x y>\n"),
        (&["t", "--", "show", "-y", "--grace", "x y"], "<-y>\n<--grace>\n<x y>\n"),
        (&["t", "show", "a", "--", "-b"], "<a>\n<-->\n<-b>\n"),
        (&["t", "--grace", "5s", "show", "--help"], "<--help>\n"),
        (&["t", "--grace", "5s", "--", "show", "--help"], "<--help>\n"),
        (&["--grace", "5s", "t", "show", "--version"], "<--version>\n"),
        (&["t", "show"], "<>\n"),
        (&["t", "show \"$MCP_SERVER_NAME\" | sed s/t/u/"], "<u>\n"),
        (&["t", spaced.to_str().unwrap()], "<>\n"),
        (&["t", "--", spaced.to_str().unwrap()], "<>\n"),
    ] {
        let said = run(&sandbox, arguments).ok();
        assert_eq!((&said.stdout[..], &first(&said)[..]), (expected, ""), "{arguments:?}");
    }
    // Behind `--` nothing is for a shell.
    run(&sandbox, &["t", "--", "show x"]).expect_code(127);
    let said = run(&sandbox, &["t", "--grce", "5s", "--", "show"]).expect_code(2);
    assert!(said.stderr.contains("unexpected argument '--grce'") && said.stderr.contains("--grace"), "{said}");
}

#[test]
fn the_options_in_front_of_a_command_without_dashes_count() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut command = sandbox.command("mcp-hook");
    command.args(["run", "--session", &session.id, "t", "--no-tty", "--grace", "7s", "cat", "--grace", "9s"]);
    sandbox.run(&mut command);
    let record: Value = session.record("t").unwrap();
    assert_eq!((&record["settings"]["grace_ms"], &record["settings"]["terminal"]), (&7000.into(), &false.into()));
}
