//! `status`: what this session's servers do.

mod watch;

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::status::{Overview, Scope};
use crate::cli::Status;
use crate::disk::layout::Root;
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::session::view;
use crate::ui;

/// `status NAME`: the server is not running (as `systemctl status` has it).
const NOT_RUNNING: u8 = 3;
/// `status NAME`: there is no such server.
const NO_SUCH_SERVER: u8 = 4;

impl Run for Status {
    fn run(self) -> Result<ExitCode> {
        let root = Root::open()?;
        let scope = if self.all { Scope::All(root) } else { Scope::one(&root, self.session.session.as_ref())? };
        if self.watch {
            return watch::watch(scope, self.name);
        }
        let overview = scope.look()?;
        for error in &overview.unreadable {
            ui::warn(&format!("left out: {error:#}"));
        }
        match &self.name {
            Some(name) => self.show_one(overview, name),
            None => {
                self.show(overview)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl Status {
    fn show(&self, overview: Overview) -> Result<()> {
        if self.json {
            return ui::json(&view::report(overview.sessions));
        }
        ui::show(&ui::table::sessions(&overview.sessions, self.all, ui::room()))
    }

    fn show_one(&self, mut overview: Overview, name: &ServerName) -> Result<ExitCode> {
        overview.only(name);
        let Some(server) = overview.servers().next() else {
            let message = format!("could not find {name}: there is no server of this name in this session");
            ui::error(&hinted(message, "mcp-hook status shows those there are"));
            return Ok(ExitCode::from(NO_SUCH_SERVER));
        };
        let code = if server.state.is_running() { ExitCode::SUCCESS } else { ExitCode::from(NOT_RUNNING) };
        server.measure_proportional_memory();
        let mut server = server.clone();
        self.show(overview)?;
        if !self.json {
            server.look_closer();
            ui::show(&ui::details::details(&server))?;
        }
        Ok(code)
    }
}
