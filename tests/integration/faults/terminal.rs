//! Names and texts that others chose, as they reach a terminal: nothing in them moves a cursor, hides text or forges a line.

use std::fs::{self, File};
use std::process::Stdio;

use serde_json::json;

use crate::support::port::free_port;
use crate::support::{Output, Sandbox, Shell, Stranger, Terminal, wait};

/// Clears the screen, hides, turns around, and goes on in a line that looks like one of ours.
const EVIL: &str = "a\x1b[2J\u{9b}8m\u{202e}\u{200b}\u{e0041}\nmcp-hook: all is well";
/// The same as it is shown.
const SHOWN: &str = r"a\u{1b}[2J\u{9b}8m\u{202e}\u{200b}\u{e0041}\nmcp-hook: all is well";

/// Fails if something in what was said is more than text, or stands in a line of its own.
#[track_caller]
fn assert_tame(output: &Output) {
    for said in [&output.stdout, &output.stderr] {
        let wild = |it: char| it != '\n' && it.is_control() || "\u{202e}\u{200b}\u{e0041}".contains(it);
        assert!(!said.contains(wild), "{said:?}");
        assert!(said.lines().all(|line| !line.starts_with("mcp-hook: all is well")), "{output}");
    }
}

#[track_caller]
fn assert_shown(output: &Output) {
    assert_tame(output);
    assert!((output.stdout.clone() + &output.stderr).contains(SHOWN), "{output}");
}

/// A command of ours in a directory of that name, which has a project's file.
fn in_evil_directory(sandbox: &Sandbox, words: &[&str]) -> Output {
    let directory = sandbox.path(EVIL);
    let project = json!({ "mcpServers": { EVIL: { "command": EVIL, "args": [EVIL] }, "web": { "command": EVIL } } });
    sandbox.write(format!("{EVIL}/.mcp.json"), project.to_string());
    sandbox.run(sandbox.command("mcp-hook").args(words).current_dir(directory))
}

#[test]
fn a_directory_s_name_is_only_shown() {
    let sandbox = Sandbox::new();
    for words in [&["list"][..], &["check"], &["allow"], &["list"], &["allow"], &["check"], &["deny"], &["deny"]] {
        assert_shown(&in_evil_directory(&sandbox, words));
    }
    let missing = sandbox.path(format!("{EVIL}/none"));
    for verb in ["allow", "deny"] {
        let output = sandbox.run(sandbox.command("mcp-hook").arg(verb).arg(&missing));
        assert_shown(&output);
    }
}

#[test]
fn a_home_with_a_line_break_is_only_shown() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path(EVIL)).unwrap();
    for words in [&["add", "web", "--", "true"][..], &["remove", "web"], &["list"], &["doctor"]] {
        let mut command = sandbox.command("mcp-hook");
        command.args(words).env("HOME", sandbox.path(EVIL)).env_remove("MCP_HOOK_DIR");
        assert_tame(&sandbox.run(&mut command));
    }
    // A session is opened where the test's own are: without that, this machine's real directory would take it.
    let with_home =
        |words: &[&str]| sandbox.run(sandbox.command("mcp-hook").args(words).env("HOME", sandbox.path(EVIL)));
    assert_tame(&with_home(&["open"]));
    assert_shown(&with_home(&["add", "web", "--", "true"]));
}

#[test]
fn a_word_that_was_typed_is_only_shown() {
    let sandbox = Sandbox::new();
    for words in [
        &["stop", EVIL][..],
        &["status", EVIL],
        &[EVIL],
        &["status", "--all", "--watch", EVIL],
        &["start", "web", &format!("--{EVIL}")],
        &["start", "web", "--port", EVIL, "--", "true"],
        &["run", "web", "--", EVIL],
        &["remove", EVIL],
    ] {
        assert_shown(&sandbox.hook(words));
    }
    let output = sandbox.run(sandbox.command("mcp-hook").args(["status"]).env("MCP_HOOK_DIR", EVIL));
    assert_shown(&output);
}

#[test]
fn the_names_of_processes_are_only_shown() {
    let sandbox = Sandbox::new();
    // What a process is called, it chooses itself: at most 15 bytes.
    let script = "import subprocess, sys
open('/proc/self/comm', 'w').write('a\\x1b[2J\\nok: well')
print(subprocess.run(['mcp-hook', 'open'], capture_output=True, text=True).stdout, flush=True)
sys.stdin.read()";
    let mut command = sandbox.command("python3");
    let out = File::create(sandbox.path("opened")).unwrap();
    let mut owner = command.args(["-c", script]).stdin(Stdio::piped()).stdout(out).spawn().unwrap();
    let opened = wait::until("the session is open", || {
        let text = fs::read_to_string(sandbox.path("opened")).ok()?;
        text.contains("MCP_SESSION_ID").then_some(text)
    });
    let id = opened.split('\'').nth(1).unwrap().to_owned();
    let status = sandbox.hook(["status", "--all"]).ok();
    assert_tame(&status);
    assert!(status.stdout.contains(r"(a\u{1b}[2J\nok: wel"), "{status}");
    // A script's own pid file is called as it likes, too.
    let mut stray = sandbox.command("sleep").arg("1000").spawn().unwrap();
    let pids = sandbox.runtime().join("pids").join(&id);
    fs::write(pids.join(format!("{EVIL}.pid")), stray.id().to_string()).unwrap();
    assert_tame(&sandbox.hook(["status", "--all"]).ok());
    drop(owner.stdin.take());
    owner.wait().unwrap();
    for words in [&["doctor"][..], &["cleanup", "--dry-run"], &["cleanup"], &["logs"]] {
        assert_tame(&sandbox.hook(words));
    }
    let _ = stray.kill();
    stray.wait().unwrap();
}

#[test]
fn who_listens_on_a_port_is_only_shown() {
    let sandbox = Sandbox::new();
    let port = free_port();
    let stranger = Stranger::listen_named(&sandbox, "a\x1b[2J\nok: well", port);
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let said = terminal.run(&format!("mcp-hook start web --port {port} -- true 2>said")).expect_code(1);
    assert_eq!(said.stdout, "");
    let said = fs::read_to_string(sandbox.home().join("said")).unwrap();
    let first = said.lines().next().unwrap_or_default();
    assert!(first.ends_with(&format!(r"in use by a\u{{1b}}[2J\nok: well, pid {}", stranger.pid())), "{said:?}");
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn what_a_client_is_told_is_a_line() {
    let sandbox = Sandbox::new();
    let output = sandbox.hook(["run", "web", "--", EVIL]).expect_code(127);
    let hint = "install it, or give its full path; clients that have no shell have a shorter PATH";
    assert_eq!(
        output.stderr,
        format!("mcp-hook: could not run web: there is no program {SHOWN} on PATH (not-found); {hint}\n")
    );
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.run("mcp-hook start web -- $'no\\nready after 0.0 s'").expect_code(1);
    let log = fs::read_dir(sandbox.runtime().join("logs")).unwrap().flatten().map(|it| it.path().join("web.log"));
    let log = log.filter_map(|path| fs::read_to_string(path).ok()).collect::<String>();
    assert!(
        !log.lines().any(|line| line.contains("ready after 0.0 s") && !line.contains("could not start")),
        "a line of ours was forged\n{log}"
    );
}

#[test]
fn what_a_server_says_of_itself_hides_nothing() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let endless = "1;".repeat(500);
    let say = format!("printf '\\033[8mhidden\\033[0m \\033[31;41mred \\033[{endless}1mx \\u200b\\n' >&2; exit 1");
    sandbox.write("server.sh", say);
    let script = sandbox.path("server.sh").display().to_string();
    let said =
        terminal.run(&format!("TERM=xterm CLICOLOR_FORCE=1 mcp-hook start web -- bash {script}")).expect_code(1).stdout;
    for shown in [r"\u{1b}[8mhidden", r"\u{1b}[31;41mred", r"\u{1b}[1;1;1", r"x \u{200b}"] {
        assert!(said.contains(shown), "{shown}\n{said}");
    }
    let said = terminal.run("TERM=xterm mcp-hook logs web").ok().stdout;
    assert!(said.contains(r"\u{1b}[8mhidden"), "{said}");
    // For programs a log is what it is.
    terminal.run("mcp-hook logs web >copy").ok();
    assert!(fs::read(sandbox.home().join("copy")).unwrap().windows(4).any(|part| part == b"\x1b[8m"));
}

#[test]
fn json_is_the_same_data_and_only_shows() {
    let sandbox = Sandbox::new();
    let output = in_evil_directory(&sandbox, &["list", "--json"]).ok();
    assert_tame(&output);
    let file = output.json()["files"][0]["file"].as_str().unwrap().to_owned();
    assert_eq!(file, sandbox.path(format!("{EVIL}/.mcp.json")).to_str().unwrap());
}

#[test]
fn what_is_told_verbosely_is_only_shown() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("mcp-hook");
    command.args(["-v", "status", "--all"]).env_remove("MCP_HOOK_DIR").env("HOME", sandbox.path("a\u{202e}\u{200b}b"));
    let output = sandbox.run(&mut command).ok();
    assert_tame(&output);
    assert!(output.stderr.contains(r"/a\u{202e}\u{200b}b/"), "{output}");
}
