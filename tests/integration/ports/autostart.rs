//! Servers that start with the session, and what its shell knows of them before they do.

use std::fs;

use serde_json::json;

use super::{answers, claimed, port_of};
use crate::support::port::free_port;
use crate::support::{Sandbox, Shell, Terminal, Tree, wait};

/// Writes the user's definitions.
fn define(sandbox: &Sandbox, servers: &serde_json::Value) {
    sandbox.write("home/.config/mcp-hook/servers.json", json!({ "mcpServers": servers }).to_string());
}

/// A server that listens where it is told to.
fn listening(hook: &serde_json::Value) -> serde_json::Value {
    let tree = Tree::program().to_str().unwrap();
    json!({ "command": tree, "args": ["--listen", "${MCP_PORT}@127.0.0.1"], "url": "http://localhost:${MCP_PORT}/it's", "hook": hook })
}

fn a_shell_knows_its_servers_at_the_first_prompt(shell: Shell) {
    let sandbox = Sandbox::new();
    define(
        &sandbox,
        &json!({
            "fs": listening(&json!({ "autostart": true, "port": "auto" })),
            "not": listening(&json!({ "port": "auto" })),
            "plain": { "command": "sleep", "args": ["1000"], "hook": { "autostart": true } },
        }),
    );
    let mut terminal = Terminal::open(&sandbox, shell);
    let port: u16 = terminal.variable("MCP_FS_PORT").parse().expect("a port");
    assert_eq!(terminal.variable("MCP_FS_URL"), format!("http://localhost:{port}/it's"));
    assert_eq!(terminal.variable("MCP_NOT_PORT"), "");
    assert_eq!(
        terminal.variable("MCP_HOOK_OWNER"),
        format!("{}:{}", terminal.process().pid, terminal.variable("MCP_SESSION_ID"))
    );
    for name in ["fs", "plain"] {
        wait::until("it runs", || (sandbox.server(name)?["state"] == "running").then_some(()));
    }
    assert_eq!(port_of(&sandbox, "fs"), port, "the port that was promised");
    assert!(answers("127.0.0.1", port));
    assert!(sandbox.server("not").is_none());
    // The file is read once more, and a shell inside joins: neither starts anything, both know the ports.
    let pid = sandbox.server("fs").unwrap()["pid"].clone();
    terminal.run(&format!("{}; true", shell.hook_line())).ok();
    assert_eq!(terminal.variable("MCP_FS_PORT"), port.to_string());
    let inside = terminal
        .run(&format!("env -u MCP_FS_URL {} -i -c 'printf \"[%s]\" \"$MCP_FS_URL\"'", shell.name()))
        .ok()
        .stdout;
    assert!(inside.contains(&format!("[http://localhost:{port}/it's]")), "{inside}");
    assert_eq!(sandbox.server("fs").unwrap()["pid"], pid);
    terminal.send_line("exit");
    terminal.wait_exit();
    sandbox.assert_clean();
    assert!(claimed(&sandbox).is_empty());
}

#[test]
fn bash_knows_its_servers_at_the_first_prompt() {
    a_shell_knows_its_servers_at_the_first_prompt(Shell::Bash);
}

#[test]
fn zsh_knows_its_servers_at_the_first_prompt() {
    a_shell_knows_its_servers_at_the_first_prompt(Shell::Zsh);
}

#[test]
fn fish_knows_its_servers_at_the_first_prompt() {
    a_shell_knows_its_servers_at_the_first_prompt(Shell::Fish);
}

#[test]
fn every_session_has_its_own_even_where_all_prefer_the_same_port() {
    let sandbox = Sandbox::new();
    let free = free_port();
    define(
        &sandbox,
        &json!({ "fs": listening(&json!({ "autostart": true, "port": { "prefer": free, "env": "PORT" } })) }),
    );
    let mut terminals: Vec<_> = Shell::ALL.map(|shell| Terminal::open(&sandbox, shell)).into_iter().collect();
    let ports: Vec<u16> = terminals.iter_mut().map(|it| it.variable("MCP_FS_PORT").parse().unwrap()).collect();
    assert_eq!(ports[0], free);
    assert!(ports[1] != free && ports[2] != free && ports[1] != ports[2], "{ports:?}");
    for port in ports {
        wait::until("it listens", || answers("127.0.0.1", port).then_some(()));
    }
}

#[test]
fn what_goes_wrong_is_told_by_status_and_never_at_the_prompt() {
    let sandbox = Sandbox::new();
    let stranger = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = stranger.local_addr().unwrap().port();
    let needy = json!({ "command": "cat", "args": ["${NOT_SET}"], "hook": { "autostart": true } });
    define(
        &sandbox,
        &json!({
            "needy": needy,
            "needier": { "command": "cat", "args": ["${NOT_SET}", "${NOR_THIS}"], "hook": { "autostart": true } },
            "late": listening(&json!({ "autostart": true, "port": taken })),
            "missing": { "command": "no-such-program", "hook": { "autostart": true } },
            "good": listening(&json!({ "autostart": true, "port": "auto" })),
        }),
    );
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    wait::until("the good one runs", || (sandbox.server("good")?["state"] == "running").then_some(()));
    let failed = |name: &str| {
        wait::until("it has failed", || {
            let server = sandbox.server(name)?;
            (server["state"] == "failed").then(|| server["reason"].as_str().unwrap_or_default().to_owned())
        })
    };
    assert!(failed("needy").contains("NOT_SET"), "{}", failed("needy"));
    let needier = failed("needier");
    assert!(needier.contains("NOT_SET") && needier.contains("; ") && !needier.contains('\n'), "{needier}");
    let late = failed("late");
    assert!(late.starts_with(&format!("could not start late: port {taken} is in use by ")), "{late}");
    assert!(failed("missing").contains("(not-found)"), "{}", failed("missing"));
    assert_eq!(terminal.variable("MCP_LATE_PORT"), "", "it has no port");
    assert!(!terminal.screen().contains("could not"), "{}", terminal.screen());
    let log = fs::read_to_string(sandbox.runtime().join("logs/main.log")).unwrap();
    assert!(log.contains("could not start late"), "{log}");
}

#[test]
fn a_server_that_starts_with_the_session_holds_nothing_of_the_others() {
    let sandbox = Sandbox::new();
    let tree = Tree::program().to_str().unwrap();
    // None of them shares its port: each needs that nobody has a copy of its socket.
    let alone = |_| json!({ "command": tree, "args": ["--listen-alone", "${MCP_PORT}@127.0.0.1"], "hook": { "autostart": true, "port": "auto" } });
    let servers: serde_json::Map<_, _> = (0..4).map(|index| (format!("alone{index}"), alone(index))).collect();
    define(&sandbox, &servers.into());
    let mut terminal = Terminal::open_with_rc(&sandbox, Shell::Bash, "exec 7</dev/null", "");
    for index in 0..4 {
        let port: u16 = terminal.variable(&format!("MCP_ALONE{index}_PORT")).parse().expect("a port");
        wait::until("it runs", || (sandbox.server(&format!("alone{index}"))?["state"] == "running").then_some(()));
        assert_eq!(port_of(&sandbox, &format!("alone{index}")), port);
    }
    let server = sandbox.server("alone0").unwrap();
    for key in ["keeper_pid", "supervisor_pid"] {
        let descriptor = format!("/proc/{}/fd/7", server[key]);
        let target = fs::read_link(&descriptor).unwrap_or_default();
        assert_ne!(target.to_str(), Some("/dev/null"), "{key} has what the shell had open");
    }
}
