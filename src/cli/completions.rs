//! The completion scripts are generated from what can be typed, then taught to ask for names. They are files so that they can
//! be read, linted and packaged: `UPDATE_COMPLETIONS=1 cargo test completions` writes them anew.

use std::path::Path;

use clap::{Command, CommandFactory, Subcommand};
use clap_complete::Shell as Generator;

use super::Cli;
use crate::shell::Shell;

const SERVERS: &str = "command mcp-hook names servers 2>/dev/null";
const DEFINITIONS: &str = "command mcp-hook names definitions 2>/dev/null";
const SESSIONS: &str = "command mcp-hook names sessions 2>/dev/null";

/// All commands, with all that they take.
fn all() -> Command {
    super::Command::augment_subcommands_for_update(Command::new("mcp-hook"))
}

/// What is offered: everything but the commands that only scripts call.
fn visible() -> Command {
    let shown = all().get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect::<Vec<_>>();
    Command::new("mcp-hook").version("0").args(Cli::command().get_arguments().cloned()).subcommands(shown)
}

/// What names the command takes, if any: of servers that there are, or of those that are defined. `add` makes
/// new ones, `log` takes any.
fn names(command: &Command) -> Option<&'static str> {
    let is_named = command.get_positionals().any(|argument| matches!(argument.get_id().as_str(), "name" | "names"));
    match command.get_name() {
        "add" | "log" => None,
        "start" | "run" | "remove" | "check" => is_named.then_some(DEFINITIONS),
        _ => is_named.then_some(SERVERS),
    }
}

fn generated(shell: &Shell) -> String {
    let (generator, with_names): (Generator, fn(&str) -> String) = match shell.name {
        "bash" => (Generator::Bash, with_names_for_bash),
        "zsh" => (Generator::Zsh, with_names_for_zsh),
        "fish" => (Generator::Fish, with_names_for_fish),
        name => panic!("how are the completions of {name} made?"),
    };
    let mut text = Vec::new();
    clap_complete::generate(generator, &mut visible(), "mcp-hook", &mut text);
    with_names(&String::from_utf8(text).expect("text"))
}

/// The generator takes the hyphen of our name for a space between commands in one of two places, and its script
/// then completes nothing. In the part of each command that takes them, names stand in place of options unless a dash was typed.
fn with_names_for_bash(text: &str) -> String {
    let text = text.replace("mcp__subcmd__hook", "mcp__hook");
    let visible = visible();
    let mut lines = Vec::new();
    let mut takes = None;
    let mut is_session = false;
    for line in text.lines() {
        if let Some(name) = line.trim().strip_prefix("mcp__hook__subcmd__").and_then(|it| it.strip_suffix(')')) {
            takes = visible.find_subcommand(name).and_then(names);
        }
        if is_session {
            lines.push(format!("                    COMPREPLY=( $(compgen -W \"$({SESSIONS})\" -- \"${{cur}}\") )"));
        } else {
            lines.push(line.to_owned());
        }
        is_session = line.trim() == "--session)";
        if let Some(names) = takes.filter(|_| line.trim().starts_with("opts=")) {
            lines.push(format!("            [[ ${{cur}} == -* ]] || opts=$({names})"));
        }
    }
    lines.join("\n") + "\n"
}

fn with_names_for_zsh(text: &str) -> String {
    let with_action = |line: &str, action: &str| line.replace(":_default' \\", &format!(":{action}' \\"));
    let visible = visible();
    let mut takes = None;
    let lines = text.lines().map(|line| match line {
        // The first of the commands is indented.
        _ if line.trim_start().starts_with('(') => {
            takes = visible.find_subcommand(line.trim().trim_matches(['(', ')'])).and_then(names);
            line.to_owned()
        }
        _ if line.starts_with("'--session=") => with_action(line, "_mcp-hook_sessions"),
        _ if ["'*::names -- ", "'::name -- ", "':name -- "].iter().any(|start| line.starts_with(start)) => {
            match takes {
                Some(DEFINITIONS) => with_action(line, "_mcp-hook_definitions"),
                Some(_) => with_action(line, "_mcp-hook_servers"),
                None => line.to_owned(),
            }
        }
        _ => line.to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    let functions = [
        ("servers", "server", SERVERS),
        ("definitions", "defined server", DEFINITIONS),
        ("sessions", "session", SESSIONS),
    ].map(|(tag, what, command)| {
        format!(
            "_mcp-hook_{tag}() {{\n    local expl\n    _wanted {tag} expl '{what}' compadd - ${{(f)\"$({command})\"}}\n}}\n"
        )
    });
    let (head, tail) = text.split_once("\nif [ \"$funcstack[1]\"").expect("the generated script ends so");
    format!("{head}\n{}\nif [ \"$funcstack[1]\"{tail}", functions.concat())
}

fn with_names_for_fish(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in lines.iter_mut().filter(|line| line.contains(" -l session ")) {
        *line += " -f -a \"(";
        *line += SESSIONS;
        *line += ")\"";
    }
    // The generator leaves out what stands without an option.
    for command in visible().get_subcommands() {
        let values: Vec<String> = command
            .get_positionals()
            .flat_map(clap::Arg::get_possible_values)
            .map(|value| value.get_name().to_owned())
            .collect();
        let offered = names(command).map_or_else(|| values.join(" "), |names| format!("({names})"));
        if !offered.is_empty() {
            let condition = format!("__fish_mcp_hook_using_subcommand {}", command.get_name());
            lines.push(format!("complete -c mcp-hook -n \"{condition}\" -f -a \"{offered}\""));
        }
    }
    lines.join("\n") + "\n"
}

const FILES: [(&str, &str); 3] = [("bash", "mcp-hook.bash"), ("zsh", "_mcp-hook"), ("fish", "mcp-hook.fish")];

#[test]
#[allow(clippy::disallowed_methods, reason = "the program does not read this variable, only this test does")]
fn completions_are_what_the_command_line_defines() {
    for (shell, file) in FILES {
        let expected = generated(Shell::named(shell).expect("a shell"));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file);
        if std::env::var_os("UPDATE_COMPLETIONS").is_some() {
            std::fs::write(&path, &expected).expect("written");
        }
        let there = std::fs::read_to_string(&path).expect("there");
        assert!(there == expected, "completions/{file} is old: UPDATE_COMPLETIONS=1 cargo test completions");
    }
}

#[test]
fn every_command_that_takes_names_asks_for_them() {
    let commands: Vec<Command> = visible().get_subcommands().cloned().collect();
    let taking = |what| commands.iter().filter(|command| names(command) == Some(what)).count();
    let (servers, definitions) = (taking(SERVERS), taking(DEFINITIONS));
    let has_session = |command: &&Command| command.get_arguments().any(|argument| argument.get_id() == "session");
    let sessions = commands.iter().filter(has_session).count();
    assert!(servers >= 4 && definitions >= 3 && sessions >= servers);
    for (shell, of_servers, of_definitions, of_sessions) in [
        ("bash", SERVERS, DEFINITIONS, SESSIONS),
        ("zsh", ":_mcp-hook_servers'", ":_mcp-hook_definitions'", ":_mcp-hook_sessions'"),
        ("fish", SERVERS, DEFINITIONS, SESSIONS),
    ] {
        let text = generated(Shell::named(shell).expect("a shell"));
        assert_eq!(text.matches(of_servers).count(), servers, "{shell}");
        assert_eq!(text.matches(of_definitions).count(), definitions, "{shell}");
        assert_eq!(text.matches(of_sessions).count(), sessions, "{shell}");
    }
}

#[test]
fn commands_for_scripts_are_not_offered() {
    for shell in Shell::ALL {
        let text = [SERVERS, DEFINITIONS, SESSIONS].iter().fold(generated(shell), |text, call| text.replace(call, ""));
        for hidden in all().get_subcommands().filter(|command| command.is_hide_set()) {
            let name = hidden.get_name();
            for offer in [format!(" {name} "), format!("'{name}:"), format!("\"{name}\""), format!(",{name})")] {
                assert!(!text.contains(&offer), "{shell} offers {name}");
            }
        }
    }
}
