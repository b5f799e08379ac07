//! What people read.

use super::{connect, define_faulty};
use crate::support::faulty;
use crate::support::{Sandbox, Shell, Terminal};

/// What differs from run to run: times, sizes, numbers of processes.
fn steady(text: &str) -> String {
    let after = |text: &str, mark: &str, new: &str| match text.split_once(mark) {
        Some((before, rest)) => {
            format!("{before}{mark}{new}{}", rest.trim_start_matches(|it: char| it.is_ascii_digit()))
        }
        None => text.to_owned(),
    };
    let line = |line: &str| {
        let line = after(&after(line, "answers after ", "N"), "(pid ", "N");
        let line = after(&line, "standard input, for ", "N");
        match line.rsplit_once(" · ") {
            Some((before, last)) if last.ends_with("iB") => format!("{before} · SIZE"),
            _ => line,
        }
    };
    text.lines().map(|it| line(it) + "\n").collect()
}

#[test]
fn the_verdict_stands_first_then_what_was_seen_the_last_words_and_what_helps() {
    let sandbox = Sandbox::new();
    define_faulty(&sandbox, &["none", "exited", "content-length", "no-tools", "leaves-processes", "no-answer"]);
    let output = connect(&sandbox, &["--timeout", "30s"]).expect_code(1);
    insta::assert_snapshot!(steady(&output.stdout), @r"
    ✗ content-length  fails at handshake
        content-length: it writes Content-Length headers in front of its messages, as language servers do: clients wait for ever
        hint: MCP ends each message with a newline and has no headers: use its SDK's stdio transport for MCP
    ✗ exited  fails at handshake
        exited: it ended before it answered (exit status 3)
          │ no configuration: CONFIG is not set
        hint: the cause is its own, and in its last lines
    ! leaves-processes  fault 1.0 · 2025-06-18 · 1 tool · answers after N ms · SIZE
        leaves-processes: it left processes behind, which were ended: sleep (pid N)
        hint: mcp-hook run ends them with it; under a client alone they would go on
    ✗ no-answer  fails at handshake
        no-answer: there is no answer after 30 s; it reads its standard input, for N s
        hint: it may keep its answer in a buffer: write each message with its newline and flush standard output; or it waits for something else than MCP messages on standard input
    ! no-tools  fault 1.0 · 2025-06-18 · 0 tools · answers after N ms · SIZE
        no-tools: it has no tools, no prompts and no resources: Gemini CLI takes that for a failure, others connect for nothing
        hint: see whether it needs a variable, a login or an option before it offers its tools
        clients: works in Claude Code, Codex, mcporter; not in Gemini CLI
    ✓ none  fault 1.0 · 2025-06-18 · 1 tool · answers after N ms · SIZE
    ");
}

#[test]
fn a_command_needs_no_definition() {
    let sandbox = Sandbox::new();
    let program = faulty::program(&sandbox);
    let output = connect(&sandbox, &["--", "python3", program.to_str().unwrap(), "none"]).ok();
    assert!(output.stdout.contains("python3  fault 1.0 · 2025-06-18 · 1 tool · "), "{output}");
}

#[test]
fn a_terminal_shows_meanwhile_what_is_waited_for() {
    let sandbox = Sandbox::new();
    sandbox.env("TERM", "xterm");
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.send_line("mcp-hook check --connect --timeout 1h -- python3 -c 'import sys; sys.stdin.read()'");
    terminal.wait_for("checking python3 (");
    terminal.wait_for("): it reads its standard input");
    terminal.send("\x03");
    terminal.wait_prompt();
}
