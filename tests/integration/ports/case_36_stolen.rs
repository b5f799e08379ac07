//! Case 36: a stranger takes the port between the moment in which it is leased and the one in which the server binds it.

use std::path::{Path, PathBuf};

use super::{answers, claimed, port_of};
use crate::support::port::free_port;
use crate::support::{Sandbox, Shell, Stranger, Terminal, Tree, wait};

/// A server that listens at `address` only once the file is there.
fn late_server(go: &Path, address: &str) -> String {
    let tree = Tree::program().display();
    let wait = format!("while ! test -e {}; do sleep 0.01; done", go.display());
    format!("sh -c '{wait}; exec {tree} --listen $MCP_PORT@{address}'")
}

/// Starts a late server, has a stranger listen on its port, and lets the server bind it then.
fn steal(sandbox: &Sandbox, terminal: &mut Terminal<'_>, port: &str, places: [&str; 2]) -> (Stranger, u16) {
    let [ours, strangers] = places;
    let go: PathBuf = sandbox.path("go");
    terminal.run(&format!("mcp-hook start web --no-wait --port {port} -- {}", late_server(&go, ours))).ok();
    let number = port_of(sandbox, "web");
    // Before that, nobody else can have the port.
    wait::until("the server is started", || sandbox.server("web")?["pid"].as_i64());
    let stranger = Stranger::listen(sandbox, strangers, number);
    sandbox.write("go", "");
    (stranger, number)
}

#[track_caller]
fn assert_moves(places: [&str; 2]) {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let (stranger, stolen) = steal(&sandbox, &mut terminal, "auto", places);
    let port = wait::until("it listens on another port", || {
        let server = sandbox.server("web")?;
        (server["state"] == "running" && server["port"] != stolen).then(|| port_of(&sandbox, "web"))
    });
    assert!(answers("127.0.0.1", port));
    assert_eq!(sandbox.server("web").unwrap()["restarts"], 0, "the user is not concerned");
    let log = terminal.run("mcp-hook logs web").ok().stdout;
    let stranger_pid = stranger.pid();
    assert!(log.contains(&format!("warning: port {stolen} was taken by ")), "{log}");
    assert!(log.contains(&format!("pid {stranger_pid}; moving to port {port}")), "{log}");
    assert_eq!(claimed(&sandbox).into_iter().collect::<Vec<_>>(), [port], "what was stolen is not kept");
    drop(stranger);
}

#[test]
fn case_36_a_port_that_the_server_could_not_bind_is_exchanged() {
    assert_moves(["127.0.0.1", "127.0.0.1"]);
}

#[test]
fn case_36_a_port_on_which_a_stranger_listens_beside_the_server_is_exchanged() {
    assert_moves(["127.0.0.1", "::1"]);
}

#[test]
fn case_36_a_fixed_port_that_is_stolen_is_an_error_that_names_the_stranger() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let free = free_port();
    let (stranger, number) = steal(&sandbox, &mut terminal, &free.to_string(), ["127.0.0.1", "::1"]);
    assert_eq!(number, free);
    let reason = wait::until("it is given up", || {
        let server = sandbox.server("web")?;
        (server["state"] == "failed").then(|| server["reason"].as_str().unwrap().to_owned())
    });
    let stranger_pid = stranger.pid();
    assert!(reason.starts_with(&format!("port {free} was taken by ")), "{reason}");
    assert!(reason.ends_with(&format!(", pid {stranger_pid} before it listened there")), "{reason}");
    wait::until("the port is given back", || claimed(&sandbox).is_empty().then_some(()));
    drop(stranger);
}

#[test]
fn case_36_somebody_who_listens_on_the_port_of_a_client_s_server_is_named_to_the_client() {
    let sandbox = Sandbox::new();
    let number = free_port();
    let stranger = Stranger::listen(&sandbox, "127.0.0.1", number);
    let number = number.to_string();
    let output = sandbox.hook(["run", "web", "--port", &number, "--", "cat"]).expect_code(1);
    let stranger_pid = stranger.pid().to_string();
    let said = output.stderr.replace(&number, "N").replace(&stranger_pid, "PID");
    assert!(said.starts_with("mcp-hook: could not run web: port N is in use by "), "{said}");
    assert!(said.ends_with(", pid PID\nhint: end that program, or choose another port, or auto\n"), "{said}");
}
