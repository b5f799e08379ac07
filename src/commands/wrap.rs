//! `wrap`: mcp-hook in front of the servers in clients' files.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::wrap::{self, Direction, FilePlan, Plan, Selection, Turn, Written};
use crate::cli::{Change, Wrap};
use crate::failure::hinted;
use crate::ui;
use crate::ui::confirm;

impl Run for Wrap {
    fn run(self) -> Result<ExitCode> {
        change(Direction::Wrap, self.change, self.control)
    }
}

/// Shows what would change, asks, and does it; or does it and shows it.
pub fn change(direction: Direction, change: Change, control: bool) -> Result<ExitCode> {
    let selection = Selection { clients: change.clients, servers: change.server, control };
    if change.yes && !change.dry_run {
        let (plan, turn) = wrap::plan_in_turn(direction, &selection)?;
        let written = turn.map(|turn| plan.write(&turn)).unwrap_or_default();
        ui::show(&ui::wrap::plan(&plan))?;
        return Ok(report(&plan, written));
    }
    let plan = wrap::plan(direction, &selection)?;
    ui::show(&ui::wrap::plan(&plan))?;
    if !plan.changes_anything() || change.dry_run {
        return Ok(exit_code(!plan.is_refused_anywhere()));
    }
    if !confirm::can_ask() {
        return Err(hinted("nothing was done: nobody is there to be asked", "--yes does it without asking"));
    }
    if !confirm::confirm(&ui::wrap::question(&plan)) {
        ui::say("nothing was done");
        return Ok(ExitCode::FAILURE);
    }
    let written = plan.write(&Turn::wait()?);
    Ok(report(&plan, written))
}

/// Says what came of each file.
fn report(plan: &Plan, written: Vec<(&FilePlan, Result<Written>)>) -> ExitCode {
    let mut is_done = !plan.is_refused_anywhere();
    for (file, written) in written {
        match written {
            Ok(written) => ui::say(&ui::wrap::done(plan.direction, file, &written)),
            Err(error) => {
                ui::error(&error);
                is_done = false;
            }
        }
    }
    exit_code(is_done)
}

fn exit_code(is_done: bool) -> ExitCode {
    if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
