//! Every way in which a shell ends, with the nasty tree in its session. What only some hooks see, the supervisor sees.

use nix::sys::signal::Signal;

use crate::support::each_shell::in_each_shell;
use crate::support::nasty_session::{assert_over, assert_spared, start_nasty, with_nasty_tree};
use crate::support::{Process, Sandbox, Shell, Terminal};

in_each_shell! {
    case_01_exit_ends_the_tree
    case_01_end_of_input_ends_the_tree
    case_01_logout_of_a_login_shell_ends_the_tree
    case_01_exit_inside_a_function_ends_the_tree
    case_02_sigkill_of_the_shell_ends_the_tree
    case_03_closed_window_ends_the_tree
    case_03_closed_window_with_a_foreground_job_ends_the_tree
    case_04_sighup_ends_the_tree
    case_04_sighup_with_a_foreground_job_ends_the_tree
    sigterm_spares_the_tree_of_a_shell_that_survives_it
    exec_of_another_program_keeps_the_tree_until_that_ends
    exec_of_nothing_spares_the_tree_of_a_shell_that_survives_it
    hooks_of_the_user_that_fail_or_exit_do_not_save_the_tree
}

/// Opens a session with the nasty tree, ends the shell by `end`, and expects a clean end.
fn ends_by(shell: Shell, end: impl FnOnce(&mut Terminal)) {
    let sandbox = Sandbox::new();
    let (mut terminal, tree) = with_nasty_tree(&sandbox, shell);
    terminal.wait_prompt();
    end(&mut terminal);
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

fn case_01_exit_ends_the_tree(shell: Shell) {
    ends_by(shell, |terminal| terminal.send_line("exit"));
}

fn case_01_end_of_input_ends_the_tree(shell: Shell) {
    ends_by(shell, |terminal| terminal.send("\x04"));
}

fn case_01_logout_of_a_login_shell_ends_the_tree(shell: Shell) {
    let sandbox = Sandbox::new();
    shell.write_rc(&sandbox, "", "");
    let mut terminal = Terminal::open_command(&sandbox, shell, sandbox.command(shell.name()).arg("-l"));
    let tree = start_nasty(&sandbox, &mut terminal);
    terminal.wait_prompt();
    terminal.send_line(if shell == Shell::Fish { "exit" } else { "logout" });
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

fn case_01_exit_inside_a_function_ends_the_tree(shell: Shell) {
    let function = if shell == Shell::Fish { "function f; exit 3; end; f" } else { "f() { exit 3; }; f" };
    ends_by(shell, |terminal| terminal.send_line(function));
}

fn case_02_sigkill_of_the_shell_ends_the_tree(shell: Shell) {
    ends_by(shell, |terminal| terminal.signal(Signal::SIGKILL));
}

fn case_03_closed_window_ends_the_tree(shell: Shell) {
    ends_by(shell, |terminal| terminal.close_window());
}

/// Types a command that runs in the foreground and returns once it does.
fn start_foreground_job(terminal: &mut Terminal) -> Process {
    terminal.send_line("sh -c 'printf \"in %s\\n\" front $$; exec sleep 1000'");
    terminal.wait_for("in front\r\nin ");
    let pid = terminal.wait_for("\r\n").trim().parse().expect("a pid");
    Process::with_pid(pid).expect("the job runs")
}

fn case_03_closed_window_with_a_foreground_job_ends_the_tree(shell: Shell) {
    ends_by(shell, |terminal| {
        start_foreground_job(terminal);
        terminal.close_window();
    });
}

fn case_04_sighup_ends_the_tree(shell: Shell) {
    ends_by(shell, |terminal| terminal.signal(Signal::SIGHUP));
}

fn case_04_sighup_with_a_foreground_job_ends_the_tree(shell: Shell) {
    ends_by(shell, |terminal| {
        let job = start_foreground_job(terminal);
        terminal.signal(Signal::SIGHUP);
        // A terminal emulator signals the whole foreground; bash alone would wait for the job.
        job.signal(Signal::SIGHUP);
    });
}

fn sigterm_spares_the_tree_of_a_shell_that_survives_it(shell: Shell) {
    let sandbox = Sandbox::new();
    let (mut terminal, tree) = with_nasty_tree(&sandbox, shell);
    terminal.wait_prompt();
    terminal.signal(Signal::SIGTERM);
    if shell != Shell::Fish {
        // bash and zsh ignore it; fish ends, and no hook of it runs.
        terminal.run(":").ok();
        assert_spared(&tree);
        terminal.send_line("exit");
    }
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

fn exec_of_another_program_keeps_the_tree_until_that_ends(shell: Shell) {
    let sandbox = Sandbox::new();
    let (mut terminal, tree) = with_nasty_tree(&sandbox, shell);
    terminal.wait_prompt();
    terminal.send_line("exec sh -c 'printf \"now %s\\n\" other; read line'");
    terminal.wait_for("now other");
    assert_spared(&tree);
    terminal.send_line("");
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

fn exec_of_nothing_spares_the_tree_of_a_shell_that_survives_it(shell: Shell) {
    let sandbox = Sandbox::new();
    let (mut terminal, tree) = with_nasty_tree(&sandbox, shell);
    terminal.wait_prompt();
    if shell == Shell::Zsh {
        // zsh dies of it without running a hook.
        terminal.send_line("exec /nonexistent");
    } else {
        terminal.run("exec /nonexistent");
        assert_spared(&tree);
        terminal.send_line("exit");
    }
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

fn hooks_of_the_user_that_fail_or_exit_do_not_save_the_tree(shell: Shell) {
    let sandbox = Sandbox::new();
    let before = match shell {
        Shell::Bash => "trap 'false; exit 9' EXIT",
        Shell::Zsh => "first() { false; }; second() { exit 9; }; zshexit_functions=(first second)",
        Shell::Fish => "function first --on-event fish_exit; false; exit 9; end",
    };
    let mut terminal = Terminal::open_with_rc(&sandbox, shell, before, "");
    let tree = start_nasty(&sandbox, &mut terminal);
    terminal.wait_prompt();
    terminal.send_line("exit");
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

fn failure_under_errexit_ends_the_tree(shell: Shell) {
    // zsh runs no hook here, bash does.
    ends_by(shell, |terminal| terminal.send_line("set -e; false"));
}

#[test]
fn bash_failure_under_errexit_ends_the_tree() {
    failure_under_errexit_ends_the_tree(Shell::Bash);
}

#[test]
fn zsh_failure_under_errexit_ends_the_tree() {
    failure_under_errexit_ends_the_tree(Shell::Zsh);
}

#[test]
fn bash_trap_that_replaced_ours_does_not_save_the_tree() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open_with_rc(&sandbox, Shell::Bash, "", "trap 'echo mine' EXIT");
    let tree = start_nasty(&sandbox, &mut terminal);
    terminal.wait_prompt();
    terminal.send_line("exit");
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}
