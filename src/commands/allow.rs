//! `allow`: what a project's file defines may be started from now on, as long as the file stays as it is.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::permission::{Candidate, Since};
use crate::cli::Allow;
use crate::definition::allowed::Permission;
use crate::ui;
use crate::ui::confirm;

impl Run for Allow {
    fn run(self) -> Result<ExitCode> {
        let candidate = Candidate::find(self.path.as_deref())?;
        ui::show(&ui::review::review(&candidate.review))?;
        let file = candidate.file().display();
        let was_allowed = candidate.permission == Permission::Allowed;
        let may_ask = !self.yes && !was_allowed && confirm::can_ask();
        if may_ask && !confirm::confirm(&question(&candidate)) {
            ui::say(&format!("not allowed: {file}"));
            return Ok(ExitCode::FAILURE);
        }
        let since = candidate.allow()?;
        ui::say(&format!("{} {file}", if was_allowed { "was allowed already:" } else { "allowed" }));
        if since == Since::Changed {
            ui::warn(&format!("{file} has changed since it was shown: what stands there now is not allowed"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn question(candidate: &Candidate) -> String {
    let is_changed = candidate.permission == Permission::Changed;
    let again = if is_changed { "; it has changed since it was allowed" } else { "" };
    let marked = match ui::review::marked(&candidate.review) {
        0 => String::new(),
        1 => ", with one thing that is marked".to_owned(),
        count => format!(", with {count} things that are marked"),
    };
    format!("allow {}{marked}{again}?", candidate.review.file.display())
}
