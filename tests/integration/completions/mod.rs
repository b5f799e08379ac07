//! The TAB key in real shells: names of servers and ids of sessions are those that there are.

use crate::support::{Sandbox, Shell, Terminal};

/// What makes the shell load the completions, as README says.
fn rc_lines(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => r#"eval "$(mcp-hook completions bash)""#,
        Shell::Zsh => "autoload -Uz compinit && compinit -u -D\neval \"$(mcp-hook completions zsh)\"",
        Shell::Fish => "mcp-hook completions fish | source",
    }
}

/// Types the beginning of a command, TAB, and what is missing then; waits for the whole word before going on.
fn complete(terminal: &mut Terminal<'_>, line: &str, word: &str) {
    terminal.send(line);
    terminal.send("\t");
    terminal.wait_for(word);
    terminal.send("\n");
}

fn names_complete(shell: Shell) {
    let sandbox = Sandbox::new();
    sandbox.write("home/.config/mcp-hook/servers.json", r#"{"mcpServers": {"in-a-file": {"command": "x"}}}"#);
    let mut terminal = Terminal::open_with_rc(&sandbox, shell, "", rc_lines(shell));
    terminal.run("mcp-hook start proxmox -- sleep 1000").ok();
    terminal.run("mcp-hook start directory-polling -- sleep 1000").ok();

    // The id begins with the terminal's name, which every session here has.
    complete(&mut terminal, "mcp-hook status --session pts", &session(&sandbox));
    terminal.wait_for("directory-polling");
    complete(&mut terminal, "mcp-hook stop prox", "proxmox");
    terminal.wait_for("stopped proxmox");
    complete(&mut terminal, "mcp-hook restart dir", "directory-polling");
    terminal.wait_for("started directory-polling");
    complete(&mut terminal, "mcp-hook logs direc", "directory-polling");
    complete(&mut terminal, "mcp-hook remove in-", "in-a-file");
    terminal.wait_for("removed in-a-file");
    terminal.run(":").ok();
}

/// The id of the only session.
fn session(sandbox: &Sandbox) -> String {
    sandbox.status()["sessions"][0]["id"].as_str().expect("a session").to_owned()
}

#[test]
fn bash_completes_servers_and_sessions() {
    names_complete(Shell::Bash);
}

#[test]
fn zsh_completes_servers_and_sessions() {
    names_complete(Shell::Zsh);
}

#[test]
fn fish_completes_servers_and_sessions() {
    names_complete(Shell::Fish);
}

#[test]
fn every_script_loads_without_a_word() {
    for shell in Shell::ALL {
        let sandbox = Sandbox::new();
        let script = match shell {
            Shell::Zsh => "autoload -Uz compinit && compinit -u -D && eval \"$(mcp-hook completions zsh)\"",
            _ => rc_lines(shell),
        };
        let output = sandbox.run(sandbox.command(shell.name()).args(["-c", script])).ok();
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output}");
    }
}
