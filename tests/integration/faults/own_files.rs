//! What a server can do to the files of its own session: nobody waits for it, and no other file is touched.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal;

use crate::support::WindowSession;
use crate::support::{Sandbox, Shell, Terminal, skip, wait};

/// A server that has written something, and its log.
fn with_log(session: &mut WindowSession<'_>) {
    session.hook("start web -- sh -c 'echo hello; exec sleep 1000'").ok();
    wait::until("the line is in the log", || session.log().contains("hello").then_some(()));
}

#[test]
fn log_that_is_a_pipe_or_a_link_now_is_not_waited_for_and_not_followed() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    with_log(&mut session);
    let log = session.log_path();
    fs::remove_file(&log).unwrap();
    nix::unistd::mkfifo(&log, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let said = session.outside(&["logs", "web"]).expect_code(1).stderr;
    assert!(said.contains("web.log: it is not a regular file"), "{said}");
    fs::remove_file(&log).unwrap();
    symlink(sandbox.write("secret", "2026-01-01T00:00:00.000Z out secret\n"), &log).unwrap();
    let said = session.outside(&["logs", "web"]).expect_code(1);
    assert!(said.stderr.contains("web.log: it is a symbolic link") && !said.stdout.contains("secret"), "{said}");
    session.hook("stop web").ok();
    assert_eq!(fs::read_to_string(sandbox.path("secret")).unwrap(), "2026-01-01T00:00:00.000Z out secret\n");
    session.end();
}

#[test]
fn live_view_of_a_server_whose_log_is_a_pipe_is_left_by_a_key() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.run("mcp-hook start web -- sleep 1000").ok();
    let log = sandbox.runtime().join("logs").join(terminal.variable("MCP_SESSION_ID")).join("web.log");
    wait::until("there is a log", || log.exists().then_some(()));
    fs::remove_file(&log).unwrap();
    nix::unistd::mkfifo(&log, nix::sys::stat::Mode::S_IRWXU).unwrap();
    terminal.wait_prompt();
    terminal.send_line("TERM=xterm mcp-hook status --watch; echo \"sta\"tus:$?:");
    terminal.wait_for("restart");
    // The log of what is selected is shown.
    terminal.send("\r");
    terminal.send("q");
    terminal.send("q");
    terminal.wait_for("status:0:");
    terminal.signal(Signal::SIGKILL);
    terminal.wait_exit();
    sandbox.assert_clean();
}

/// The log of a session that has ended.
fn bury(sandbox: &Sandbox, id: &str) -> File {
    let directory = sandbox.runtime().join("logs").join(id);
    fs::create_dir_all(&directory).unwrap();
    let file = File::create(directory.join("web.log")).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(1)).unwrap();
    file
}

#[test]
fn log_with_a_hole_of_two_hundred_gigabytes_evicts_nobody() {
    let sandbox = Sandbox::new();
    sandbox.hook(["open"]).ok();
    bury(&sandbox, "notty-999999999-aaaa");
    let sparse = bury(&sandbox, "notty-999999999-bbbb");
    sparse.set_len(200 << 30).unwrap();
    let said = sandbox.hook(["cleanup", "--dry-run"]).ok().stdout;
    assert!(!said.contains("logs"), "{said}");
}

#[test]
fn three_thousand_records_with_holes_do_not_hold_up_a_new_shell() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    for number in 0..3000 {
        File::create(session.file(&format!("a{number}.json"))).unwrap().set_len(1 << 20).unwrap();
    }
    // Of a dead session too.
    let dead = sandbox.runtime().join("pids/notty-999999999-aaaa");
    fs::create_dir(&dead).unwrap();
    for number in 0..3000 {
        File::create(dead.join(format!("a{number}.json"))).unwrap().set_len(1 << 20).unwrap();
    }
    if sandbox.command("strace").arg("-V").output().is_err() {
        return skip("three_thousand_records_with_holes", "needs strace");
    }
    let trace = sandbox.path("trace");
    // In the shell of the session, and in another one.
    let line = format!("strace -qq -o {} -e trace=read mcp-hook open", trace.display());
    for is_within in [true, false] {
        if is_within {
            session.terminal.run(&line).ok();
        } else {
            sandbox.run(sandbox.command("sh").args(["-c", &line])).ok();
        }
        let text = fs::read_to_string(&trace).unwrap();
        let bytes: usize = text.lines().filter_map(|line| line.rsplit(" = ").next()?.parse::<usize>().ok()).sum();
        assert!(bytes < 16 << 20, "{bytes} bytes were read");
    }
    session.end();
}

#[test]
fn log_with_a_hole_is_shown_without_reading_through_it() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    with_log(&mut session);
    let log = File::options().append(true).open(session.log_path()).unwrap();
    log.set_len(200 << 30).unwrap();
    std::io::Write::write_all(&mut &log, b"\n2026-01-01T00:00:00.000Z out behind\n").unwrap();
    let said = session.outside(&["logs", "web"]).ok().stdout;
    assert!(said.ends_with("out behind\n"), "{said}");
    session.hook("stop web").ok();
    session.end();
}

#[test]
fn pipe_in_the_place_of_a_projects_file_does_not_hold_the_doctor_up() {
    let sandbox = Sandbox::new();
    nix::unistd::mkfifo(&sandbox.home().join(".mcp.json"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let said = sandbox.hook(["doctor"]).stdout;
    assert!(said.contains(".mcp.json") && said.contains("it is not a regular file"), "{said}");
}
