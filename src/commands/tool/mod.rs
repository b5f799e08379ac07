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
use serde_json::Value;

use self::answer::{Answer, tell};
use self::session::CurrentSession;
use super::Run;
use crate::cli;
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::mcp::agent::call::{CallReport, Tool, ToolCall};
use crate::server::secrets::{self, Secrets};
use crate::sys::orphans;
use crate::{context, ui};

impl Run for cli::Tool {
    fn run(self) -> Result<ExitCode> {
        // Nobody would hear what comes of it.
        let _ = orphans::die_with(nix::unistd::getppid());
        let call: ToolCall = serde_json::from_str(&self.call).context("could not read the call")?;
        let secrets = own_secrets();
        tell(&match answer(&call) {
            Ok((text, data)) => {
                CallReport::Done { text: secrets.masked(text.trim_end()), data: masked(&secrets, data) }
            }
            Err(error) => CallReport::Failed(secrets.masked(&ui::without_colour(&ui::error_words(&error)))),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What this process could tell of its own environment, which servers of the session may have printed.
fn own_secrets() -> Secrets {
    let names = context::variable_names().into_iter().filter(|name| secrets::is_telling(name));
    Secrets::new(&names.filter_map(|name| context::text_variable(&name)).collect::<Vec<_>>())
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

fn masked(secrets: &Secrets, data: Value) -> Value {
    match data {
        Value::String(text) => Value::String(secrets.masked(&text)),
        Value::Array(items) => items.into_iter().map(|item| masked(secrets, item)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, masked(secrets, value))).collect(),
        other => other,
    }
}
