//! `logs`: what servers printed, and what happened.

use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;

use super::Run;
use crate::app::logs::{Changes, OpenLog, Query, Selection};
use crate::cli::{Logs, Since};
use crate::context;
use crate::disk::layout::Root;
use crate::sys::fd;
use crate::sys::hangup::HangUp;
use crate::ui;

/// How many lines are shown at first.
const SHOWN: usize = 50;

impl Run for Logs {
    fn run(self) -> Result<ExitCode> {
        let since = self.since.map(time);
        let count = self.lines.unwrap_or(if since.is_some() { usize::MAX } else { SHOWN });
        let query = Query { server: self.name, session: self.session.session, since, errors: self.errors };
        let selection = Selection::find(Root::open()?, query)?;
        let changes = if self.follow { Some(selection.changes()?) } else { None };
        let log = selection.open()?;
        let mut output = Output { log, json: self.json };
        let lines = output.log.last(count)?;
        if output.show(lines)?
            && let Some(changes) = changes
        {
            output.follow(changes)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn time(since: Since) -> SystemTime {
    match since {
        Since::Ago(time) => context::wall_clock().checked_sub(time).unwrap_or(SystemTime::UNIX_EPOCH),
        Since::At(time) => time,
    }
}

/// A log that is printed, as it is or as JSON.
struct Output {
    log: OpenLog,
    json: bool,
}

impl Output {
    /// Prints lines. False if nobody reads on.
    fn show(&self, mut lines: Vec<Vec<u8>>) -> Result<bool> {
        if self.json {
            for line in &mut lines {
                *line = ui::json_line(&self.log.entry(line))?.into_bytes();
            }
        }
        ui::pass_on(&lines)
    }

    /// Prints what is added, until nobody reads on.
    fn follow(&mut self, mut changes: Changes) -> Result<()> {
        let reader = fd::duplicate(io::stdout().as_fd()).and_then(HangUp::of_output).ok();
        loop {
            changes.wait(reader.as_ref());
            if reader.as_ref().is_some_and(HangUp::has_happened) {
                return Ok(());
            }
            let added = self.log.added();
            if !self.show(added)? {
                return Ok(());
            }
        }
    }
}
