//! Another user of the machine: the kernel lets them have a shared port, too, and they are not to get what is meant for a server.

use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::{answers, claimed, port_of, server, start};
use crate::support::{Process, Sandbox, Shell, Stranger, Terminal, Tree, skip, wait};

/// Another user than root, and what the password file calls them.
const OTHER: u32 = 65_534;
const NAMED: &str = "nobody (user 65534)";

fn is_root(test: &str) -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        skip(test, "needs root to act as another user");
    }
    is_root
}

/// A server that says its port in a file, and listens at `address` only once another file is there.
fn late_server(sandbox: &Sandbox, address: &str) -> (String, PathBuf) {
    let tree = Tree::program().display();
    let [port, go] = ["port", "go"].map(|name| sandbox.path(name));
    let wait = format!("echo $MCP_PORT >{}; while ! test -e {}; do sleep 0.01; done", port.display(), go.display());
    (format!("sh -c '{wait}; exec {tree} --listen $MCP_PORT@{address}'"), port)
}

fn said_port(file: &Path) -> u16 {
    wait::until("it says its port", || std::fs::read_to_string(file).ok()?.trim().parse().ok())
}

/// Starts a server, has another user listen on its port first, and expects a failure that names them.
#[track_caller]
fn assert_refused(options: &str, places: [&str; 2]) {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let (late, port) = late_server(&sandbox, places[0]);
    terminal.wait_prompt();
    terminal.send_line(&format!("mcp-hook start web {options} -- {late}; echo status=$?"));
    let number = said_port(&port);
    let stranger = Stranger::listen_as(&sandbox, OTHER, places[1], number);
    sandbox.write("go", "");
    let said = terminal.wait_for("status=1").replace('\r', "");
    let cause =
        format!("port {number} was taken by stranger, pid {}, of {NAMED} before it listened there", stranger.pid());
    assert!(said.contains(&format!("could not start web: {cause}")), "{said}");
    let web = server(&sandbox, "web");
    assert_eq!((web["state"].as_str(), web["reason"].as_str()), (Some("failed"), Some(&*cause)), "{web}");
    assert_eq!(web["restarts"], 0, "it did not try again elsewhere");
    wait::until("the port is given back", || claimed(&sandbox).is_empty().then_some(()));
    drop(stranger);
}

#[test]
fn another_user_who_listens_on_a_port_that_is_anybody_s_choice_is_a_failure_and_no_move() {
    if is_root("another_user_who_listens") {
        assert_refused("--port auto", ["127.0.0.1", "127.0.0.1"]);
    }
}

#[test]
fn another_user_who_listens_beside_the_server_is_a_failure() {
    if is_root("another_user_beside") {
        assert_refused("--port auto", ["127.0.0.1", "::1"]);
    }
}

#[test]
fn another_user_who_listens_is_seen_even_where_a_line_tells_that_the_server_is_ready() {
    if !is_root("another_user_and_a_line") {
        return;
    }
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let (late, port) = late_server(&sandbox, "127.0.0.1");
    terminal.run(&format!("mcp-hook start web --port auto --ready-delay 0s -- {late}")).ok();
    let number = said_port(&port);
    let stranger = Stranger::listen_as(&sandbox, OTHER, "::1", number);
    let reason = wait::until("it is given up", || {
        let web = sandbox.server("web")?;
        (web["state"] == "failed").then(|| web["reason"].as_str().unwrap().to_owned())
    });
    assert!(reason.contains(NAMED), "{reason}");
    drop(stranger);
}

#[test]
fn another_user_who_took_the_port_of_a_server_that_does_not_share_it_is_a_failure() {
    if !is_root("another_user_and_one_alone") {
        return;
    }
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let (late, port) = late_server(&sandbox, "127.0.0.1");
    let late = late.replace("--listen", "--listen-alone");
    terminal.run(&format!("mcp-hook start web --no-wait --port auto -- {late}")).ok();
    let stranger = Stranger::listen_as(&sandbox, OTHER, "127.0.0.1", said_port(&port));
    sandbox.write("go", "");
    let reason = wait::until("it is given up", || {
        let web = sandbox.server("web")?;
        (web["state"] == "failed").then(|| web["reason"].as_str().unwrap().to_owned())
    });
    assert!(reason.contains(NAMED), "{reason}");
    drop(stranger);
}

#[test]
fn nobody_else_gets_a_port_while_its_server_is_about_to_be_started_again() {
    if !is_root("nobody_else_gets_a_port_in_a_pause") {
        return;
    }
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    let port = port_of(&sandbox, "web");
    let process = |key| {
        let pid = server(&sandbox, "web")[key].as_i64().and_then(|pid| i32::try_from(pid).ok());
        pid.and_then(Process::with_pid)
    };
    // Whoever waits for the next start is stopped, so that the pause lasts as long as the look.
    let supervisor = process("supervisor_pid").expect("it is watched");
    wait::until("it is stopped in a pause", || {
        process("pid")?.signal(Signal::SIGKILL);
        wait::until("it is noticed", || (server(&sandbox, "web")["state"] != "running").then_some(()));
        supervisor.signal(Signal::SIGSTOP);
        wait::until("it is stopped", || (supervisor.stat()?.state == 'T').then_some(()));
        let is_pause = server(&sandbox, "web")["state"] == "waiting";
        if !is_pause {
            supervisor.signal(Signal::SIGCONT);
            wait::until("it runs again", || (server(&sandbox, "web")["state"] == "running").then_some(()));
        }
        is_pause.then_some(())
    });
    for address in ["127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::"] {
        assert!(!Stranger::could_listen(&sandbox, OTHER, address, port), "{address}");
    }
    supervisor.signal(Signal::SIGCONT);
    wait::until("it runs again", || (server(&sandbox, "web")["state"] == "running").then_some(()));
    assert_eq!(port_of(&sandbox, "web"), port);
    assert!(answers("127.0.0.1", port));
}

#[test]
fn another_user_who_listens_beside_a_server_that_runs_is_told_by_status() {
    if !is_root("another_user_beside_one_that_runs") {
        return;
    }
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    start(&mut terminal, "web", "auto", "127.0.0.1").ok();
    assert_eq!(server(&sandbox, "web")["warnings"], serde_json::json!([]));
    let stranger = Stranger::listen_as(&sandbox, OTHER, "::1", port_of(&sandbox, "web"));
    let said = format!("stranger, pid {}, of {NAMED} listens on its port, too, at ::1", stranger.pid());
    assert_eq!(server(&sandbox, "web")["warnings"], serde_json::json!([said]));
    let table = terminal.run("mcp-hook status").ok().stdout;
    assert!(table.contains(&format!("    warning: {said}\n")), "{table}");
    drop(stranger);
}
