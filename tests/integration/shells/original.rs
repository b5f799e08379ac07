//! Scripts written for the original, which knew one pid file and no supervisor, run unchanged.

use crate::support::each_shell::in_each_shell;
use crate::support::nasty_session::assert_nothing_recorded_alive;
use crate::support::{Sandbox, Shell, Terminal, Tree};

/// As such scripts were written. `node` is a program of the test.
const SCRIPT: &str = r#"#!/bin/bash
SESSION_ID="${MCP_SESSION_ID:-default}"
PID_FILE="${MCP_PID_FILE:-/tmp/mcp-sessions/pids/$SESSION_ID/proxmox.pid}"
echo $$ > "$PID_FILE"
cp config.json "${MCP_CONFIG_DIR:-/tmp/mcp-sessions/configs/$SESSION_ID}/proxmox-config.json"
exec node server.js
"#;

in_each_shell! {
    script_of_the_original_runs_unchanged_and_ends_with_the_session
    pid_file_beside_the_sessions_is_honoured_as_well
}

/// Runs `script` in the background of a session and returns once its server runs.
fn start<'s>(sandbox: &'s Sandbox, shell: Shell, script: &str) -> (Terminal<'s>, Tree<'s>) {
    let tree = Tree::new(sandbox, "node");
    // A job that survives the shell's own hang-up at exit: something has to end it.
    let node = format!("#!/bin/sh\ntrap '' HUP\nexec {}\n", tree.command(&["--ready"]).join(" "));
    sandbox.program("node", &node);
    sandbox.program("start-proxmox", script);
    sandbox.write("home/config.json", "{}\n");
    let mut terminal = Terminal::open(sandbox, shell);
    terminal.wait_prompt();
    terminal.send_line("start-proxmox &");
    (terminal, tree)
}

fn script_of_the_original_runs_unchanged_and_ends_with_the_session(shell: Shell) {
    is_unmanaged_and_ends(shell, SCRIPT, Some("proxmox-config.json"));
}

fn pid_file_beside_the_sessions_is_honoured_as_well(shell: Shell) {
    let script = "#!/bin/sh\necho $$ >\"${MCP_PID_FILE%/*}/proxmox.pid\"\nexec node server.js\n";
    is_unmanaged_and_ends(shell, script, None);
}

fn is_unmanaged_and_ends(shell: Shell, script: &str, config: Option<&str>) {
    let sandbox = Sandbox::new();
    let (mut terminal, mut tree) = start(&sandbox, shell, script);
    tree.wait_for(&["leader"]);
    let pid = tree.member("leader").process.pid;
    let status = terminal.run("mcp-hook status --json").ok().json();
    let servers = status["sessions"][0]["servers"].as_array().unwrap();
    let server = servers.iter().find(|server| server["pid"] == pid).unwrap_or_else(|| panic!("{status}"));
    assert_eq!((&server["state"], &server["managed"]), (&"unmanaged".into(), &false.into()), "{status}");
    if let Some(config) = config {
        let directory = terminal.variable("MCP_CONFIG_DIR");
        assert!(std::path::Path::new(&directory).join(config).exists());
    }
    terminal.wait_prompt();
    // zsh and fish ask a second time while a job runs.
    terminal.send("exit\nexit\n");
    terminal.wait_exit();
    tree.assert_gone();
    sandbox.assert_clean();
    assert_nothing_recorded_alive(&sandbox);
}
