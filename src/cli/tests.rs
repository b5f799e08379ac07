//! Help, and the ways in which a command line is read.

use clap::CommandFactory;

use super::*;
use crate::client::run_line;

#[test]
fn the_help_groups_commands_by_what_people_do() {
    insta::assert_snapshot!(Cli::command().render_help(), @r"
    Sessions for MCP servers: what a terminal starts ends with it

    Usage: mcp-hook [OPTIONS] <COMMAND>

    Start and stop servers:
      start        Start a server in the background
      run          Run a server for an MCP client, on standard input and output
      stop         End servers, the whole tree of each
      restart      End servers and start them again

    Look at servers:
      status       Show this session's servers
      logs         Show what a server printed, or what happened
      env          Print the ports of this session's servers, for the shell

    Define servers:
      list         Show the servers that are defined, and whether they may be started
      check        Say what would keep servers from being started; with --connect, from working
      add          Define a server in your servers.json
      remove       Take a server out of your servers.json
      allow        Allow the servers that a project's .mcp.json defines
      deny         Take back that a project's .mcp.json is allowed

    Set up clients:
      clients      Show the clients that are found, with their files and servers
      wrap         Put mcp-hook in front of the servers in clients' files
      unwrap       Take mcp-hook away from the servers in clients' files
      mcp          Be an MCP server by which an agent looks after this session's servers

    Sessions and installation:
      init         Print the hook for a shell's start-up file
      log          Write a line to the central log
      cleanup      End what outlived its session and remove what dead sessions left
      doctor       Examine the installation: the hook, programs, directories, left-overs, clients
      completions  Print the completion script for a shell

    Options:
      -v, --verbose  Say on standard error what is decided, and why
      -h, --help     Print help
      -V, --version  Print version

    mcp-hook COMMAND --help shows the options of a command, and examples.
    ");
}

#[test]
fn every_command_that_is_shown_has_examples_of_itself() {
    for mut command in Cli::command().get_subcommands().filter(|it| !it.is_hide_set()).cloned() {
        let name = command.get_name().to_owned();
        let help = command.render_long_help().to_string();
        let examples = help.split_once("\nExamples:\n").map_or(Vec::new(), |(_, text)| text.lines().collect());
        assert!((1..=3).contains(&examples.len()), "{help}");
        for example in examples {
            assert!(example.contains(&format!("mcp-hook {name}")), "{example}");
        }
    }
}

#[test]
fn no_help_is_written_in_the_marks_of_documentation() {
    for mut command in Cli::command().get_subcommands().cloned() {
        let help = command.render_long_help().to_string();
        assert!(!help.contains('`'), "{help}");
    }
}

#[test]
fn a_command_means_the_same_whether_the_others_are_defined_or_not() {
    for line in [
        "start web --port auto --watch src -v -- npx -y a-server",
        "-v start web",
        "run a-label --exact --idle 5m npx --version",
        "stop --all",
        "restart web files --fresh",
        "status --json --verbose",
        "logs web -fn 5 --since 10m",
        "wrap cursor --server tickets --yes",
    ] {
        let words = || line.split(' ').map(OsString::from);
        let whole = Cli::try_parse_from(std::iter::once("mcp-hook".into()).chain(words())).expect(line);
        match Cli::alone(words()) {
            Some(alone) => assert_eq!(format!("{alone:?}"), format!("{whole:?}")),
            None => assert!(line.starts_with('-'), "{line}"),
        }
    }
    for line in
        ["start", "start --help", "status --version", "stat", "help status", "stop --all web", "start web --nope"]
    {
        assert!(Cli::alone(line.split(' ').map(OsString::from)).is_none(), "{line}");
    }
}

#[test]
fn the_options_of_run_that_take_no_value_are_known_in_clients_files() {
    let mut command = Cli::command();
    command.build();
    let run = command.find_subcommand("run").expect("run");
    let mut flags = Vec::new();
    for option in run.get_arguments().filter(|it| !it.is_positional() && !it.get_action().takes_values()) {
        flags.extend(option.get_long().map(|name| format!("--{name}")));
        flags.extend(option.get_short().map(|name| format!("-{name}")));
    }
    flags.sort();
    let mut known = run_line::FLAGS.map(str::to_owned).to_vec();
    known.sort();
    assert_eq!(flags, known);
}

#[test]
fn what_hooks_call_means_the_same_as_when_it_is_typed() {
    for line in [
        "init bash",
        "init fish",
        "open --shell posix --owner 42",
        "open --shell fish --owner 7",
        "close 1:a-1-b",
        "log warn -- web text",
        "log error -- web --verbose",
    ] {
        let words = || line.split(' ').map(OsString::from);
        let typed = Cli::try_parse_from(std::iter::once("mcp-hook".into()).chain(words())).expect(line);
        let called = Cli::from_hook(words()).expect(line);
        assert_eq!(format!("{called:?}"), format!("{typed:?}"));
    }
    for line in [
        "",
        "init",
        "init sh",
        "init bash -v",
        "open",
        "open --shell posix --owner x",
        "close --help",
        "status",
        "log loud -- web text",
        "log info web text",
        "log info -- web two words",
    ] {
        let words = line.split(' ').map(OsString::from);
        assert!(Cli::from_hook(words).is_none(), "{line}");
    }
}
