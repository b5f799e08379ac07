//! The examples in the help of commands: each does what it says.

use crate::support::{Sandbox, Shell, Terminal};

/// The commands in an order in which their examples make sense, each after what it needs.
const ORDER: [&str; 22] = [
    "init",
    "completions",
    "add",
    "list",
    "check",
    "allow",
    "deny",
    "start",
    "run",
    "status",
    "logs",
    "env",
    "log",
    "restart",
    "stop",
    "remove",
    "clients",
    "wrap",
    "unwrap",
    "mcp",
    "cleanup",
    "doctor",
];

/// What ends the alternate screen.
const LEFT: &str = "\u{1b}[?1049l";

/// What stands for `npx` and `uvx`: a server that listens and answers on standard input, or ends at once.
const SERVER: &str = r#"#!/bin/sh
[ -z "$ENDS" ] || exit 0
exec python3 -c '
import json, os, socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(os.environ.get("PORT", "0"))))
listener.listen()
tools = [{"name": "add", "inputSchema": {"type": "object"}}]
hello = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}
for line in sys.stdin:
    request = json.loads(line)
    result = {"initialize": hello, "tools/list": {"tools": tools}}.get(request["method"], {})
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
'
"#;

#[test]
fn every_example_does_what_it_says() {
    let sandbox = Sandbox::new();
    for launcher in ["npx", "uvx"] {
        sandbox.program(launcher, SERVER);
    }
    sandbox.env("TICKETS_TOKEN", "secret");
    sandbox.write("home/projects/shop/.mcp.json", r#"{"mcpServers": {"shop": {"command": "npx"}}}"#);
    sandbox
        .write("home/.cursor/mcp.json", r#"{"mcpServers": {"tickets": {"command": "uvx", "args": ["tickets-mcp"]}}}"#);
    assert_eq!(sorted(shown(&sandbox)), sorted(ORDER.map(str::to_owned).to_vec()));
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.run("cd ~/projects/shop").ok();
    for command in ORDER {
        for example in examples(&sandbox, command) {
            follow(&mut terminal, &example);
        }
    }
    terminal.run(":").ok();
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// The commands that the help of the program shows.
fn shown(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.hook(["--help"]).ok().stdout;
    let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
    lines
        .filter_map(|line| line.split(' ').next())
        .filter(|word| word.starts_with(char::is_alphabetic))
        .map(str::to_owned)
        .collect()
}

/// The examples in a command's help, without what is said about them.
fn examples(sandbox: &Sandbox, command: &str) -> Vec<String> {
    let help = sandbox.hook([command, "--help"]).ok().stdout;
    let (_, examples) = help.split_once("\nExamples:\n").expect("there are examples");
    let lines = examples.lines().map(|line| line.split("    #").next().unwrap_or_default());
    lines.map(|line| line.trim().to_owned()).collect()
}

fn follow(terminal: &mut Terminal<'_>, example: &str) {
    match example {
        _ if example.ends_with("| source") => drop(terminal.run(&format!("fish -c '{example}'")).ok()),
        _ if example.contains("init zsh") => drop(terminal.run(&format!("zsh -c '{example}'")).ok()),
        _ if example.contains(" run ") => drop(terminal.run(&format!("ENDS=yes {example}")).ok()),
        // What asks, or goes on until it is told to end.
        "mcp-hook allow" | "mcp-hook wrap cursor --server tickets" => answer(terminal, example, "[y/N]", "y\n"),
        "mcp-hook mcp" => drop(terminal.run("mcp-hook mcp </dev/null").ok()),
        _ if example.contains("--follow") => answer(terminal, example, "hook ready", "\u{3}"),
        _ if example.contains("--watch") => {
            answer(terminal, &format!("TERM=xterm {example}"), "quit", "q");
            terminal.wait_for(LEFT);
        }
        _ => drop(terminal.run(example).ok()),
    }
}

fn answer(terminal: &mut Terminal<'_>, line: &str, question: &str, keys: &str) {
    terminal.wait_prompt();
    terminal.send_line(line);
    terminal.wait_for(question);
    terminal.send(keys);
}
