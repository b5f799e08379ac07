//! `check`: what keeps servers from being started; with `--connect`, from working.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Run;
use super::progress::ShownTrials;
use crate::app::check;
use crate::app::check::connect::{self, Interrupted, Request};
use crate::cli::Check;
use crate::definition::check::report;
use crate::failure::Hint;
use crate::server::command::CommandLine;
use crate::supervisor::trial::report::Outcome;
use crate::sys::exit;
use crate::ui;

/// How long a server may take to its first answer.
pub const FIRST_ANSWER: Duration = Duration::from_secs(30);

impl Run for Check {
    fn run(self) -> Result<ExitCode> {
        if self.connect {
            return self.connect();
        }
        let servers = check::check(&self.names)?;
        let is_wrong = servers.iter().any(|server| !server.problems.is_empty());
        if self.json {
            ui::json(&report(servers))?;
        } else {
            ui::show(&ui::checked::servers(&servers))?;
        }
        Ok(if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

impl Check {
    fn connect(self) -> Result<ExitCode> {
        let request = if let Some(url) = self.url {
            let headers: Option<Vec<_>> = self.header.iter().map(|text| header(text)).collect();
            let headers = headers.context("could not send a header: it is not of the form NAME: VALUE");
            Request::Url { url, headers: headers.hint(|| "--header 'Authorization: Bearer …'".to_owned())? }
        } else if let Some(client) = self.client {
            Request::OfClient { client, names: self.names }
        } else if self.words.is_empty() {
            Request::Defined(self.names)
        } else {
            let command = CommandLine::from_words(self.words).context("could not check the command");
            Request::Typed(command.hint(|| "mcp-hook check --connect -- COMMAND ARGUMENT…".to_owned())?)
        };
        let servers = match connect::connect(request, self.timeout.unwrap_or(FIRST_ANSWER), &ShownTrials::default())? {
            Ok(servers) => servers,
            Err(Interrupted(signal)) => exit::by_signal(signal),
        };
        let has_failed = servers.iter().any(|server| server.state == Outcome::Failed);
        if self.json {
            ui::json(&connect::report(servers))?;
        } else {
            ui::show(&ui::connected::servers(&servers))?;
        }
        Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// A header as it stands in a request. It may be a secret: an error must not show it, as clap's would.
fn header(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once(':')?;
    let is_name = !name.is_empty() && name.chars().all(|it| it.is_ascii_graphic());
    (is_name && !value.contains(['\r', '\n'])).then(|| (name.to_owned(), value.trim().to_owned()))
}
