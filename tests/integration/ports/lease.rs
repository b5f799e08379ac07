//! Whose a port is, and for how long.

use std::fs;
use std::net::TcpListener;

use insta::assert_snapshot;
use nix::sys::signal::Signal;

use super::{answers, claimed, port_of, server, start};
use crate::support::{Process, Sandbox, Shell, Stranger, Terminal, Tree, wait};

#[test]
fn a_port_lasts_over_restarts_and_is_free_after_the_end() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    let port = port_of(&sandbox, "web");
    terminal.run("mcp-hook restart web").ok();
    assert_eq!(port_of(&sandbox, "web"), port, "restarted by hand");
    process(&sandbox, "pid").signal(Signal::SIGKILL);
    wait::until("it is restarted", || (server(&sandbox, "web")["restarts"] == 2).then_some(()));
    wait::until("it is ready again", || (server(&sandbox, "web")["state"] == "running").then_some(()));
    assert_eq!(port_of(&sandbox, "web"), port, "restarted after a crash");
    assert!(answers("127.0.0.1", port));
    assert!(TcpListener::bind(("127.0.0.1", port)).is_err(), "it is the server's");
    terminal.run("mcp-hook stop web").ok();
    TcpListener::bind(("0.0.0.0", port)).expect("it is free");
    assert!(claimed(&sandbox).is_empty());
}

#[test]
fn a_server_that_is_started_again_has_the_port_that_shells_know_unless_it_is_taken() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Fish);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    let port = port_of(&sandbox, "web");
    terminal.run("mcp-hook stop web").ok();
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    assert_eq!(port_of(&sandbox, "web"), port);
    terminal.run("mcp-hook stop web").ok();
    let stranger = Stranger::listen(&sandbox, "127.0.0.1", port);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    assert_ne!(port_of(&sandbox, "web"), port);
    drop(stranger);
}

#[test]
fn the_end_of_the_session_frees_the_port() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Zsh);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    assert_eq!(claimed(&sandbox).len(), 1);
    terminal.signal(Signal::SIGKILL);
    terminal.wait_exit();
    sandbox.assert_clean();
    assert!(claimed(&sandbox).is_empty());
}

#[test]
fn a_killed_supervisor_leaves_neither_the_port_nor_its_lock() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    let port = port_of(&sandbox, "web");
    let keeper = process(&sandbox, "keeper_pid");
    process(&sandbox, "supervisor_pid").signal(Signal::SIGKILL);
    assert!(keeper.gone_by(wait::Deadline::usual()));
    assert!(!answers("127.0.0.1", port));
    assert!(claimed(&sandbox).is_empty(), "the keeper has removed it");
}

#[test]
fn cleanup_removes_locks_that_nobody_holds_and_no_others() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    let port = port_of(&sandbox, "web");
    sandbox.write("run/ports/1.lock", "");
    terminal.run("mcp-hook cleanup").ok();
    assert_eq!(claimed(&sandbox).into_iter().collect::<Vec<_>>(), [port]);
}

#[test]
fn only_the_supervisor_has_the_socket_and_the_server_has_none_but_its_own() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    let port = port_of(&sandbox, "web");
    // Signals arrive by sockets, too, but by those of another family.
    let local = fs::read_to_string("/proc/net/unix").unwrap();
    let is_local = |socket: &str| local.lines().any(|line| line.split_whitespace().nth(6) == Some(socket));
    let is_ours = |target: &str| match target.strip_prefix("socket:[") {
        Some(socket) => !is_local(socket.trim_end_matches(']')),
        None => target.ends_with(&format!("{port}.lock")),
    };
    let count = |key| {
        let entries = fs::read_dir(format!("/proc/{}/fd", process(&sandbox, key).pid)).unwrap().flatten();
        let targets = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
        targets.filter(|target| is_ours(target.to_str().unwrap())).count()
    };
    assert_eq!(count("keeper_pid"), 0);
    assert_eq!(count("pid"), 1, "what it listens with");
    assert_eq!(count("supervisor_pid"), 2, "the socket and the lock");
}

#[test]
fn a_fixed_port_that_somebody_has_is_refused_before_anything_is_started() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let mut other = Terminal::open(&sandbox, Shell::Bash);
    let tree = Tree::program().display().to_string();
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    let port = port_of(&sandbox, "web").to_string();
    let pid = process(&sandbox, "pid").pid.to_string();
    let title = process(&sandbox, "pid").title();
    let refused = start(&mut other, "copy", &port, "127.0.0.1").expect_code(1).stdout;
    let refused = refused.replace(&port, "N").replace(&pid, "PID").replace(&title, "TREE");
    assert_snapshot!(refused, @r"
    mcp-hook: could not start copy: port N is in use by TREE, pid PID
    hint: end that program, or choose another port, or auto
    ");
    assert!(sandbox.server("copy").is_none(), "there is nothing to be seen of it");
    // One that does not listen yet has its port, too.
    terminal.run("mcp-hook stop web").ok();
    terminal.run(&format!("mcp-hook start late --no-wait --port {port} -- {tree}")).ok();
    let refused = start(&mut other, "copy", &port, "127.0.0.1").expect_code(1).stdout;
    assert_snapshot!(refused.replace(&port, "N"), @r"
    mcp-hook: could not start copy: port N is kept for a server of another session
    hint: mcp-hook status --all shows who has it; or choose another one, or auto
    ");
}

#[test]
fn what_is_no_port_is_refused() {
    let sandbox = Sandbox::new();
    for bad in ["0", "65536", "-1", "8000x", "Auto", ""] {
        let output = sandbox.hook(["start", "web", &format!("--port={bad}"), "--", "true"]).expect_code(2);
        let said = output.stderr.lines().next().unwrap_or_default().replace(&format!("'{bad}'"), "BAD");
        insta::allow_duplicates! {
            if !bad.is_empty() {
                assert_snapshot!(said, @"error: invalid value BAD for '--port <PORT>': it is neither auto nor a number from 1 to 65535");
            }
        }
    }
}

#[test]
fn a_server_that_never_listens_on_its_port_is_not_ready() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let tree = Tree::program().display();
    let line = format!("mcp-hook start web --port auto --ready-timeout 300ms -- {tree}");
    let said = terminal.run(&line).expect_code(1).stdout;
    assert!(said.contains("could not start web: it did not listen on its port within 0.3 s (no-answer)"), "{said}");
    assert!(claimed(&sandbox).is_empty(), "the port is given back");
}

/// A process of the server `web`, by its key in `status --json`.
#[track_caller]
fn process(sandbox: &Sandbox, key: &str) -> Process {
    let pid = server(sandbox, "web")[key].as_i64().and_then(|pid| i32::try_from(pid).ok());
    Process::with_pid(pid.unwrap_or_else(|| panic!("no {key}"))).expect("it runs")
}
