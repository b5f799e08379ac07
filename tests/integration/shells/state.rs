//! What the hooks leave as it was: everything but their own few names.

use std::fs;

use crate::support::each_shell::in_each_shell;
use crate::support::{Sandbox, Shell, StandIn, Terminal};

in_each_shell! {
    sourcing_twice_changes_nothing
    hook_is_silent_and_its_first_line_no_comment
    prompt_commands_options_and_aliases_stay_as_they_were
}

fn sourcing_twice_changes_nothing(shell: Shell) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let mut terminal = Terminal::open(&sandbox, shell);
    let look = match shell {
        Shell::Bash => "trap -p; set | grep -v -e '^_=' -e '^BASH' -e LINENO -e PIPESTATUS -e FUNCNAME",
        Shell::Zsh => "typeset -p zshexit_functions; functions; env | sort",
        Shell::Fish => "functions --handlers-type generic; functions --all | string match '*mcp*'; env | sort",
    };
    let before = terminal.run(look).stdout;
    let again = terminal.run(shell.hook_line()).ok();
    assert_eq!(without_prompts(&again.stdout), [] as [String; 0]);
    let after = terminal.run(look).stdout;
    assert_eq!(without_prompts(&before), without_prompts(&after));
    let pid = terminal.process().pid;
    stand_in.pretend_use(pid);
    terminal.send_line("exit 5");
    assert_eq!(terminal.wait_exit().code(), Some(5));
    assert_eq!(stand_in.closes().len(), 1);
}

/// What a command said: not the echo of the line that is typed behind it, nor the prompt in front of that.
fn without_prompts(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty() && !line.contains("<<%s")).map(str::to_owned).collect()
}

fn hook_is_silent_and_its_first_line_no_comment(shell: Shell) {
    let sandbox = Sandbox::new();
    StandIn::install(&sandbox);
    let terminal = Terminal::open_with_rc(&sandbox, shell, "printf '[hook:'", "printf ':hook]'");
    assert!(terminal.screen().contains("[hook::hook]"), "{terminal}");
    let text = fs::read_to_string(shell.hook_file()).unwrap();
    assert!(!text.trim_start().starts_with('#'));
}

/// Everything of a shell's state that a hook could change, one item a line, written to `file`.
fn dump_state(shell: Shell, file: &str) -> String {
    let commands = match shell {
        Shell::Bash => "(set -o posix; set); trap -p DEBUG; alias; shopt; set -o; umask; declare -F",
        Shell::Zsh => {
            "typeset; print -l -- ${(ok)functions}; functions precmd; alias; setopt; umask; trap; print $preexec_functions"
        }
        Shell::Fish => "functions --all; functions --handlers; set --names; functions fish_prompt; bind; abbr; umask",
    };
    match shell {
        Shell::Fish => format!("begin; {commands}; end >~/{file}"),
        Shell::Bash | Shell::Zsh => format!("{{ {commands}; }} >~/{file}"),
    }
}

fn prompt_commands_options_and_aliases_stay_as_they_were(shell: Shell) {
    let sandbox = Sandbox::new();
    StandIn::install(&sandbox);
    let own = match shell {
        Shell::Bash => "PROMPT_COMMAND='true a'; trap 'true b' DEBUG; PS1='c '; alias cd='builtin cd'",
        Shell::Zsh => "precmd() { true a; }; preexec_functions=(true); PS1='c '; alias cd='builtin cd'",
        Shell::Fish => "function fish_prompt; echo 'c '; end; function cd; builtin cd $argv; end",
    };
    // The first dump loads what the second one would.
    let dumps = ["warm", "before"].map(|file| dump_state(shell, file)).join("\n");
    Terminal::open_with_rc(&sandbox, shell, &format!("{own}\n{dumps}"), &dump_state(shell, "after"));
    let [before, after] = ["home/before", "home/after"].map(|name| {
        let text = fs::read_to_string(sandbox.path(name)).unwrap();
        // Of ours: two functions, two variables, the session's variables, the exit hook; and what counts commands or time.
        let own = |line: &&str| {
            let moving =
                ["LINENO=", "PIPESTATUS=", "SECONDS=", "RANDOM=", "EPOCHREALTIME=", "BASH_SUBSHELL=", "TTYIDLE="];
            !line.to_lowercase().contains("mcp_")
                && !line.starts_with("_=")
                && !moving.iter().any(|name| line.contains(name))
        };
        text.lines().filter(own).map(str::to_owned).collect::<Vec<_>>()
    });
    let only =
        |one: &[String], other: &[String]| one.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>();
    assert_eq!((only(&before, &after), only(&after, &before)), (vec![], vec![]));
    assert!(before.len() > 30, "the dump is a dump: {before:?}");
}
