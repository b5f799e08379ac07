//! `wrap`: mcp-hook in front of the servers in clients' files.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::wrap::{self, Direction, Plan, Selection};
use crate::cli::{Change, Wrap};
use crate::failure::hinted;
use crate::ui;
use crate::ui::confirm;

impl Run for Wrap {
    fn run(self) -> Result<ExitCode> {
        change(Direction::Wrap, self.change, self.control)
    }
}

/// Shows what would change, asks, and does it.
pub fn change(direction: Direction, change: Change, control: bool) -> Result<ExitCode> {
    let plan = wrap::plan(direction, &Selection { clients: change.clients, servers: change.server, control })?;
    ui::show(&ui::wrap::plan(&plan))?;
    if plan.changes_anything() && !change.dry_run {
        if !change.yes {
            if !confirm::can_ask() {
                return Err(hinted("nothing was done: nobody is there to be asked", "--yes does it without asking"));
            }
            if !confirm::confirm(&ui::wrap::question(&plan)) {
                ui::say("nothing was done");
                return Ok(ExitCode::FAILURE);
            }
        }
        return Ok(write(&plan));
    }
    Ok(exit_code(!plan.is_refused_anywhere()))
}

fn write(plan: &Plan) -> ExitCode {
    let mut is_done = !plan.is_refused_anywhere();
    for file in &plan.files {
        match file.write() {
            Some(Ok(written)) => ui::say(&ui::wrap::done(plan.direction, file, &written)),
            Some(Err(error)) => {
                ui::error(&error);
                is_done = false;
            }
            None => {}
        }
    }
    exit_code(is_done)
}

fn exit_code(is_done: bool) -> ExitCode {
    if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
