//! The commands: one table of what each is called and does, from which help, completions and the reading of a command line come.

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Error, FromArgMatches, Subcommand};

use super::clients::{Clients, Mcp, Tool, Unwrap, Wrap};
use super::definitions::{Add, Allow, Check, Deny, List, Remove};
use super::help::{self, Entry, Group};
use super::servers::{Env, Logs, Restart, Run, Start, Status, Stop};
use super::upkeep::{Cleanup, Close, Completions, Doctor, Init, Log, Names, Open};

/// Makes [`Command`] and [`GROUPS`] of a table. The same as `#[derive(Subcommand)]`, but that what a command takes is defined only
/// if it is the one that was typed: most of the time that it takes to read a command line goes into definitions.
macro_rules! commands {
    ($($heading:literal { $($(#[doc = $about:literal])+ $name:literal $variant:ident $examples:tt)+ })+) => {
        #[derive(Debug)]
        pub enum Command {
            $($($(#[doc = $about])+ $variant($variant),)+)+
        }

        pub const GROUPS: &[Group] = &[$(Group {
            heading: $heading,
            commands: &[$(Entry {
                name: $name,
                about: concat!($($about),+).trim_ascii_start(),
            },)+],
        },)+];

        impl Command {
            /// What the command of this name takes.
            pub fn define(name: &str) -> Option<clap::Command> {
                match name {
                    $($($name => Some($variant::augment_args(clap::Command::new($name))),)+)+
                    _ => None,
                }
            }

            /// What was said of the command of this name.
            pub fn read(name: &str, matches: &ArgMatches) -> Option<Result<Self, Error>> {
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
