//! What the hooks call and when, with a stand-in for mcp-hook.

use std::fs;

use nix::sys::signal::Signal;

use crate::support::each_shell::in_each_shell;
use crate::support::{Sandbox, Shell, StandIn, Terminal};

in_each_shell! {
    idle_shell_calls_open_once_and_close_never
    used_session_is_closed_once_with_nothing_of_the_terminal
    foreign_pid_file_is_reason_enough_to_close
    session_pid_that_another_wrote_is_reason_enough_to_close
    session_directory_that_vanished_is_reason_enough_to_close
    closed_window_closes_the_session
    sighup_closes_the_session
    end_of_input_closes_the_session
    subshells_and_background_jobs_never_close
    nested_shells_and_scripts_never_close
    joined_session_is_never_closed
    refused_open_is_said_and_leaves_a_shell_that_works
    missing_binary_is_silent_at_start_and_exit
    non_interactive_shell_does_nothing_at_all
    session_of_another_shell_in_the_environment_is_not_closed
}

fn open_call(terminal: &Terminal) -> String {
    let kind = if terminal.shell() == Shell::Fish { "fish" } else { "posix" };
    format!("open --shell {kind} --owner {}", terminal.process().pid)
}

fn close_call(pid: i32) -> String {
    format!("close {pid}:test-{pid} /dev/null /dev/null /dev/null")
}

fn idle_shell_calls_open_once_and_close_never(shell: Shell) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let mut terminal = Terminal::open(&sandbox, shell);
    let pid = terminal.process().pid;
    assert_eq!(terminal.variable("MCP_SESSION_ID"), format!("test-{pid}"));
    terminal.send_line("exit 3");
    assert_eq!(terminal.wait_exit().code(), Some(3));
    assert_eq!(stand_in.calls(), [open_call(&terminal)]);
}

fn used_session_is_closed_once_with_nothing_of_the_terminal(shell: Shell) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let mut terminal = Terminal::open(&sandbox, shell);
    let pid = terminal.process().pid;
    stand_in.pretend_use(pid);
    terminal.send_line("exit 3");
    assert_eq!(terminal.wait_exit().code(), Some(3));
    assert_eq!(stand_in.calls(), [open_call(&terminal), close_call(pid)]);
}

/// Opens a shell, lets `change` act on the session's directory, leaves, and expects a `close`.
fn closes_after(shell: Shell, change: impl FnOnce(&std::path::Path)) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let mut terminal = Terminal::open(&sandbox, shell);
    let pid = terminal.process().pid;
    change(&stand_in.session(pid));
    terminal.wait_prompt();
    terminal.send_line("printf 'leav%s\\n' ing; exit");
    terminal.wait_exit();
    let screen = terminal.screen();
    let said = screen.rsplit("leaving\n").next().unwrap().trim();
    assert!(matches!(said, "" | "exit"), "something was said: {said:?}");
    assert_eq!(stand_in.closes(), [close_call(pid)]);
}

fn foreign_pid_file_is_reason_enough_to_close(shell: Shell) {
    closes_after(shell, |session| fs::write(session.join("proxmox.pid"), "1\n").unwrap());
}

fn session_pid_that_another_wrote_is_reason_enough_to_close(shell: Shell) {
    closes_after(shell, |session| fs::write(session.join("session.pid"), "1\n").unwrap());
}

fn session_directory_that_vanished_is_reason_enough_to_close(shell: Shell) {
    closes_after(shell, |session| fs::remove_dir_all(session).unwrap());
}

/// Opens a shell, pretends use, ends the shell by `end`, and expects a `close`.
fn closes_when(shell: Shell, end: impl FnOnce(&mut Terminal)) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let mut terminal = Terminal::open(&sandbox, shell);
    let pid = terminal.process().pid;
    stand_in.pretend_use(pid);
    end(&mut terminal);
    terminal.wait_exit();
    assert_eq!(stand_in.closes(), [close_call(pid)]);
}

fn closed_window_closes_the_session(shell: Shell) {
    closes_when(shell, |terminal| terminal.close_window());
}

fn sighup_closes_the_session(shell: Shell) {
    closes_when(shell, |terminal| {
        terminal.wait_prompt();
        terminal.signal(Signal::SIGHUP);
    });
}

fn end_of_input_closes_the_session(shell: Shell) {
    closes_when(shell, |terminal| {
        terminal.wait_prompt();
        terminal.send("\x04");
    });
}

/// Opens a shell that uses its session, runs `lines` in it, and expects no `close` before the shell itself leaves.
fn never_closes_by(shell: Shell, lines: &[&str]) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let mut terminal = Terminal::open(&sandbox, shell);
    let pid = terminal.process().pid;
    stand_in.pretend_use(pid);
    for line in lines {
        terminal.run(line);
        assert!(stand_in.closes().is_empty(), "{line:?} closed: {:?}", stand_in.closes());
    }
    terminal.send_line("exit");
    terminal.wait_exit();
    assert_eq!(stand_in.closes(), [close_call(pid)]);
}

fn subshells_and_background_jobs_never_close(shell: Shell) {
    let posix = [
        "( exit 3 )",
        "x=$(exit 2)",
        "{ exit 1; } | cat",
        "cat <(exit 1)",
        "{ exit 1; } & wait",
        "( ( exit 3 ) )",
        "true | ( exit 2 )",
        "( kill -HUP $BASHPID ) 2>/dev/null",
    ];
    let fish = ["echo (true)", "begin; true; end | cat", "sleep 0 &; wait", "cat (true | psub)"];
    never_closes_by(shell, if shell == Shell::Fish { &fish } else { &posix });
}

fn nested_shells_and_scripts_never_close(shell: Shell) {
    never_closes_by(
        shell,
        &[
            "sh -c 'exit 3'",
            "bash -c 'exit 3'",
            "zsh -c 'exit 3'",
            "fish -c 'exit 3'",
            "echo 'exit 3' | bash",
            "echo 'exit 3' | fish",
            "bash -c '. ~/.bashrc' 2>/dev/null",
        ],
    );
}

fn joined_session_is_never_closed(shell: Shell) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let mut outer = Terminal::open(&sandbox, shell);
    let pid = outer.process().pid;
    stand_in.pretend_use(pid);
    stand_in.join(pid);
    let nested = outer.run(&format!("{} -i -c 'echo in $MCP_SESSION_ID; exit 4'", shell.name()));
    assert!(nested.stdout.contains(&format!("in test-{pid}\n")), "{nested}");
    assert_eq!(stand_in.closes(), [] as [&str; 0]);
    outer.send_line("exit");
    outer.wait_exit();
    assert_eq!(stand_in.closes(), [close_call(pid)]);
}

fn refused_open_is_said_and_leaves_a_shell_that_works(shell: Shell) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    stand_in.refuse();
    let mut terminal = Terminal::open(&sandbox, shell);
    assert!(terminal.screen().contains("could not open the session: refused"), "{terminal}");
    assert_eq!(terminal.variable("MCP_SESSION_ID"), "");
    terminal.send_line("exit 6");
    assert_eq!(terminal.wait_exit().code(), Some(6));
    assert_eq!(stand_in.calls(), [open_call(&terminal)]);
}

fn missing_binary_is_silent_at_start_and_exit(shell: Shell) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    sandbox.env("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    let mut terminal = Terminal::open(&sandbox, shell);
    stand_in.pretend_use(terminal.process().pid);
    fs::remove_file(sandbox.path("bin/mcp-hook")).unwrap();
    terminal.wait_prompt();
    terminal.send_line(&format!("printf 'by%s\\n' e; {}", if shell == Shell::Fish { "exit 0" } else { "exit" }));
    terminal.wait_exit();
    let screen = terminal.screen();
    let tail = screen.rsplit("bye\n").next().unwrap();
    assert!(matches!(tail.trim(), "" | "exit"), "something was said: {tail:?}");
    // The same with a hook that was cached in a file.
    let source = format!("printf '[hook:'\n. {}\nprintf ':hook]'\n", shell.hook_file().display());
    shell.write_bare_rc(&sandbox, &source);
    let terminal = Terminal::open_command(&sandbox, shell, &mut sandbox.command(shell.name()));
    assert!(terminal.screen().contains("[hook::hook]"), "{terminal}");
}

fn non_interactive_shell_does_nothing_at_all(shell: Shell) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let file = shell.hook_file();
    let strict = if shell == Shell::Fish { "" } else { "set -eu; " };
    let line = format!("{strict}. {}; echo still here; exit 3", file.display());
    let output = sandbox.run(sandbox.command(shell.name()).args(["-c", &line])).expect_code(3);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("still here\n", ""));
    assert_eq!(stand_in.calls(), [] as [&str; 0]);
}

fn session_of_another_shell_in_the_environment_is_not_closed(shell: Shell) {
    let sandbox = Sandbox::new();
    let stand_in = StandIn::install(&sandbox);
    let mut terminal = Terminal::open(&sandbox, shell);
    let pid = terminal.process().pid;
    stand_in.pretend_use(pid);
    let lie = if shell == Shell::Fish { "set -gx MCP_HOOK_OWNER 1:other" } else { "export MCP_HOOK_OWNER=1:other" };
    terminal.run(lie).ok();
    terminal.send_line("exit");
    terminal.wait_exit();
    assert_eq!(stand_in.closes(), [close_call(pid)], "the hook's own memory counts");
}
