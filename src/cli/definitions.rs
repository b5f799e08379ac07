//! The arguments of commands that are about definitions.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::clients::client;
use super::servers::server_name;
use crate::client::table::Client;
use crate::disk::names::ServerName;
use crate::server::settings::PortChoice;
use crate::units::time;

#[derive(Debug, Args)]
pub struct List {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Check {
    /// Only these servers
    #[arg(value_parser = server_name)]
    pub names: Vec<ServerName>,
    /// Start a copy of each, speak MCP to it and end it: say what keeps it from working
    #[arg(long)]
    pub connect: bool,
    /// How long it may take to the first answer [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = time::parse, requires = "connect")]
    pub timeout: Option<Duration>,
    /// A server at this address, instead of servers that are defined
    #[arg(long, requires = "connect", conflicts_with_all = ["names", "words"])]
    pub url: Option<String>,
    /// The servers in this client's files, each as the client would start it
    #[arg(long, requires = "connect", value_parser = client(), hide_possible_values = true, conflicts_with_all = ["url", "words"])]
    pub client: Option<&'static Client>,
    /// What is sent with each request to it (may be repeated)
    #[arg(long, value_name = "NAME: VALUE", requires = "url")]
    pub header: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// A command and its arguments, instead of servers that are defined
    #[arg(last = true, value_name = "CMD", requires = "connect", conflicts_with = "names")]
    pub words: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct Add {
    /// The server's name
    #[arg(value_parser = server_name)]
    pub name: ServerName,
    /// A variable for it (may be repeated); ${VAR} in the value stays and is looked up when the server is started
    #[arg(long, value_name = "K=V", value_parser = pair, requires = "words")]
    pub env: Vec<(String, String)>,
    /// A port of its own: auto or a number
    #[arg(long, value_name = "auto|N", requires = "words")]
    pub port: Option<PortChoice>,
    /// Where clients reach it; alone for a server that runs elsewhere
    #[arg(long)]
    pub url: Option<String>,
    /// Replace the server of this name
    #[arg(long)]
    pub force: bool,
    /// The command and its arguments
    #[arg(last = true, value_name = "CMD", required_unless_present = "url")]
    pub words: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Remove {
    /// The server's name
    pub name: String,
}

#[derive(Debug, Args)]
pub struct Allow {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// The file or its directory; without it, the nearest .mcp.json above
    #[arg(value_hint = ValueHint::AnyPath)]
    pub path: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Deny {
    /// The file or its directory; without it, the nearest .mcp.json above
    #[arg(value_hint = ValueHint::AnyPath)]
    pub path: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it is not of the form NAME=VALUE".to_owned()),
    }
}
