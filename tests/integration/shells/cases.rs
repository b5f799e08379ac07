//! Shells that replace themselves, nest, stop, or die at a bad moment.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::each_shell::in_each_shell;
use crate::support::nasty_session::{assert_nothing_recorded_alive, assert_over, assert_spared, with_nasty_tree};
use crate::support::wait::Deadline;
use crate::support::{Sandbox, Shell, Terminal, Tree};

#[test]
fn case_05_exec_of_another_shell_keeps_the_session_until_that_is_killed() {
    let sandbox = Sandbox::new();
    Shell::Zsh.write_rc(&sandbox, "", "printf 'zsh is %s\\n' up");
    let (mut terminal, tree) = with_nasty_tree(&sandbox, Shell::Bash);
    let session = terminal.variable("MCP_SESSION_ID");
    terminal.wait_prompt();
    terminal.send_line("exec zsh");
    terminal.wait_for("zsh is up");
    assert_eq!(terminal.variable("MCP_SESSION_ID"), session, "the same process, the same session");
    assert_spared(&tree);
    terminal.signal(Signal::SIGKILL);
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

#[test]
fn case_05_exec_of_another_shell_keeps_the_session_until_that_exits() {
    let sandbox = Sandbox::new();
    Shell::Fish.write_rc(&sandbox, "", "printf 'fish is %s\\n' up");
    let (mut terminal, tree) = with_nasty_tree(&sandbox, Shell::Zsh);
    terminal.wait_prompt();
    terminal.send_line("exec fish");
    terminal.wait_for("fish is up");
    assert_spared(&tree);
    terminal.wait_prompt();
    terminal.send_line("exit");
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

in_each_shell! {
    case_06_nested_shell_on_the_same_terminal_joins_and_its_exit_ends_nothing
    case_06_nested_shell_in_a_new_terminal_ends_only_its_own
    case_06_nested_shell_that_asks_for_its_own_session_ends_only_that
    case_07_servers_started_in_a_substitution_a_pipe_the_background_and_a_function_end
    case_08_shell_that_dies_while_its_server_starts_leaves_nothing
    case_09_stopped_shell_keeps_its_tree
    case_10_ten_servers_end_with_a_shell_that_is_killed
}

/// Types `line`, which starts a nested shell, and returns once that reads commands.
fn enter(terminal: &mut Terminal, line: &str) {
    terminal.wait_prompt();
    terminal.send_line(&format!("{line}; printf 'outer shell is %s\\n' back"));
    terminal.wait_for("nested shell is up");
    terminal.wait_prompt();
}

/// An rc file whose nested shells say so.
fn rc_that_tells(shell: Shell) -> &'static str {
    match shell {
        Shell::Fish => "set -q OUTER; and printf 'nested shell is %s\\n' up; set -gx OUTER 1",
        Shell::Bash | Shell::Zsh => "[ -z \"${OUTER-}\" ] || printf 'nested shell is %s\\n' up; export OUTER=1",
    }
}

fn case_06_nested_shell_on_the_same_terminal_joins_and_its_exit_ends_nothing(shell: Shell) {
    let sandbox = Sandbox::new();
    let (mut terminal, tree) = nested(&sandbox, shell, shell.name());
    terminal.run("mcp-hook status nasty").ok();
    leave_nested(&mut terminal);
    assert_spared(&tree);
    terminal.send_line("exit");
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

/// A session with the nasty tree and, inside, a nested shell that `line` starts.
fn nested<'s>(sandbox: &'s Sandbox, shell: Shell, line: &str) -> (Terminal<'s>, Tree<'s>) {
    let mut terminal = Terminal::open_with_rc(sandbox, shell, "", rc_that_tells(shell));
    let tree = crate::support::nasty_session::start_nasty(sandbox, &mut terminal);
    enter(&mut terminal, line);
    (terminal, tree)
}

/// Leaves the nested shell; the outer one reads commands again.
fn leave_nested(terminal: &mut Terminal) {
    terminal.wait_prompt();
    terminal.send_line("exit");
    terminal.wait_for("outer shell is back");
    terminal.run(":").ok();
    terminal.wait_prompt();
}

fn case_06_nested_shell_in_a_new_terminal_ends_only_its_own(shell: Shell) {
    only_its_own(shell, &format!("script -q -c {} /dev/null", shell.name()));
}

fn case_06_nested_shell_that_asks_for_its_own_session_ends_only_that(shell: Shell) {
    only_its_own(shell, &format!("env MCP_HOOK_NESTED=new {}", shell.name()));
}

/// Starts a nested shell by `line` and in it a server of the same name as one outside: another session, so both run; its
/// exit ends the inner one.
fn only_its_own(shell: Shell, line: &str) {
    let sandbox = Sandbox::new();
    let (mut terminal, outer) = nested(&sandbox, shell, line);
    let mut inner = Tree::new(&sandbox, "inner");
    terminal.run(&format!("mcp-hook start nasty -- {}", inner.nasty_line())).ok();
    inner.wait_nasty();
    leave_nested(&mut terminal);
    inner.assert_gone();
    assert_spared(&outer);
    terminal.send_line("exit");
    terminal.wait_exit();
    assert_over(&sandbox, &outer);
}

fn case_07_servers_started_in_a_substitution_a_pipe_the_background_and_a_function_end(shell: Shell) {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, shell);
    let names = ["substitution", "pipe", "background", "function"];
    let mut trees = names.map(|name| Tree::new(&sandbox, name));
    for (name, tree) in names.iter().zip(&mut trees) {
        let start = format!("mcp-hook start {name} -- {}", tree.nasty_line());
        let fish = shell == Shell::Fish;
        terminal.run(&match *name {
            "substitution" if fish => format!("set x ({start})"),
            "substitution" => format!("x=$({start})"),
            "pipe" => format!("{start} | cat"),
            "background" if fish => format!("{start} &; wait"),
            "background" => format!("{start} & wait"),
            _ if fish => format!("function f; {start}; end; f"),
            _ => format!("f() {{ {start}; }}; f"),
        });
        tree.wait_nasty();
    }
    terminal.signal(Signal::SIGKILL);
    terminal.wait_exit();
    trees.iter().for_each(Tree::assert_gone);
    sandbox.assert_clean();
    assert_nothing_recorded_alive(&sandbox);
}

fn case_08_shell_that_dies_while_its_server_starts_leaves_nothing(shell: Shell) {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, shell);
    let mut tree = Tree::new(&sandbox, "slow");
    // The server itself never comes up: it waits for a word that nobody says.
    let never = sandbox.path("never");
    nix::unistd::mkfifo(&never, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let members = ["--member", "setsid", "--swarm", "100", "--member", "daemon"];
    let command = tree.command(&[&members[..], &["--exit-when-told", never.to_str().unwrap()]].concat()).join(" ");
    terminal.wait_prompt();
    terminal.send_line(&format!("mcp-hook start slow -- {command}"));
    tree.wait_for(&["setsid"]);
    terminal.signal(Signal::SIGKILL);
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

fn case_09_stopped_shell_keeps_its_tree(shell: Shell) {
    let sandbox = Sandbox::new();
    let (mut terminal, tree) = with_nasty_tree(&sandbox, shell);
    terminal.signal(Signal::SIGSTOP);
    let ten_seconds = Deadline::after(Duration::from_secs(10));
    assert!(!tree.member("child").process.gone_by(ten_seconds), "the child was ended");
    tree.assert_alive();
    terminal.signal(Signal::SIGCONT);
    terminal.run(":").ok();
    terminal.signal(Signal::SIGKILL);
    terminal.wait_exit();
    assert_over(&sandbox, &tree);
}

fn case_10_ten_servers_end_with_a_shell_that_is_killed(shell: Shell) {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, shell);
    let names: Vec<_> = (0..10).map(|number| format!("server-{number}")).collect();
    let mut trees: Vec<_> = names.iter().map(|name| Tree::new(&sandbox, name)).collect();
    for (name, tree) in names.iter().zip(&mut trees) {
        terminal.run(&format!("mcp-hook start {name} -- {}", tree.nasty_line())).ok();
        tree.wait_nasty();
    }
    terminal.signal(Signal::SIGKILL);
    terminal.wait_exit();
    trees.iter().for_each(Tree::assert_gone);
    sandbox.assert_clean();
    assert_nothing_recorded_alive(&sandbox);
}
