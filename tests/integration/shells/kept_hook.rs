//! What `init` said once, put aside and evaluated later.

use std::fs;

use super::one_process::{assert_owns, init, open_call};
use crate::support::each_shell::in_each_shell;
use crate::support::{Calls, Sandbox, Shell, Terminal};

in_each_shell! {
    cached_hook_opens_a_session_by_open
    text_that_another_shell_kept_opens_a_session_of_its_own
    text_kept_by_a_process_of_the_same_number_is_not_believed
    text_of_a_session_that_is_gone_is_not_believed
}

fn cached_hook_opens_a_session_by_open(shell: Shell) {
    let sandbox = Sandbox::new();
    let calls = Calls::record(&sandbox);
    shell.write_bare_rc(&sandbox, &format!("mcp-hook {} >~/hook\n. ~/hook\n", init(shell)));
    let mut terminal = Terminal::open_command(&sandbox, shell, &mut sandbox.command(shell.name()));
    assert_owns(&mut terminal, &sandbox);
    assert_eq!(calls.take(), [init(shell), open_call(shell, terminal.process().pid)]);
    shell.write_bare_rc(&sandbox, ". ~/hook\n");
    let mut terminal = Terminal::open_command(&sandbox, shell, &mut sandbox.command(shell.name()));
    assert_owns(&mut terminal, &sandbox);
    assert_eq!(calls.take(), [open_call(shell, terminal.process().pid)]);
    assert_eq!(fs::read_to_string(sandbox.path("home/hook")).unwrap(), fs::read_to_string(shell.hook_file()).unwrap());
}

/// A shell that has put what `init` said into `~/hook` and evaluated it. Its session's id.
fn keep(sandbox: &Sandbox, shell: Shell) -> (Terminal<'_>, String) {
    let call = format!("mcp-hook {}", init(shell));
    shell.write_bare_rc(
        sandbox,
        &match shell {
            Shell::Fish => format!("{call} | read -z text; printf %s $text >~/hook; source ~/hook\n"),
            Shell::Bash | Shell::Zsh => {
                format!("text=\"$({call})\"; printf '%s\\n' \"$text\" >~/hook; eval \"$text\"\n")
            }
        },
    );
    let mut terminal = Terminal::open_command(sandbox, shell, &mut sandbox.command(shell.name()));
    let id = assert_owns(&mut terminal, sandbox);
    let kept = fs::read_to_string(sandbox.path("home/hook")).unwrap();
    assert!(kept.contains(&id), "{kept}");
    (terminal, id)
}

fn text_that_another_shell_kept_opens_a_session_of_its_own(shell: Shell) {
    let sandbox = Sandbox::new();
    let calls = Calls::record(&sandbox);
    let (_first, id) = keep(&sandbox, shell);
    assert_eq!(calls.take(), [init(shell)]);
    shell.write_bare_rc(&sandbox, ". ~/hook\n");
    let mut second = Terminal::open_command(&sandbox, shell, &mut sandbox.command(shell.name()));
    assert_ne!(assert_owns(&mut second, &sandbox), id);
    assert_eq!(calls.take(), [open_call(shell, second.process().pid)]);
}

/// The same text, with another number for the process in it: that of the shell that reads it.
fn text_kept_by_a_process_of_the_same_number_is_not_believed(shell: Shell) {
    let sandbox = Sandbox::new();
    let calls = Calls::record(&sandbox);
    let (first, id) = keep(&sandbox, shell);
    calls.take();
    let (pid, own) = (first.process().pid, shell.own_pid());
    shell.write_bare_rc(
        &sandbox,
        &format!("sed \"s/== {pid} /== {own} /;s/test {pid} =/test {own} =/\" ~/hook >~/same\n. ~/same\n"),
    );
    let mut second = Terminal::open_command(&sandbox, shell, &mut sandbox.command(shell.name()));
    let same = fs::read_to_string(sandbox.path("home/same")).unwrap();
    assert!(same.contains(&format!(" {} ", second.process().pid)), "{same}");
    assert_ne!(assert_owns(&mut second, &sandbox), id);
    assert_eq!(calls.take(), [open_call(shell, second.process().pid)]);
}

fn text_of_a_session_that_is_gone_is_not_believed(shell: Shell) {
    let sandbox = Sandbox::new();
    let calls = Calls::record(&sandbox);
    let (mut terminal, id) = keep(&sandbox, shell);
    calls.take();
    terminal.run(". ~/hook").ok();
    assert_eq!(calls.take(), [] as [&str; 0], "it is there");
    fs::remove_dir_all(sandbox.runtime().join("pids").join(&id)).unwrap();
    terminal.run(". ~/hook").ok();
    assert_eq!(calls.take(), [open_call(shell, terminal.process().pid)]);
    assert_owns(&mut terminal, &sandbox);
}
