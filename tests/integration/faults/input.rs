//! What cannot be meant: the message names the argument, and nothing is started.

use crate::support::Sandbox;
use crate::support::WindowSession;
use crate::support::output::redact;

/// What is said about `words`, with the exit code in front.
#[track_caller]
fn said(session: &WindowSession, words: &[&str]) -> String {
    let mut command = session.sandbox.command("mcp-hook");
    command.env("MCP_SESSION_ID", &session.id);
    let output = session.sandbox.run(command.args(words));
    assert_eq!(output.stdout, "", "{output}");
    assert!(output.code() == 1 || output.code() == 2, "{output}");
    let lines: Vec<_> = output.stderr.lines().filter(|line| !line.is_empty()).collect();
    format!("{}: {}", output.code(), redact(session.sandbox, &lines.join("\n")))
}

#[track_caller]
fn assert_nothing_was_started(session: WindowSession) {
    let files = std::fs::read_dir(&session.pids).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    assert_eq!(files.len(), 2, "only the session's own: {files:?}");
    session.end();
}

#[test]
fn names_that_could_leave_their_directory_are_refused_by_name() {
    let sandbox = Sandbox::new();
    let session = WindowSession::open(&sandbox);
    for name in ["../x", ".hidden", "a/b", "-rf", "a b", "a\nb", "ä", "", "x\u{1b}[2J"] {
        for command in [&["start"][..], &["stop"], &["restart"], &["status"], &["logs"]] {
            let text = said(&session, &[command, &["--", name]].concat());
            assert!(text.starts_with("2: "), "{command:?} {name:?}: {text}");
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }
    let long = "x".repeat(65);
    insta::assert_snapshot!(said(&session, &["start", "../x", "--", "sleep", "1000"]), @r#"
    2: error: invalid value '../x' for '<NAME>': server name "../x" is not 1 to 64 of the characters A-Z a-z 0-9 . _ - with a letter or digit in front
    hint: mcp-hook run takes it as x
    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(said(&session, &["start", "session", "--", "sleep", "1000"]), @r#"
    2: error: invalid value 'session' for '<NAME>': the server name "session" is taken by mcp-hook itself
    For more information, try '--help'.
    "#);
    assert!(said(&session, &["start", &long, "--", "sleep", "1000"]).contains(&long));
    assert_nothing_was_started(session);
}

#[test]
fn session_ids_that_could_leave_their_directory_are_refused_by_id() {
    let sandbox = Sandbox::new();
    let session = WindowSession::open(&sandbox);
    insta::assert_snapshot!(said(&session, &["status", "--session", "../../x"]), @r#"
    2: error: invalid value '../../x' for '--session <ID>': session id "../../x" has not the form TTY-PID-RANDOM, as ID has
    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(said(&session, &["status", "--session", "nobody-1-aaaa"]), @"
    1: mcp-hook: could not use the session nobody-1-aaaa: there is none of this id
    hint: mcp-hook status --all shows the sessions there are
    ");
    for command in [&["start", "web"][..], &["stop", "web"], &["restart", "web"], &["logs"], &["run", "web"]] {
        for id in ["../../x", "/etc", "", ".", "a b", "a\nb"] {
            let text = said(&session, &[command, &["--session", id]].concat());
            assert!(text.starts_with("2: "), "{command:?} {id:?}: {text}");
        }
    }
    assert_nothing_was_started(session);
}

#[test]
fn empty_commands_are_refused_with_the_way_to_write_one() {
    let sandbox = Sandbox::new();
    let session = WindowSession::open(&sandbox);
    insta::assert_snapshot!(said(&session, &["start", "web", "--session", &session.id]), @"
    1: mcp-hook: could not start web: no command was given, and it is not defined
    hint: mcp-hook start web -- COMMAND ARGUMENT…, or define it: mcp-hook add web -- COMMAND ARGUMENT… (in ROOT/home/.config/mcp-hook/servers.json)
    ");
    insta::assert_snapshot!(said(&session, &["start", "web", ""]), @"
    1: mcp-hook: could not start web: the command is empty
    hint: mcp-hook start web -- COMMAND ARGUMENT…
    ");
    insta::assert_snapshot!(said(&session, &["start", "web", " \t\n "]), @"
    1: mcp-hook: could not start web: the command is empty
    hint: mcp-hook start web -- COMMAND ARGUMENT…
    ");
    insta::assert_snapshot!(said(&session, &["start", "web", "--", ""]), @"
    1: mcp-hook: could not start web: the command is empty
    hint: mcp-hook start web -- COMMAND ARGUMENT…
    ");
    insta::assert_snapshot!(said(&session, &["run", "web"]), @"
    1: mcp-hook: could not run web: no command was given, and it is not defined
    hint: mcp-hook run web -- COMMAND ARGUMENT…, or define it: mcp-hook add web -- COMMAND ARGUMENT… (in ROOT/home/.config/mcp-hook/servers.json)
    ");
    insta::assert_snapshot!(said(&session, &["start", "web", "one line", "--", "and", "words"]), @"
    2: error: the argument '[COMMAND LINE]' cannot be used with '[CMD]...'
    Usage: mcp-hook start <NAME> <COMMAND LINE> [-- <CMD>...]
    For more information, try '--help'.
    ");
    assert_nothing_was_started(session);
}

#[test]
fn times_that_are_none_are_refused_with_the_argument() {
    let sandbox = Sandbox::new();
    let session = WindowSession::open(&sandbox);
    insta::assert_snapshot!(said(&session, &["start", "web", "--grace", "nonsense", "--", "true"]), @"
    2: error: invalid value 'nonsense' for '--grace <TIME>': expected number at 0
    For more information, try '--help'.
    ");
    insta::assert_snapshot!(said(&session, &["start", "web", "--grace", "3", "--", "true"]), @"
    2: error: invalid value '3' for '--grace <TIME>': time unit needed, for example 3sec or 3ms
    For more information, try '--help'.
    ");
    for time in ["-1s", "", "1e9s", "99999999999999999999s"] {
        let text = said(&session, &["start", "web", &format!("--grace={time}"), "--", "true"]);
        assert!(text.starts_with("2: ") && text.contains("--grace"), "{time:?}: {text}");
    }
    assert_nothing_was_started(session);
}

#[test]
fn commands_that_cannot_be_started_are_named() {
    let sandbox = Sandbox::new();
    let session = WindowSession::open(&sandbox);
    sandbox.write("home/no-program", "");
    insta::assert_snapshot!(said(&session, &["start", "a", "--session", &session.id, "--", "no-such-program"]), @r"
    1: mcp-hook: could not start a: there is no program no-such-program on PATH (not-found)
    hint: install it, or give its full path; clients that have no shell have a shorter PATH
    ");
    insta::assert_snapshot!(said(&session, &["start", "b", "--session", &session.id, "--", "./no-such-file"]), @r"
    1: mcp-hook: could not start b: there is no ROOT/home/no-such-file (not-found)
    hint: correct the path; it is relative to ROOT/home
    ");
    insta::assert_snapshot!(said(&session, &["start", "c", "--session", &session.id, "--", "./no-program"]), @r"
    1: mcp-hook: could not start c: ROOT/home/no-program may not be executed (not-executable)
    hint: chmod +x ROOT/home/no-program, or have its interpreter run it: python3 ROOT/home/no-program, node ROOT/home/no-program
    ");
    session.end();
}

#[test]
fn what_is_not_there_is_named_with_the_way_to_see_what_is() {
    let sandbox = Sandbox::new();
    let session = WindowSession::open(&sandbox);
    for (command, code) in [("stop", 1), ("restart", 1), ("logs", 1), ("status", 4)] {
        let output = session.outside(&[command, "nothing"]).expect_code(code);
        assert!(output.stderr.contains("nothing") && output.stderr.contains("hint: "), "{output}");
    }
    assert_nothing_was_started(session);
}

#[test]
fn close_of_what_is_not_ours_is_refused() {
    let sandbox = Sandbox::new();
    let session = WindowSession::open(&sandbox);
    let owner = session.terminal.process().pid;
    insta::assert_snapshot!(said(&session, &["close", "nonsense"]), @"1: mcp-hook: could not close a session: the argument is not PID:ID");
    insta::assert_snapshot!(said(&session, &["close", "x:y-1-z"]), @"1: mcp-hook: could not close a session: the argument is not PID:ID: invalid digit found in string");
    insta::assert_snapshot!(said(&session, &["close", "1:../../x"]), @r#"1: mcp-hook: session id "../../x" has not the form TTY-PID-RANDOM, as ID has"#);
    insta::assert_snapshot!(said(&session, &["close", "1:nobody-1-aaaa"]), @"1: mcp-hook: could not find the session nobody-1-aaaa");
    // The right words, but said by somebody else.
    let stolen = said(&session, &["close", &format!("{owner}:{}", session.id)]);
    insta::assert_snapshot!(stolen, @"1: mcp-hook: could not close the session ID: it is not this shell's");
    assert!(session.file("session.json").exists());
    session.end();
}
