//! The arguments of commands that are about servers.

use std::ffi::OsString;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::disk::names::{BadName, ServerName, SessionId};
use crate::server::settings::{LauncherPolicy, PortChoice, Restart as RestartPolicy, Sampling, StopSignal};
use crate::shell::syntax::Syntax;
use crate::units::{size, time};

#[derive(Debug, Default, Args)]
pub struct InSession {
    /// The session, if not this terminal's
    #[arg(long, value_name = "ID")]
    pub session: Option<SessionId>,
}

#[derive(Clone, Debug, Default, Args)]
pub struct ServerOptions {
    /// Time from the stop signal to SIGKILL, like 10s or 500ms
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub grace: Option<Duration>,
    /// The signal that asks the server to end
    #[arg(long, value_name = "SIGNAL", value_parser = stop_signal())]
    pub stop_signal: Option<StopSignal>,
    /// End the server when the memory of its tree stays above this, like 2GiB
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    pub memory: Option<u64>,
    /// How often CPU and memory are sampled, like 10s, or off [default: 60s]
    #[arg(long, value_name = "TIME|off", value_parser = sampling)]
    pub sample: Option<Sampling>,
    /// A port of its own
    #[arg(long, value_name = "PORT", help = "A port of its own: auto or a number; the command gets it as ${MCP_PORT}")]
    pub port: Option<PortChoice>,
    /// Give the server no terminal of its own
    #[arg(long)]
    pub no_tty: bool,
    /// When npx is passed by: pinned (default) for an exact version that is there, direct also for a name or a tag, and uvx too, as-written never
    #[arg(long, value_name = "WHEN", hide_possible_values = true, value_parser = launcher())]
    pub launcher: Option<LauncherPolicy>,
    /// Start it again when this changes: a file, a directory with all below it, a pattern like 'src/**/*.py'
    #[arg(long, value_name = "PATH")]
    pub watch: Vec<String>,
}

#[derive(Debug, Default, Args)]
pub struct LifecycleOptions {
    /// When it is started again: no, on-failure (default), always
    #[arg(long, value_name = "WHEN", hide_possible_values = true, value_parser = restart())]
    pub restart: Option<RestartPolicy>,
    /// It is ready when a line that it prints matches
    #[arg(long, value_name = "REGEX", value_parser = pattern, conflicts_with = "ready_delay")]
    pub ready_log: Option<String>,
    /// It is ready when it has lived this long
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub ready_delay: Option<Duration>,
    /// It is ready when it answers the handshake of MCP on its port
    #[arg(long, conflicts_with_all = ["ready_log", "ready_delay"])]
    pub ready_mcp: bool,
    /// How long it may take to be ready [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub ready_timeout: Option<Duration>,
}

#[derive(Debug, Args)]
pub struct Start {
    /// The server's name in its session
    #[arg(value_parser = server_name)]
    pub name: ServerName,
    /// A command line for sh -c, in place of CMD
    #[arg(value_name = "COMMAND LINE")]
    pub line: Option<String>,
    /// The command and its arguments; without one, the server's definition is used
    #[arg(last = true, value_name = "CMD", conflicts_with = "line")]
    pub words: Vec<OsString>,
    #[command(flatten)]
    pub server: ServerOptions,
    #[command(flatten)]
    pub lifecycle: LifecycleOptions,
    /// Take a new copy of its configuration, whatever was changed in the session's
    #[arg(long)]
    pub fresh: bool,
    /// Do not wait until the server is ready
    #[arg(long)]
    pub no_wait: bool,
    #[command(flatten)]
    pub session: InSession,
}

// What stands before the command is for us, with `--` or without: clients take it out.
#[derive(Debug, Args)]
pub struct Run {
    /// The server's name in its session; one is made of any other label
    #[arg(id = "name", value_name = "NAME")]
    pub label: Label,
    /// The command and its arguments, or a command line for sh -c; without one, the server's definition is used
    #[arg(trailing_var_arg = true, value_name = "CMD")]
    pub words: Vec<OsString>,
    /// Hand the client's streams to the server itself: its end is the end of the connection
    #[arg(long, conflicts_with_all = ["watch", "idle"])]
    pub direct: bool,
    /// End the server when there was no message for this long, like 30m; the next one starts it again
    #[arg(long, value_name = "TIME", value_parser = idle)]
    pub idle: Option<Duration>,
    /// Change nothing in the server's answers; its client is not told then that lists may have changed when the server was started again
    #[arg(long, conflicts_with = "direct")]
    pub exact: bool,
    #[command(flatten)]
    pub server: ServerOptions,
    #[command(flatten)]
    pub session: InSession,
}

/// What a client calls a server, and the name that it has here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// As it was given.
    pub text: String,
    pub name: ServerName,
}

impl FromStr for Label {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let name = match text.parse() {
            Err(BadName::Shape { .. } | BadName::Taken) if !text.is_empty() => ServerName::from_label(text),
            result => result?,
        };
        Ok(Self { text: text.to_owned(), name })
    }
}

#[derive(Debug, Args)]
pub struct Stop {
    /// The servers
    #[arg(required_unless_present = "all", value_parser = server_name)]
    pub names: Vec<ServerName>,
    /// All servers of the session
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    #[command(flatten)]
    pub session: InSession,
}

#[derive(Debug, Args)]
pub struct Restart {
    /// The servers
    #[arg(required = true, value_parser = server_name)]
    pub names: Vec<ServerName>,
    /// Read the definition and the environment again, and take a new copy of the configuration
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    pub session: InSession,
}

#[derive(Debug, Args)]
pub struct Status {
    /// Only this server; exit status 3 if it is not running, 4 if there is none of this name
    #[arg(value_parser = server_name)]
    pub name: Option<ServerName>,
    /// Every session
    #[arg(long, conflicts_with_all = ["name", "session"])]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Show it live, with graphs, and with keys to stop and restart
    #[arg(short, long, conflicts_with = "json")]
    pub watch: bool,
    #[command(flatten)]
    pub session: InSession,
}

#[derive(Debug, Args)]
pub struct Env {
    /// How the shell quotes that evaluates the output
    #[arg(long, value_enum, default_value = "posix")]
    pub shell: &'static Syntax,
    #[command(flatten)]
    pub session: InSession,
}

#[derive(Debug, Args)]
pub struct Logs {
    /// The server; without it, what happened in all sessions
    #[arg(value_parser = server_name)]
    pub name: Option<ServerName>,
    /// Go on printing what is added
    #[arg(short, long)]
    pub follow: bool,
    /// How many lines to begin with [default: 50, with --since all]
    #[arg(short = 'n', long, value_name = "N")]
    pub lines: Option<usize>,
    /// Only what is not older than this, like 10m or 2026-11-22T15:18:08Z
    #[arg(long, value_name = "TIME")]
    pub since: Option<Since>,
    /// Only what the server printed on standard error, and failures; without a server, warnings and errors
    #[arg(long)]
    pub errors: bool,
    /// Print JSON, one object per line
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub session: InSession,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    Ago(Duration),
    At(SystemTime),
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(ago) = time::parse(text) {
            return Ok(Self::Ago(ago));
        }
        let time = humantime::parse_rfc3339_weak(text).map(Self::At);
        time.map_err(|_| "it is neither a time span like 10m nor a time like 2026-11-22T15:18:08Z")
    }
}

/// A server's name; the error for any other text says which name `run` makes of it.
pub fn server_name(text: &str) -> Result<ServerName, String> {
    text.parse().map_err(|error| match error {
        BadName::Shape { .. } if !text.is_empty() => {
            format!("{error}\nhint: mcp-hook run takes it as {}", ServerName::from_label(text))
        }
        _ => error.to_string(),
    })
}

fn stop_signal() -> impl TypedValueParser<Value = StopSignal> {
    PossibleValuesParser::new(StopSignal::ALL.map(|(name, _)| name)).try_map(|name| name.parse::<StopSignal>())
}

fn launcher() -> impl TypedValueParser<Value = LauncherPolicy> {
    let names = PossibleValuesParser::new(LauncherPolicy::ALL.map(|(name, _)| name));
    names.try_map(|name| name.parse::<LauncherPolicy>())
}

fn restart() -> impl TypedValueParser<Value = RestartPolicy> {
    PossibleValuesParser::new(RestartPolicy::ALL.map(|(name, _)| name)).try_map(|name| name.parse::<RestartPolicy>())
}

fn pattern(text: &str) -> Result<String> {
    regex_lite::Regex::new(text)?;
    Ok(text.to_owned())
}

fn idle(text: &str) -> Result<Duration, String> {
    let limit = time::parse(text).map_err(|error| error.to_string())?;
    if limit < Duration::from_millis(1) { Err("it must be 1ms or more".to_owned()) } else { Ok(limit) }
}

fn sampling(text: &str) -> Result<Sampling> {
    match text {
        "off" => Ok(Sampling::Off),
        pause => Ok(Sampling::Every(time::millis(time::parse(pause)?))),
    }
}
