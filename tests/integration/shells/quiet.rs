//! What a hook may mistake for the end of its shell: nothing of the tree may be stopped.

use crate::support::each_shell::in_each_shell;
use crate::support::nasty_session::{assert_over, assert_spared, with_nasty_tree};
use crate::support::{Sandbox, Shell, Terminal, Tree};

in_each_shell! {
    subshells_spare_the_tree
    nested_shells_and_scripts_spare_the_tree
    sourcing_again_spares_the_tree
    case_44_probe_of_an_editor_gets_a_session_of_its_own_and_spares_the_tree
}

/// Runs `lines`, expects that nothing was stopped, then leaves and expects a clean end.
fn spared_by(shell: Shell, lines: &[String]) {
    let sandbox = Sandbox::new();
    let (mut terminal, tree) = with_nasty_tree(&sandbox, shell);
    for line in lines {
        terminal.run(line);
        tree.assert_alive();
    }
    leave(&sandbox, &mut terminal, &tree);
}

/// The tree is whole, the session knows it, and leaving ends it.
fn leave(sandbox: &Sandbox, terminal: &mut Terminal, tree: &Tree) {
    assert_spared(tree);
    let status = terminal.run("mcp-hook status --json").ok().json();
    assert_eq!(status["sessions"][0]["servers"][0]["state"], "running", "{status}");
    terminal.wait_prompt();
    terminal.send_line("exit");
    terminal.wait_exit();
    assert_over(sandbox, tree);
}

fn subshells_spare_the_tree(shell: Shell) {
    let posix = ["( exit 3 )", "x=$(exit 2)", "{ exit 1; } | cat", "cat <(exit 1)", "{ exit 1; } & wait"];
    let fish = ["echo (true)", "begin; true; end | cat", "cat (true | psub)", "sleep 0 &; wait"];
    let lines = if shell == Shell::Fish { fish.as_slice() } else { posix.as_slice() };
    spared_by(shell, &lines.iter().map(ToString::to_string).collect::<Vec<_>>());
}

fn nested_shells_and_scripts_spare_the_tree(shell: Shell) {
    let name = shell.name();
    let mut lines: Vec<_> = ["sh", "bash", "zsh", "fish"].iter().map(|inner| format!("{inner} -c 'exit 3'")).collect();
    lines.push(format!("echo 'exit 3' >~/script; {name} ~/script"));
    lines.push(format!("{name} -i -c 'exit 3'"));
    // zsh would read the terminal instead.
    if shell != Shell::Zsh {
        lines.push(format!("echo 'exit 3' | {name} -i 2>/dev/null"));
    }
    spared_by(shell, &lines);
}

fn sourcing_again_spares_the_tree(shell: Shell) {
    let sandbox = Sandbox::new();
    let (mut terminal, tree) = with_nasty_tree(&sandbox, shell);
    let before = terminal.variable("MCP_SESSION_ID");
    terminal.run(shell.hook_line()).ok();
    assert_eq!(terminal.variable("MCP_SESSION_ID"), before);
    leave(&sandbox, &mut terminal, &tree);
}

fn case_44_probe_of_an_editor_gets_a_session_of_its_own_and_spares_the_tree(shell: Shell) {
    let sandbox = Sandbox::new();
    let (mut terminal, tree) = with_nasty_tree(&sandbox, shell);
    let names = ["MCP_SESSION_ID", "MCP_PID_FILE", "MCP_CONFIG_DIR", "MCP_LOG_DIR", "MCP_HOOK_OWNER"];
    let outer = names.map(|name| (name, terminal.variable(name)));
    // In the terminal, as `code .` does it, and later without one, as the editor does it again.
    let inside = terminal.run(&format!("{} -i -l -c env", shell.name())).ok();
    assert!(inside.stdout.contains(&format!("MCP_SESSION_ID={}\n", outer[0].1)), "{inside}");
    let mut probe = sandbox.command("setsid");
    probe.args(["--wait", shell.name(), "-i", "-l", "-c", "env"]).envs(outer.iter().map(|(name, value)| (name, value)));
    let outside = sandbox.run(&mut probe).ok();
    let id = outside.stdout.lines().find_map(|line| line.strip_prefix("MCP_SESSION_ID="));
    assert!(id.is_some_and(|id| !id.is_empty() && id != outer[0].1), "{outside}");
    leave(&sandbox, &mut terminal, &tree);
}
