//! The live view on a real terminal, driven by real keys.

use std::fs::File;
use std::io::{Read, Write};

use nix::sys::signal::Signal;

use crate::support::teletype::{open_pty, spawn_on};
use crate::support::wait::Deadline;
use crate::support::{Process, Sandbox, Shell, Terminal, Tree, wait};

/// What begins the alternate screen.
const ENTERED: &str = "\u{1b}[?1049h";
/// What ends the alternate screen.
const LEFT: &str = "\u{1b}[?1049l";

/// What the terminal is like for a program that the shell starts.
fn modes(terminal: &mut Terminal<'_>) -> String {
    terminal.run("stty -a").ok().stdout
}

/// Starts the view and waits until it is drawn; once it has ended the shell prints its status.
#[track_caller]
fn watch(terminal: &mut Terminal<'_>, before: &str) -> Process {
    terminal.wait_prompt();
    terminal.send_line(&format!("{before} TERM=xterm mcp-hook status --watch; echo \"sta\"tus:$?:"));
    terminal.wait_for("restart");
    let shell = terminal.process().pid;
    wait::until("the view is a child of the shell", || {
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).ok()?;
        Process::with_pid(children.split_ascii_whitespace().next()?.parse().ok()?)
    })
}

#[track_caller]
fn wait_state(sandbox: &Sandbox, name: &str, state: &str) {
    let is_there = || sandbox.server(name).filter(|server| server["state"] == state).map(drop);
    wait::until(&format!("{name} is {state}"), is_there);
}

#[test]
fn keys_select_stop_restart_and_quit_and_the_terminal_is_as_before() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    for name in ["alpha", "beta", "gamma"] {
        terminal.run(&format!("mcp-hook start {name} -- sleep 1000")).ok();
    }
    let before = modes(&mut terminal);
    watch(&mut terminal, "");
    // Down to beta by two ways there and back.
    terminal.send("\u{1b}[Bjkx");
    wait_state(&sandbox, "beta", "stopped");
    for name in ["alpha", "gamma"] {
        assert_eq!(sandbox.server(name).expect("it is there")["state"], "running", "{name}");
    }
    // What is redrawn whole is the screen that there is now, narrow, with the result: "stopped beta after …".
    terminal.resize(10, 40);
    terminal.wait_for("alpha");
    terminal.wait_for("after");
    terminal.send("r");
    wait_state(&sandbox, "beta", "running");
    terminal.send("s");
    terminal.resize(24, 80);
    terminal.wait_for("CPU");
    terminal.send("q");
    terminal.wait_for(LEFT);
    terminal.wait_for("status:0:");
    terminal.resize(50, 2000);
    assert_eq!(modes(&mut terminal), before);
    terminal.run("mcp-hook stop --all").ok();
}

#[test]
fn a_server_that_takes_its_time_to_stop_does_not_hold_the_view_up() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let mut tree = Tree::new(&sandbox, "deaf");
    let line = tree.command(&["--ignore-term", "--ready"]).join(" ");
    terminal.run(&format!("mcp-hook start deaf --grace 5m -- {line}")).ok();
    tree.wait_for(&["leader"]);
    watch(&mut terminal, "");
    terminal.send("x");
    wait_state(&sandbox, "deaf", "stopping");
    terminal.send("q");
    terminal.wait_for("status:0:");
    assert_eq!(sandbox.server("deaf").expect("it is there")["state"], "stopping");
    tree.member("leader").process.signal(Signal::SIGKILL);
    wait_state(&sandbox, "deaf", "stopped");
}

#[test]
fn what_changes_elsewhere_is_drawn() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let session = terminal.variable("MCP_SESSION_ID");
    watch(&mut terminal, "");
    sandbox.hook(["start", "--session", &session, "newcomer", "--", "sleep", "1000"]).ok();
    terminal.wait_for("newcomer");
    sandbox.hook(["stop", "--session", &session, "newcomer"]).ok();
    terminal.send("q");
    terminal.wait_for("status:0:");
}

#[test]
fn signals_end_the_view_and_give_the_terminal_back() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let before = modes(&mut terminal);
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGINT, 130)] {
        let view = watch(&mut terminal, "");
        view.signal(signal);
        terminal.wait_for(LEFT);
        terminal.wait_for(&format!("status:{code}:"));
        assert_eq!(modes(&mut terminal), before, "{signal}");
    }
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_shows_the_view_again() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let before = modes(&mut terminal);
    let view = watch(&mut terminal, "");
    for _ in 0..2 {
        terminal.send("\u{1a}");
        terminal.wait_for(LEFT);
        terminal.wait_for("Stopped");
        assert_eq!(modes(&mut terminal), before);
        terminal.wait_prompt();
        terminal.send_line("fg; echo fg $? \"is\" over");
        terminal.wait_for(ENTERED);
        terminal.wait_for("restart");
    }
    view.signal(Signal::SIGTSTP);
    terminal.wait_for("Stopped");
    terminal.wait_prompt();
    terminal.send_line("fg; echo fg $? \"is\" over");
    terminal.wait_for(ENTERED);
    terminal.wait_for("restart");
    terminal.send("q");
    terminal.wait_for(LEFT);
    terminal.wait_for("fg 0 is over");
    assert_eq!(modes(&mut terminal), before);
}

#[test]
fn a_view_that_was_stopped_from_outside_obeys_its_keys_after_fg() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let before = modes(&mut terminal);
    let view = watch(&mut terminal, "");
    view.signal(Signal::SIGSTOP);
    terminal.wait_for("Stopped");
    assert_eq!(modes(&mut terminal), before);
    terminal.wait_prompt();
    terminal.send_line("fg; echo fg $? \"is\" over");
    terminal.wait_for(ENTERED);
    terminal.wait_for("restart");
    terminal.send("q");
    terminal.wait_for(LEFT);
    terminal.wait_for("fg 0 is over");
    assert_eq!(modes(&mut terminal), before);
}

#[test]
fn a_view_in_the_background_is_stopped_and_draws_nothing() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let before = modes(&mut terminal);
    let start = "TERM=xterm mcp-hook status --watch & while [ -z \"$(jobs -s)\" ]; do :; done";
    let said = terminal.run(start).ok().stdout;
    assert!(!said.contains("restart"), "{said}");
    let view = wait::until("the view is a job", || {
        let pid = terminal.run("jobs -p").ok().stdout;
        Process::with_pid(pid.trim().parse().ok()?)
    });
    // In the background it is stopped again, however often it is told to go on.
    for _ in 0..3 {
        view.signal(Signal::SIGCONT);
        wait::until("it is stopped", || (view.stat()?.state == 'T').then_some(()));
    }
    let said = terminal.run("bg; while [ -z \"$(jobs -s)\" ]; do :; done; echo nothing").ok().stdout;
    assert!(!said.contains("restart"), "{said}");
    assert_eq!(modes(&mut terminal), before);
    terminal.wait_prompt();
    terminal.send_line("fg; echo fg $? \"is\" over");
    terminal.wait_for("restart");
    terminal.send("q");
    terminal.wait_for("fg 0 is over");
    assert_eq!(modes(&mut terminal), before);
}

#[test]
fn a_view_without_a_shell_to_continue_it_is_not_stopped() {
    let sandbox = Sandbox::new();
    let (mut master, slave) = open_pty();
    let id = sandbox.hook(["open"]).ok().stdout;
    assert!(id.contains("MCP_SESSION_ID"));
    let mut command = sandbox.command("mcp-hook");
    let mut view = spawn_on(command.env("TERM", "xterm").args(["status", "--watch", "--all"]), &slave);
    drop(slave);
    for key in ["\u{1a}", "\u{1a}", "q"] {
        read_until(&mut master, "restart");
        master.write_all(key.as_bytes()).unwrap();
    }
    assert_eq!(view.wait().unwrap().code(), Some(0));
}

/// Reads what a terminal shows up to this text.
fn read_until(master: &mut File, text: &str) {
    let mut seen = Vec::new();
    let deadline = Deadline::usual();
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert!(wait::one_readable(master, deadline), "waited in vain for {text}: {}", String::from_utf8_lossy(&seen));
        let mut chunk = [0; 4096];
        let length = master.read(&mut chunk).unwrap();
        seen.extend(&chunk[..length]);
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let before = modes(&mut terminal);
    terminal.wait_prompt();
    let line = "MCP_HOOK_FAILPOINT=watch TERM=xterm mcp-hook status --watch; echo \"sta\"tus:$?:";
    terminal.send_line(line);
    terminal.wait_for(LEFT);
    terminal.wait_for("the test asks for it");
    terminal.wait_for("status:101:");
    assert_eq!(modes(&mut terminal), before);
}

#[test]
fn a_window_that_is_closed_ends_the_view() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let view = watch(&mut terminal, "");
    terminal.close_window();
    assert!(view.gone_by(Deadline::usual()), "{view} outlived its terminal");
}

#[test]
fn without_a_terminal_to_draw_on_there_is_an_error_with_a_way_out() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let hint = "hint: mcp-hook status shows the servers once, mcp-hook status --json for programs";
    for (line, cause) in [
        ("TERM=xterm mcp-hook status --watch >out", "standard input and output must be a terminal"),
        ("TERM=xterm mcp-hook status --watch </dev/null", "standard input and output must be a terminal"),
        ("TERM=dumb mcp-hook status --watch", "the terminal can only print lines (TERM is dumb or not set)"),
    ] {
        let said = terminal.run(line).expect_code(1).stdout;
        assert_eq!(said.trim_end(), format!("mcp-hook: could not show a live view: {cause}\n{hint}"));
    }
    assert_eq!(std::fs::read(sandbox.home().join("out")).unwrap(), b"", "nothing was drawn");
}

#[test]
fn no_color_is_respected() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.run("mcp-hook start alpha -- sleep 1000").ok();
    for (before, is_coloured) in [("NO_COLOR=1", false), ("", true)] {
        terminal.wait_prompt();
        terminal.send_line(&format!("{before} TERM=xterm mcp-hook status --watch"));
        let drawn = terminal.wait_for("restart");
        // Green, as ratatui names it.
        assert_eq!(drawn.contains("\u{1b}[38;5;2"), is_coloured, "{drawn:?}");
        terminal.send("\u{1b}");
        terminal.wait_for(LEFT);
    }
    terminal.run("mcp-hook stop alpha").ok();
}
