//! A user's own exit code, before and after the hook.

use crate::support::{Sandbox, Shell, StandIn, Terminal};

/// Leaves a shell whose rc file has these lines around the hook with status 7. Returns what it said on leaving and how often
/// it called `close`.
fn leave(shell: Shell, before: &str, after: &str) -> (String, usize) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let mut terminal = Terminal::open_with_rc(&sandbox, shell, before, after);
    stand_in.pretend_use(terminal.process().pid);
    terminal.wait_prompt();
    terminal.send_line("printf 'leav%s\\n' ing; exit 7");
    assert_eq!(terminal.wait_exit().code(), Some(7), "{terminal}");
    let screen = terminal.screen();
    let said = screen.rsplit("leaving\n").next().unwrap();
    (said.trim_start_matches("exit\n").to_owned(), stand_in.closes().len())
}

/// A trap with everything that is hard to quote, and what it says.
const HARD_TRAP: &str = "trap 'status=$?
# a comment with an odd \" and a `
echo \"it'\\''s $status\" '\\''$HOME'\\'' \\\\ !x
echo two' EXIT";
const HARD_WORDS: &str = "it's 7 $HOME \\ !x\ntwo\n";

#[test]
fn bash_trap_of_before_still_runs_with_its_status() {
    assert_eq!(leave(Shell::Bash, HARD_TRAP, ""), (HARD_WORDS.to_owned(), 1));
}

#[test]
fn bash_trap_of_before_still_runs_in_posix_mode_and_under_errexit() {
    for options in ["set -o posix", "set -e", "set -eu; set -o posix -o pipefail"] {
        let before = format!("{options}\n{HARD_TRAP}");
        assert_eq!(leave(Shell::Bash, &before, ""), (HARD_WORDS.to_owned(), 1), "{options}");
    }
}

#[test]
fn bash_trap_that_begins_with_a_comment_or_a_newline_still_runs() {
    for text in ["# first\necho ran $?", "\n\necho ran $?", "  echo ran $?  # last"] {
        let before = format!("trap '{text}' EXIT");
        assert_eq!(leave(Shell::Bash, &before, ""), ("ran 7\n".to_owned(), 1), "{text:?}");
    }
}

#[test]
fn bash_trap_of_after_that_calls_the_one_before_runs_both() {
    let after = "old=$(trap -p EXIT); eval \"set -- $old\"; trap \"$3\necho mine \\$?\" EXIT";
    assert_eq!(leave(Shell::Bash, "trap 'echo first $?' EXIT", after), ("first 7\nmine 0\n".to_owned(), 1));
}

#[test]
fn bash_trap_of_after_replaces_ours_and_still_runs() {
    // What only the supervisor can cover: no hook sees this.
    assert_eq!(leave(Shell::Bash, "", HARD_TRAP), (HARD_WORDS.to_owned(), 0));
}

#[test]
fn bash_sourced_again_after_a_trap_was_replaced_stands_in_front_again() {
    let after = format!("{HARD_TRAP}\n{}", Shell::Bash.hook_line());
    assert_eq!(leave(Shell::Bash, "", &after), (HARD_WORDS.to_owned(), 1));
}

#[test]
fn bash_function_that_sources_the_hook_sets_the_same_trap() {
    let after = "trap - EXIT\nreload() { . ~/.hook; }\nmcp-hook init bash >~/.hook\nreload";
    assert_eq!(leave(Shell::Bash, "", after), (String::new(), 1));
}

#[test]
fn zsh_functions_of_before_and_after_still_run_with_their_status() {
    let before = "before() { echo before $?; }; zshexit_functions=(before)";
    let after = "after() { echo after $?; }; zshexit_functions+=(after)\nTRAPEXIT() { echo trap $?; }";
    let (said, closes) = leave(Shell::Zsh, before, after);
    assert_eq!(closes, 1);
    let lines: Vec<_> = said.lines().collect();
    for line in ["before 7", "after 7", "trap 7"] {
        assert!(lines.contains(&line), "{said}");
    }
}

#[test]
fn zsh_functions_that_fail_or_exit_come_too_late_to_stop_ours() {
    for body in ["false", "return 3", "exit 7"] {
        let before = format!("before() {{ {body}; }}; zshexit_functions=(before)");
        assert_eq!(leave(Shell::Zsh, &before, "").1, 1, "{body}");
    }
}

#[test]
fn zsh_add_zsh_hook_of_after_still_works() {
    let after = "autoload -Uz add-zsh-hook; mine() { echo mine $?; }; add-zsh-hook zshexit mine";
    assert_eq!(leave(Shell::Zsh, "", after), ("mine 7\n".to_owned(), 1));
}

#[test]
fn fish_handlers_of_before_and_after_still_run() {
    let before = "function before --on-event fish_exit; echo before; end";
    let after = "function after --on-event fish_exit; echo after; end";
    let (said, closes) = leave(Shell::Fish, before, after);
    assert_eq!(closes, 1);
    assert!(said.contains("before\n") && said.contains("after\n"), "{said}");
}
