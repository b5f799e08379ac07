//! The hooks under every option that changes what shell text means.

use crate::support::{Sandbox, Shell, StandIn, Terminal};

/// Names of commands that the hooks use: an alias or a function of the same name must not matter.
const SHADOWED: &str = "eval trap export local read return type unset exec shopt emulate setopt typeset whence command";

fn shadows() -> Vec<String> {
    let aliases = SHADOWED.split(' ').map(|name| format!("alias {name}='echo an alias ran; false'\n"));
    // Functions can not have the names of reserved words, which some of these are in some shells.
    let functions = ["trap", "read", "type", "unset", "shopt", "emulate", "whence", "mcp-hook"];
    let functions = functions.map(|name| format!("function {name} {{ echo a function ran; false; }}\n"));
    vec![aliases.collect(), functions.concat()]
}

/// Runs the hook after each of `lines` in a new shell and expects silence, a session, a `close` if that was used, and the exit
/// status.
fn works_after(shell: Shell, lines: &[String]) {
    for line in lines {
        for used in [true, false] {
            let sandbox = Sandbox::new();
            let stand_in = StandIn::install(&sandbox);
            // The rc line itself uses words that may be shadowed; the hook is what is tested.
            let source = format!("builtin source {}", shell.hook_file().display());
            let rc = format!("{line}\nprintf '[hook:'\n{source}\n{source}\nprintf ':hook]'\n");
            shell.write_bare_rc(&sandbox, &rc);
            let mut terminal = Terminal::open_command(&sandbox, shell, &mut sandbox.command(shell.name()));
            assert!(terminal.screen().contains("[hook::hook]"), "after {line:?}:\n{terminal}");
            leave(&stand_in, &mut terminal, used, line);
        }
    }
}

fn leave(stand_in: &StandIn, terminal: &mut Terminal, used: bool, line: &str) {
    let pid = terminal.process().pid;
    assert_eq!(terminal.variable("MCP_SESSION_ID"), format!("test-{pid}"), "after {line:?}");
    if used {
        stand_in.pretend_use(pid);
    }
    terminal.wait_prompt();
    terminal.send_line("printf 'leav%s\\n' ing; exit 7");
    assert_eq!(terminal.wait_exit().code(), Some(7), "after {line:?}:\n{terminal}");
    let screen = terminal.screen();
    let said = screen.rsplit("leaving\n").next().unwrap().trim();
    assert!(matches!(said, "" | "exit"), "after {line:?} something was said:\n{terminal}");
    // Where globs can not be used the hook can not know that a session was not used.
    if used {
        let close = format!("close {pid}:test-{pid} /dev/null /dev/null /dev/null");
        assert_eq!(stand_in.closes(), [close], "after {line:?}");
    }
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

#[test]
fn bash_hook_works_under_every_option() {
    works_after(
        Shell::Bash,
        &owned(&[
            "set -eu; set -o pipefail",
            "set -o posix",
            "set -o posix; set -eu",
            "set -C",
            "set -f",
            "set -a",
            "set +h",
            "shopt -s failglob",
            "shopt -s nullglob dotglob nocaseglob",
            "GLOBIGNORE='*'",
            "IFS=/:0123456789ae",
            "shopt -s extdebug; trap : DEBUG",
            "shopt -s execfail",
            "trap '' EXIT",
            "set +m",
        ]),
    );
}

#[test]
fn bash_hook_ignores_aliases_and_functions_named_like_builtins() {
    works_after(Shell::Bash, &shadows());
}

#[test]
fn zsh_hook_works_under_every_option() {
    works_after(
        Shell::Zsh,
        &owned(&[
            "set -eu; setopt pipefail",
            "emulate sh",
            "emulate sh; set -eu",
            "emulate ksh",
            "emulate csh",
            "setopt ksh_arrays",
            "setopt no_clobber",
            "setopt no_glob",
            "setopt null_glob",
            "setopt csh_null_glob",
            "setopt sh_word_split glob_subst",
            "setopt all_export",
            "setopt warn_create_global",
            "setopt posix_builtins",
            "setopt rc_quotes csh_junkie_quotes",
            "setopt no_unset err_return",
            "setopt ksh_glob sh_glob mark_dirs",
            "setopt no_multios no_function_argzero",
            "setopt no_exec_fail 2>/dev/null; setopt no_bg_nice",
            "IFS=/:0123456789ae",
        ]),
    );
}

#[test]
fn zsh_hook_ignores_aliases_and_functions_named_like_builtins() {
    works_after(Shell::Zsh, &shadows());
}

#[test]
fn fish_hook_works_with_other_event_handlers_and_variables() {
    works_after(
        Shell::Fish,
        &owned(&[
            "function other --on-event fish_exit; false; end",
            "set -g fish_trace 0; set -e fish_trace",
            "set -gx __mcp_hook_owner 1:other; set -gx __mcp_hook_dir /nowhere",
            "set -g line many words; set -g pid 1; set -g file x",
            "function mcp-hook; echo a function ran; end; alias ls 'echo an alias ran'",
        ]),
    );
}
