//! `mcp_info`, `mcp_warn` and `mcp_error` in real shells.

use std::fs;

use crate::support::each_shell::in_each_shell;
use crate::support::{Sandbox, Shell, Terminal};

in_each_shell! {
    shells_write_to_the_central_log
    missing_binary_makes_them_silent
}

/// What shells may be told before they read the hook.
fn options(shell: Shell) -> &'static [&'static str] {
    match shell {
        Shell::Bash => &[
            "",
            "set -eu; set -o pipefail",
            "set -o posix",
            "set -C",
            "set -f; IFS=/:0123456789ae",
            "alias mcp_info=false",
        ],
        Shell::Zsh => &[
            "",
            "set -eu",
            "emulate sh",
            "emulate ksh",
            "setopt ksh_arrays no_clobber",
            "alias mcp_info=false; setopt err_return",
        ],
        Shell::Fish => &["", "alias mcp_info false"],
    }
}

fn shells_write_to_the_central_log(shell: Shell) {
    for before in options(shell) {
        let sandbox = Sandbox::new();
        let mut terminal = Terminal::open_with_rc(&sandbox, shell, before, "unalias mcp_info 2>/dev/null || true");
        let id = terminal.variable("MCP_SESSION_ID");
        for (line, said) in [
            ("mcp_info web two words", "info  ID web two words"),
            ("mcp_warn web '* $HOME \\ -v'", "warn  ID web * $HOME \\\\ -v"),
            ("mcp_error web --help", "error ID web --help"),
        ] {
            let output = terminal.run(line).ok();
            assert!(!output.stdout.contains("mcp-hook"), "{before}: {output}");
            let main = fs::read_to_string(sandbox.runtime().join("logs/main.log")).unwrap();
            let said = said.replace("ID", &id);
            assert!(main.lines().last().unwrap().ends_with(&format!("Z {said}")), "{before}: {said}\n{main}");
        }
        let errors = fs::read_to_string(sandbox.runtime().join("logs/error.log")).unwrap();
        assert_eq!(errors.lines().count(), 2, "{errors}");
        let refused = terminal.run("mcp_info || true").ok();
        assert!(refused.stdout.contains("required arguments"), "{before}: {refused}");
        terminal.send_line("exit");
        terminal.wait_exit();
    }
}

fn missing_binary_makes_them_silent(shell: Shell) {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, shell);
    let nowhere = if shell == Shell::Fish { "set PATH /nowhere" } else { "PATH=/nowhere" };
    terminal.run(&format!("{nowhere}; mcp_info web text; mcp_warn web text; mcp_error web text")).ok();
    let screen = terminal.screen();
    assert!(!screen.contains("not found") && !screen.contains("nknown command"), "{screen}");
    terminal.send_line("exit");
    terminal.wait_exit();
}
