//! `tool`: one call of a tool of `mcp-hook mcp`, which is done in the words of the command that does the same.

mod answer;
mod change;
mod check;
mod logs;
mod progress;
mod session;
mod status;

use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};

use self::answer::{Answer, tell};
use self::session::CurrentSession;
use super::Run;
use crate::cli;
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::mcp::agent::call::{Tool, ToolCall};
use crate::sys::orphans;

impl Run for cli::Tool {
    fn run(self) -> Result<ExitCode> {
        // Nobody would hear what comes of it.
        let _ = orphans::die_with(nix::unistd::getppid());
        let call: ToolCall = serde_json::from_str(&self.call).context("could not read the call")?;
        tell(answer(&call))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn answer(call: &ToolCall) -> Answer {
    let session = CurrentSession::find()?;
    let name = call.name.as_deref().map(named).transpose()?;
    match (call.tool, name) {
        (Tool::Status, name) => status::status(session, name.as_ref()),
        (_, None) => Err(anyhow!("could not tell which server is meant: no name was given")),
        (Tool::Logs, Some(name)) => logs::logs(session, name, call),
        (Tool::Check, Some(name)) => check::check(name),
        (Tool::Start, Some(name)) => change::start(session, &name),
        (Tool::Stop, Some(name)) => change::stop(&session, &name),
        (Tool::Restart, Some(name)) => change::restart(session, &name),
    }
}

fn named(name: &str) -> Result<ServerName> {
    name.parse().map_err(|error| hinted(error, "server_status shows the names there are"))
}
