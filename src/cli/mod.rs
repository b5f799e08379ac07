//! What can be typed.

mod clients;
#[cfg(test)]
mod completions;
mod definitions;
mod help;
mod plain;
mod servers;
mod upkeep;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Error, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use self::clients::{Change, Clients, Mcp, Tool, Unwrap, Wrap};
pub use self::definitions::{Add, Allow, Check, Deny, List, Remove};
use self::help::{Entry, Group};
use self::servers::InSession;
pub use self::servers::{Env, LifecycleOptions, Logs, Restart, Run, ServerOptions, Since, Start, Status, Stop};
pub use self::upkeep::{Cleanup, Close, Completions, Doctor, Init, Log, LogLevel, Names, NamesOf, Open};
use crate::shell::Shell;
use crate::shell::syntax::Syntax;
use crate::{context, text};

/// Sessions for MCP servers: what a terminal starts ends with it.
#[derive(Debug, Parser)]
#[command(name = "mcp-hook", version, arg_required_else_help = true, help_template = help::template(GROUPS))]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What can be said with every command.
#[derive(Debug, Default, Args)]
pub struct Global {
    /// Say on standard error what is decided, and why
    #[arg(short, long, global = true, display_order = 900)]
    pub verbose: bool,
}

impl Cli {
    /// What a hook calls, in exactly the words in which hooks call it; `None` for anything else. Every shell that
    /// starts waits for two of these, and defining the whole command line takes longer than all they do.
    pub fn from_hook(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        // More than any of these takes: not to be read to the end.
        let words: Vec<String> = arguments.take(6).map(|word| word.into_string().ok()).collect::<Option<_>>()?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let command = match *words {
            ["init", shell] => Command::Init(Init { shell: Some(<&Shell>::from_str(shell, false).ok()?) }),
            ["open", "--shell", shell, "--owner", owner] => {
                Command::Open(Open { shell: <&Syntax>::from_str(shell, false).ok()?, owner: Some(owner.parse().ok()?) })
            }
            ["close", owner] if !owner.starts_with('-') => Command::Close(Close { owner: owner.to_owned() }),
            ["log", level, "--", name, message] => Command::Log(Log {
                level: LogLevel::from_str(level, false).ok()?,
                name: name.parse().ok()?,
                message: vec![message.into()],
                session: InSession { session: None },
            }),
            _ => return None,
        };
        Some(Self { global: Global::default(), command })
    }

    /// What a user typed. Ends the program if that is no command of ours, or a question for help.
    pub fn from_user() -> Self {
        Self::alone(context::arguments()).unwrap_or_else(Self::from_whole)
    }

    /// What was typed, if it begins with a command and says it right: then nobody asks what the others are, and to define
    /// them takes longer than most commands.
    fn alone(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let name = arguments.next()?.into_string().ok()?;
        let definition = Global::augment_args(Command::define(&name)?).no_binary_name(true);
        let matches = definition.try_get_matches_from(arguments).ok()?;
        let global = Global::from_arg_matches(&matches).ok()?;
        Some(Self { global, command: Command::read(&name, &matches)?.ok()? })
    }

    fn from_whole() -> Self {
        Self::try_parse_from(words()).unwrap_or_else(|error| {
            // An error quotes what was typed: once more, with words that a terminal can be shown.
            let plain = words().map(|word| text::plain(&word.to_string_lossy()));
            Self::try_parse_from(plain).err().unwrap_or(error).exit()
        })
    }
}

/// The command line, with our own name for the program.
fn words() -> impl Iterator<Item = OsString> {
    std::iter::once("mcp-hook".into()).chain(context::arguments())
}

/// Makes [`Command`] and [`GROUPS`] of a table. The same as `#[derive(Subcommand)]`, but that what a command takes is defined only
/// if it is the one that was typed: most of the time that it takes to read a command line goes into definitions.
macro_rules! commands {
    ($($heading:literal { $($(#[doc = $about:literal])+ $name:literal $variant:ident $examples:tt)+ })+) => {
        #[derive(Debug)]
        pub enum Command {
            $($($(#[doc = $about])+ $variant($variant),)+)+
        }

        const GROUPS: &[Group] = &[$(Group {
            heading: $heading,
            commands: &[$(Entry {
                name: $name,
                about: concat!($($about),+).trim_ascii_start(),
            },)+],
        },)+];

        impl Command {
            /// What the command of this name takes.
            fn define(name: &str) -> Option<clap::Command> {
                match name {
                    $($($name => Some($variant::augment_args(clap::Command::new($name))),)+)+
                    _ => None,
                }
            }

            /// What was said of the command of this name.
            fn read(name: &str, matches: &ArgMatches) -> Option<Result<Self, Error>> {
                match name {
                    $($($name => Some($variant::from_arg_matches(matches).map(Self::$variant)),)+)+
                    _ => None,
                }
            }
        }

        impl Subcommand for Command {
            fn augment_subcommands(app: clap::Command) -> clap::Command {
                app$($(.subcommand({
                    const ABOUT: &str = concat!($($about),+).trim_ascii_start();
                    clap::Command::new($name).about(ABOUT).hide($heading.is_empty()).defer(|command| {
                        $variant::augment_args(command).about(ABOUT).after_help(help::examples(&$examples))
                    })
                }))+)+
            }

            /// All at once, for those who look at the whole.
            fn augment_subcommands_for_update(app: clap::Command) -> clap::Command {
                app$($(.subcommand(
                    $variant::augment_args(clap::Command::new($name))
                        .about(concat!($($about),+).trim_ascii_start())
                        .hide($heading.is_empty()),
                ))+)+
            }

            fn has_subcommand(name: &str) -> bool {
                [$($($name),+),+].contains(&name)
            }
        }

        impl FromArgMatches for Command {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
                let read = matches.subcommand().and_then(|(name, matches)| Self::read(name, matches));
                read.unwrap_or_else(|| Err(Error::new(ErrorKind::MissingSubcommand)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

// The last group has no heading: it is for scripts, and hidden.
commands! {
    "Start and stop servers" {
        /// Start a server in the background
        "start" Start [
            "mcp-hook start files -- npx -y @modelcontextprotocol/server-filesystem ~/projects",
            "mcp-hook start web --port auto 'PORT=$MCP_PORT npx -y @modelcontextprotocol/server-everything streamableHttp'",
            "mcp-hook start tickets --restart always",
        ]
        /// Run a server for an MCP client, on standard input and output
        "run" Run [
            "mcp-hook run files -- npx -y @modelcontextprotocol/server-filesystem ~/projects",
            "mcp-hook run tickets",
        ]
        /// End servers, the whole tree of each
        "stop" Stop ["mcp-hook stop web", "mcp-hook stop --all"]
        /// End servers and start them again
        "restart" Restart ["mcp-hook restart web", "mcp-hook restart --fresh tickets"]
    }
    "Look at servers" {
        /// Show this session's servers
        "status" Status ["mcp-hook status", "mcp-hook status web", "mcp-hook status --all --watch"]
        /// Show what a server printed, or what happened
        "logs" Logs ["mcp-hook logs web --follow", "mcp-hook logs web --errors -n 5", "mcp-hook logs --since 10m"]
        /// Print the ports of this session's servers, for the shell
        "env" Env ["eval \"$(mcp-hook env)\"", "mcp-hook env --shell fish | source"]
    }
    "Define servers" {
        /// Show the servers that are defined, and whether they may be started
        "list" List ["mcp-hook list", "mcp-hook list --json"]
        /// Say what would keep servers from being started; with --connect, from working
        "check" Check [
            "mcp-hook check",
            "mcp-hook check --connect tickets",
            "mcp-hook check --connect -- npx -y @modelcontextprotocol/server-everything",
        ]
        /// Define a server in your servers.json
        "add" Add [
            "mcp-hook add tickets --env 'TOKEN=${TICKETS_TOKEN}' -- uvx tickets-mcp",
            "mcp-hook add web --port auto -- npx -y a-server --port '${MCP_PORT}'",
            "mcp-hook add search --url https://example.com/mcp",
        ]
        /// Take a server out of your servers.json
        "remove" Remove ["mcp-hook remove tickets"]
        /// Allow the servers that a project's .mcp.json defines
        "allow" Allow ["mcp-hook allow", "mcp-hook allow --yes ~/projects/shop"]
        /// Take back that a project's .mcp.json is allowed
        "deny" Deny ["mcp-hook deny", "mcp-hook deny ~/projects/shop"]
    }
    "Set up clients" {
        /// Show the clients that are found, with their files and servers
        "clients" Clients ["mcp-hook clients", "mcp-hook clients --json"]
        /// Put mcp-hook in front of the servers in clients' files
        "wrap" Wrap ["mcp-hook wrap --dry-run", "mcp-hook wrap cursor --server tickets", "mcp-hook wrap --control --yes"]
        /// Take mcp-hook away from the servers in clients' files
        "unwrap" Unwrap ["mcp-hook unwrap --dry-run", "mcp-hook unwrap --yes cursor"]
        /// Be an MCP server by which an agent looks after this session's servers
        "mcp" Mcp ["mcp-hook mcp    # as a client's server; mcp-hook wrap --control adds it"]
    }
    "Sessions and installation" {
        /// Print the hook for a shell's start-up file
        "init" Init [
            "eval \"$(mcp-hook init bash)\"    # at the end of ~/.bashrc",
            "eval \"$(mcp-hook init zsh)\"     # at the end of ~/.zshrc",
            "mcp-hook init fish | source       # at the end of ~/.config/fish/config.fish",
        ]
        /// Write a line to the central log
        "log" Log ["mcp-hook log warn web the token expires soon"]
        /// End what outlived its session and remove what dead sessions left
        "cleanup" Cleanup ["mcp-hook cleanup --dry-run", "mcp-hook cleanup"]
        /// Examine the installation: the hook, programs, directories, left-overs, clients
        "doctor" Doctor ["mcp-hook doctor"]
        /// Print the completion script for a shell
        "completions" Completions [
            "eval \"$(mcp-hook completions bash)\"    # in ~/.bashrc",
            "mcp-hook completions fish | source       # in ~/.config/fish/config.fish",
        ]
    }
    "" {
        /// Open a session for a shell or a script
        "open" Open ["eval \"$(mcp-hook open)\""]
        /// End a session (used by the hook)
        "close" Close []
        /// List names for completion scripts
        "names" Names []
        /// Do one call of a tool of mcp-hook mcp
        "tool" Tool []
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

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
}
