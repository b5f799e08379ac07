//! Which shells `init` opens the session of, so that they start with one process of mcp-hook's, and which it leaves alone.

use std::fs;
use std::path::PathBuf;

use nix::sys::signal::Signal;

use crate::support::each_shell::in_each_shell;
use crate::support::{Calls, Sandbox, Shell, Terminal, skip};

in_each_shell! {
    interactive_shell_starts_with_one_process_of_ours
    login_shell_starts_with_one_process_of_ours
    hook_costs_an_idle_shell_one_process_from_start_to_exit
    line_that_is_written_otherwise_needs_one_process_of_ours
    shell_that_replaced_another_has_its_session_from_init
    nested_shell_joins_by_init
    hook_that_is_typed_or_sourced_again_finds_the_same_session
    init_for_a_file_or_a_pipe_opens_nothing
    scripts_and_commands_open_nothing
    shell_without_a_terminal_has_its_session_from_open
    session_whose_shell_never_heard_of_it_is_taken_later_or_ends_with_it
}

pub fn init(shell: Shell) -> String {
    format!("init {shell}")
}

pub fn open_call(shell: Shell, pid: i32) -> String {
    format!("open --shell {} --owner {pid}", if shell == Shell::Fish { "fish" } else { "posix" })
}

/// The ids of the sessions that have files.
pub fn sessions(sandbox: &Sandbox) -> Vec<String> {
    let entries = fs::read_dir(sandbox.runtime().join("pids")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[track_caller]
pub fn assert_owns(terminal: &mut Terminal, sandbox: &Sandbox) -> String {
    let (pid, id) = (terminal.process().pid, terminal.variable("MCP_SESSION_ID"));
    assert_eq!(terminal.variable("MCP_HOOK_OWNER"), format!("{pid}:{id}"), "{terminal}");
    assert!(sandbox.runtime().join("pids").join(&id).join("session.json").exists(), "{terminal}");
    id
}

fn interactive_shell_starts_with_one_process_of_ours(shell: Shell) {
    let sandbox = Sandbox::new();
    let calls = Calls::record(&sandbox);
    let mut terminal = Terminal::open(&sandbox, shell);
    assert_owns(&mut terminal, &sandbox);
    terminal.send_line("exit 3");
    assert_eq!(terminal.wait_exit().code(), Some(3));
    assert_eq!(calls.take(), [init(shell)]);
}

/// How many processes an idle life of the shell takes, as strace(1) counts them.
fn processes(sandbox: &Sandbox, shell: Shell, rc: &str) -> usize {
    shell.write_bare_rc(sandbox, rc);
    let trace = sandbox.path("trace");
    let mut command = sandbox.command("strace");
    command.args(["-f", "-q", "-e", "trace=fork,vfork,clone,clone3", "-o"]).arg(&trace).arg(shell.name());
    let mut terminal = Terminal::open_command(sandbox, shell, &mut command);
    terminal.wait_prompt();
    terminal.send_line("exit");
    terminal.wait_exit();
    let text = fs::read_to_string(trace).unwrap();
    text.lines().filter(|line| line.contains('(') && !line.contains("CLONE_THREAD")).count()
}

fn hook_costs_an_idle_shell_one_process_from_start_to_exit(shell: Shell) {
    let sandbox = Sandbox::new();
    let able = sandbox.command("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    if !able.is_ok_and(|output| output.status.success()) {
        skip("hook_costs_an_idle_shell_one_process", "needs strace");
        return;
    }
    // What a shell does once only, at its first start in a home.
    processes(&sandbox, shell, "");
    // Older shells make a copy of themselves for such a line, whatever program it calls.
    let other = shell.hook_line().replace(&format!("mcp-hook {}", init(shell)), "env true");
    // bash 3 reads its EXIT trap by another copy: it does not say otherwise whether there is one.
    let more = usize::from(shell == Shell::Bash && major_version(&sandbox, shell) < 4);
    assert_eq!(processes(&sandbox, shell, shell.hook_line()), processes(&sandbox, shell, &other) + more);
}

fn major_version(sandbox: &Sandbox, shell: Shell) -> u32 {
    let said = sandbox.run(sandbox.command(shell.name()).arg("--version")).ok().stdout;
    let major = said.split(|letter: char| !letter.is_ascii_digit()).find(|number| !number.is_empty());
    major.and_then(|number| number.parse().ok()).expect("a version")
}

fn login_shell_starts_with_one_process_of_ours(shell: Shell) {
    let sandbox = Sandbox::new();
    let calls = Calls::record(&sandbox);
    shell.write_rc(&sandbox, "", "");
    let mut terminal = Terminal::open_command(&sandbox, shell, sandbox.command(shell.name()).arg("-l"));
    assert_owns(&mut terminal, &sandbox);
    assert_eq!(calls.take(), [init(shell)]);
}

fn line_that_is_written_otherwise_needs_one_process_of_ours(shell: Shell) {
    let call = format!("mcp-hook {}", init(shell));
    let lines = match shell {
        Shell::Fish => [format!("{call} 2>/dev/null | source"), format!("if {call} | source; end")],
        Shell::Bash | Shell::Zsh => [format!("eval \"$({call} 2>/dev/null)\""), format!("eval \"$({call} || :)\"")],
    };
    for line in lines {
        let sandbox = Sandbox::new();
        let calls = Calls::record(&sandbox);
        shell.write_bare_rc(&sandbox, &line);
        let mut terminal = Terminal::open_command(&sandbox, shell, &mut sandbox.command(shell.name()));
        assert_owns(&mut terminal, &sandbox);
        assert_eq!(calls.take(), [init(shell)], "{line}");
    }
}

fn shell_that_replaced_another_has_its_session_from_init(shell: Shell) {
    let sandbox = Sandbox::new();
    let calls = Calls::record(&sandbox);
    let mut terminal = Terminal::open_with_rc(&sandbox, shell, "", "printf 'shell is %s\\n' up");
    let id = assert_owns(&mut terminal, &sandbox);
    terminal.wait_prompt();
    terminal.send_line(&format!("exec {shell}"));
    terminal.wait_for("shell is up");
    assert_eq!(assert_owns(&mut terminal, &sandbox), id);
    assert_eq!(calls.take(), [init(shell), init(shell)]);
}

fn nested_shell_joins_by_init(shell: Shell) {
    let sandbox = Sandbox::new();
    let calls = Calls::record(&sandbox);
    let mut terminal = Terminal::open_with_rc(&sandbox, shell, "", "printf 'shell is %s\\n' up");
    let id = assert_owns(&mut terminal, &sandbox);
    terminal.wait_prompt();
    terminal.send_line(shell.name());
    terminal.wait_for("shell is up");
    assert_eq!(terminal.variable("MCP_SESSION_ID"), id);
    assert_eq!(terminal.variable("MCP_HOOK_OWNER"), format!("{}:{id}", terminal.process().pid));
    assert_eq!(calls.take(), [init(shell), init(shell)]);
    assert_eq!(sessions(&sandbox), [id]);
}

fn hook_that_is_typed_or_sourced_again_finds_the_same_session(shell: Shell) {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, shell);
    let id = assert_owns(&mut terminal, &sandbox);
    let rc = match shell {
        Shell::Bash => ". ~/.bashrc",
        Shell::Zsh => ". ~/.zshrc",
        Shell::Fish => "source ~/.config/fish/config.fish",
    };
    for line in [shell.hook_line(), rc] {
        terminal.run(line).ok();
        assert_eq!(assert_owns(&mut terminal, &sandbox), id, "{line}");
    }
    assert_eq!(sessions(&sandbox), [id]);
}

/// A shell without the hook.
fn bare(sandbox: &Sandbox, shell: Shell) -> Terminal<'_> {
    shell.write_bare_rc(sandbox, "");
    Terminal::open_command(sandbox, shell, &mut sandbox.command(shell.name()))
}

fn init_for_a_file_or_a_pipe_opens_nothing(shell: Shell) {
    let sandbox = Sandbox::new();
    let call = format!("mcp-hook {}", init(shell));
    let mut terminal = bare(&sandbox, shell);
    for line in [call.clone(), format!("{call} >~/hook"), format!("{call} | cat")] {
        terminal.run(&line).ok();
        assert_eq!(sessions(&sandbox), [] as [&str; 0], "{line}");
    }
    assert!(!sandbox.runtime().exists(), "something was written");
}

fn scripts_and_commands_open_nothing(shell: Shell) {
    let sandbox = Sandbox::new();
    let name = shell.name();
    let script = sandbox.write("home/script", format!("{}\necho ran\n", shell.hook_line()));
    let script = script.display();
    let mut terminal = bare(&sandbox, shell);
    let mut lines = vec![format!("{name} {script}"), format!("{name} <{script}"), format!("cat {script} | {name}")];
    lines.push(format!("{name} -c {}", shell.quote(&format!(". {script}"))));
    if shell != Shell::Fish {
        // As sshd starts bash for a command (Debian's reads .bashrc then).
        let deaf = format!("trap '' TTIN; . {script}");
        lines.push(format!("SSH_CLIENT=1 SHLVL=0 {name} -c {}", shell.quote(&deaf)));
        lines.push(format!("( . {script} )"));
        lines.push(format!("( trap '' TTIN; . {script} )"));
    }
    for line in lines {
        let said = terminal.run(&line).ok();
        assert!(said.stdout.contains("ran"), "{said}");
        assert_eq!(sessions(&sandbox), [] as [&str; 0], "{line}");
    }
    assert!(!sandbox.runtime().exists(), "something was written");
}

fn shell_without_a_terminal_has_its_session_from_open(shell: Shell) {
    let sandbox = Sandbox::new();
    let calls = Calls::record(&sandbox);
    shell.write_rc(&sandbox, "", "");
    let line = format!("echo {}:$MCP_HOOK_OWNER", shell.own_pid());
    let output = sandbox.run(sandbox.command("setsid").args(["-w", shell.name(), "-i", "-c", &line])).ok();
    let (pid, owner) = output.stdout.trim().split_once(':').expect("both");
    assert!(owner.starts_with(&format!("{pid}:")), "{output}");
    assert_eq!(calls.take(), [init(shell), open_call(shell, pid.parse().unwrap())]);
}

fn record(sandbox: &Sandbox, id: &str) -> PathBuf {
    sandbox.runtime().join("pids").join(id).join("session.json")
}

/// `init` dies before it has said a word.
fn session_whose_shell_never_heard_of_it_is_taken_later_or_ends_with_it(shell: Shell) {
    let sandbox = Sandbox::new();
    let before = if shell == Shell::Fish { "set -gx" } else { "export" };
    let equals = if shell == Shell::Fish { " " } else { "=" };
    let arm = format!("{before} MCP_HOOK_FAILPOINT{equals}opened");
    let disarm = if shell == Shell::Fish { "set -e MCP_HOOK_FAILPOINT" } else { "unset MCP_HOOK_FAILPOINT" };
    let opened = || Terminal::open_with_rc(&sandbox, shell, &arm, disarm);
    let mut taken = opened();
    assert_eq!(taken.variable("MCP_SESSION_ID"), "");
    let ids = sessions(&sandbox);
    taken.run(shell.hook_line()).ok();
    assert_eq!([assert_owns(&mut taken, &sandbox)], *ids);
    let mut left = opened();
    let mut ids = sessions(&sandbox);
    ids.retain(|id| id.contains(&left.process().pid.to_string()));
    assert!(record(&sandbox, &ids[0]).exists());
    left.signal(Signal::SIGKILL);
    left.wait_exit();
    Terminal::open(&sandbox, shell);
    assert!(!record(&sandbox, &ids[0]).exists(), "the next shell takes it away");
}

/// As powerlevel10k does while zsh starts: a prompt is shown already, and nothing else may be.
#[test]
fn zsh_whose_streams_are_put_aside_starts_with_one_process_of_ours() {
    let sandbox = Sandbox::new();
    let calls = Calls::record(&sandbox);
    let before = "exec {input}<&0 {output}>&1 {errors}>&2 </dev/null >~/early 2>&1";
    let after = "exec <&$input >&$output 2>&$errors {input}>&- {output}>&- {errors}>&-";
    let mut terminal = Terminal::open_with_rc(&sandbox, Shell::Zsh, before, after);
    assert_owns(&mut terminal, &sandbox);
    assert_eq!(calls.take(), [init(Shell::Zsh)]);
    assert_eq!(fs::read_to_string(sandbox.path("home/early")).unwrap(), "");
}
