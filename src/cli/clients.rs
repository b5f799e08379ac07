//! The arguments of commands that are about clients' files.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::client::table::{self, CLIENTS, Client};

#[derive(Debug, Args)]
pub struct Clients {
    /// Only these clients
    #[arg(value_name = "CLIENT", value_parser = client(), hide_possible_values = true)]
    pub clients: Vec<&'static Client>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Wrap {
    /// Also add mcp-hook mcp, by which an agent looks after its session's servers
    #[arg(long)]
    pub control: bool,
    #[command(flatten)]
    pub change: Change,
}

#[derive(Debug, Args)]
pub struct Unwrap {
    #[command(flatten)]
    pub change: Change,
}

#[derive(Debug, Args)]
pub struct Mcp {}

#[derive(Debug, Args)]
pub struct Tool {
    /// The call, as JSON
    pub call: String,
}

/// What `wrap` and `unwrap` take.
#[derive(Debug, Args)]
pub struct Change {
    /// Only these clients; without one, all that are found
    #[arg(value_name = "CLIENT", value_parser = client())]
    pub clients: Vec<&'static Client>,
    /// Only this server (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub server: Vec<String>,
    /// Only show what would change
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

pub(super) fn client() -> impl TypedValueParser<Value = &'static Client> {
    let ids = PossibleValuesParser::new(CLIENTS.iter().map(|client| client.id));
    ids.map(|id| table::named(&id).unwrap_or(&CLIENTS[0]))
}
