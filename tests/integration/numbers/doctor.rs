//! `doctor` in real shells.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::each_shell::in_each_shell;
use crate::support::{Output, Sandbox, Shell, Terminal};

in_each_shell! {
    an_active_hook_is_told_with_the_file_that_it_stands_in
    a_shell_without_the_hook_is_told_where_to_put_it
    a_hook_that_was_not_loaded_is_told_from_one_that_is_missing
}

fn rc_file(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => "home/.bashrc",
        Shell::Zsh => "home/.zshrc",
        Shell::Fish => "home/.config/fish/config.fish",
    }
}

/// A command that is an interactive shell without start-up files.
fn bare(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => "bash --norc --noprofile -i -c 'mcp-hook doctor; exit $?'",
        Shell::Zsh => "zsh -f -i -c 'mcp-hook doctor; exit $?'",
        Shell::Fish => "fish --no-config -i -c 'mcp-hook doctor; exit $status'",
    }
}

/// What it says of the hook, with its hints.
fn about_hook(output: &Output) -> String {
    let mut is_hook = false;
    let lines = output.stdout.lines().filter(|line| {
        if !line.starts_with(' ') {
            is_hook = line.contains(" hook ");
        }
        is_hook
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn an_active_hook_is_told_with_the_file_that_it_stands_in(shell: Shell) {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, shell);
    let id = terminal.variable("MCP_SESSION_ID");
    let said = terminal.run("mcp-hook doctor").ok();
    assert!(said.stdout.contains(&format!("active in this shell, which owns the session {id}")), "{said}");
    let file = sandbox.path(rc_file(shell));
    let line = 1 + fs::read_to_string(&file).unwrap().lines().position(|line| line.contains("mcp-hook init")).unwrap();
    assert!(said.stdout.contains(&format!("stands in {}, line {line}", file.display())), "{said}");
    for name in ["✓ binary", "✓ root", "✓ logs", &format!("✓ shell        {}", shell.name())] {
        assert!(said.stdout.contains(name), "{name}: {said}");
    }
    let nested = terminal.run("sh -c 'mcp-hook doctor; exit $?'").ok();
    assert!(nested.stdout.contains(&format!("inside of the session {id}, which {}", shell.name())), "{nested}");
}

fn a_shell_without_the_hook_is_told_where_to_put_it(shell: Shell) {
    let sandbox = Sandbox::new();
    let said = sandbox.run(sandbox.command("sh").args(["-c", bare(shell)])).expect_code(1);
    let (line, file) = match shell {
        Shell::Bash => ("eval \"$(mcp-hook init bash)\"", "~/.bashrc"),
        Shell::Zsh => ("eval \"$(mcp-hook init zsh)\"", "~/.zshrc"),
        Shell::Fish => ("mcp-hook init fish | source", "~/.config/fish/config.fish"),
    };
    let hint = format!("hint: put {line} at the end of {file}, and open a new terminal");
    assert_eq!(about_hook(&said), format!("✗ hook         not active in this shell\n{:15}{hint}", ""), "{said}");
    assert!(!sandbox.runtime().join("pids").exists(), "it made something");
}

fn a_hook_that_was_not_loaded_is_told_from_one_that_is_missing(shell: Shell) {
    let sandbox = Sandbox::new();
    shell.write_rc(&sandbox, "", "");
    let said = sandbox.run(sandbox.command("sh").args(["-c", bare(shell)])).expect_code(1);
    let about = about_hook(&said);
    assert!(about.contains("hint: it stands in a start-up file: open a new terminal, or type"), "{said}");
    assert!(about.contains(&format!("✓ hook         stands in {}", sandbox.path(rc_file(shell)).display())), "{said}");
}

#[test]
fn what_is_wrong_is_found_and_nothing_is_changed() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let entry =
        r#"{"mcpServers": {"web": {"command": "npx", "args": ["-y", "a-server"], "env": {"TOKEN": "s3cret"}}}}"#;
    sandbox.write("home/.mcp.json", entry);
    let home = fs::canonicalize(sandbox.home()).unwrap();
    sandbox.write("home/.claude.json", format!(r#"{{"projects": {{"{}": {entry}}}}}"#, home.display()));
    sandbox.write("home/.config/mcp-hook/servers.json", "{\n  \"mcpServers\": 7\n}\n");
    let dead = sandbox.runtime().join("pids/pts9-1-dead");
    copy_session(&dead, &terminal.variable("MCP_SESSION_ID"));
    let before = crate::support::output::listing(sandbox.root());
    let said = terminal.run("mcp-hook doctor --json").expect_code(1);
    let report = said.json();
    let has = |grade: &str, about: &str, text: &str| {
        report["findings"].as_array().unwrap().iter().any(|finding| {
            finding["grade"] == grade && finding["about"] == about && finding["text"].as_str().unwrap().contains(text)
        })
    };
    assert_eq!(report["version"], 1);
    assert!(has("warning", "clients", "/.claude.json (this project), \"web\" in "), "{said}");
    assert!(has("warning", "clients", "/.mcp.json are started without mcp-hook and may outlive it"), "{said}");
    assert!(has("problem", "definitions", "servers.json"), "{said}");
    assert!(has("warning", "left-overs", "pts9-1-dead: cleanup would remove the session's files"), "{said}");
    let hints = report["findings"].as_array().unwrap().iter().filter_map(|finding| finding["hint"].as_str());
    assert_eq!(hints.filter(|hint| hint.contains("mcp-hook wrap --dry-run")).count(), 1, "{said}");
    assert!(!said.stdout.contains("s3cret"), "{said}");
    assert_eq!(crate::support::output::listing(sandbox.root()), before, "it changed something");
}

/// A session like that of the terminal, whose owner is no more.
fn copy_session(dead: &Path, id: &str) {
    let living = dead.with_file_name(id);
    let mut record: Value = serde_json::from_slice(&fs::read(living.join("session.json")).unwrap()).unwrap();
    record["id"] = dead.file_name().unwrap().to_str().unwrap().into();
    record["owner"]["start"] = 1.into();
    fs::create_dir(dead).unwrap();
    fs::write(dead.join("session.json"), record.to_string()).unwrap();
}

#[test]
fn other_copies_of_the_program_and_open_directories_are_told() {
    let sandbox = Sandbox::new();
    let was_run = sandbox.path("was.run");
    sandbox.program("mcp-hook", &format!("#!/bin/sh\n: >{}\necho mcp-hook 0.0.9\n", was_run.display()));
    let said = sandbox.hook(["doctor"]).expect_code(1);
    let other = sandbox.path("bin/mcp-hook");
    let size = fs::metadata(&other).unwrap().len();
    let text = format!("! binary       PATH has {} (another program or version, {size} bytes) first", other.display());
    assert!(said.stdout.contains(&text), "{said}");
    assert!(!was_run.exists(), "it was run");
    let root = sandbox.path("open");
    fs::create_dir(&root).unwrap();
    fs::set_permissions(&root, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    sandbox.env("MCP_HOOK_DIR", &root);
    let said = sandbox.hook(["doctor"]).expect_code(1);
    assert!(
        said.stdout.contains(&format!("✗ root         could not use {}: others may enter it", root.display())),
        "{said}"
    );
    assert!(said.stdout.contains(&format!("hint: chmod 700 {}", root.display())), "{said}");
    sandbox.env("MCP_HOOK_DIR", "relative");
    let said = sandbox.hook(["doctor"]).expect_code(1);
    assert!(said.stdout.contains("could not use MCP_HOOK_DIR=relative: it is not an absolute path"), "{said}");
}

#[test]
fn hints_name_the_start_up_file_that_the_shell_reads() {
    let sandbox = Sandbox::new();
    let zdotdir = sandbox.home().join("zsh files");
    sandbox.env("ZDOTDIR", &zdotdir);
    sandbox.env("XDG_CONFIG_HOME", "/etc/elsewhere");
    let said = sandbox.hook(["init"]).ok().stdout;
    for place in ["in ~/.bashrc\n", "in ~/zsh files/.zshrc\n", "in /etc/elsewhere/fish/config.fish\n"] {
        assert!(said.contains(place), "{said}");
    }
    sandbox.env("SHELL", "/bin/zsh");
    let said = sandbox.hook(["doctor"]).stdout;
    assert!(said.contains("at the end of ~/zsh files/.zshrc, and open a new terminal"), "{said}");
}
