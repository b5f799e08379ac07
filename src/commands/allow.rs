//! `allow`: what a project's file defines may be started from now on, as long as the file stays as it is.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use super::Run;
use crate::cli::Allow;
use crate::context;
use crate::definition::allowed::{self, Permission};
use crate::definition::catalogue::Catalogue;
use crate::definition::document::{self, Document, PROJECT_FILE};
use crate::definition::review::{self, Review};
use crate::failure::hinted;
use crate::session::find;
use crate::ui;
use crate::ui::confirm;

impl Run for Allow {
    fn run(self) -> Result<ExitCode> {
        find::adopt_current();
        let here = context::working_directory().context("could not find the working directory")?;
        let path = self.path.map_or_else(|| here.clone(), |path| here.join(path));
        let found = match path.canonicalize() {
            Ok(directory) if directory.is_dir() => nearest(&directory)?,
            _ => file(&path)?,
        };
        // What is shown, what is parsed and what is remembered is what was read once.
        let review = review::review(&found, &Catalogue::of_user())?;
        ui::show(&ui::review::review(&review))?;
        let before = allowed::of(&found);
        let may_ask = !self.yes && before != Permission::Allowed && confirm::can_ask();
        if may_ask && !confirm::confirm(&question(&review, before)) {
            ui::say(&format!("not allowed: {}", found.file.display()));
            return Ok(ExitCode::FAILURE);
        }
        allowed::allow(&found)?;
        let verb = if before == Permission::Allowed { "was allowed already:" } else { "allowed" };
        ui::say(&format!("{verb} {}", found.file.display()));
        if document::at(&found.file).map_or(true, |now| now.text != found.text) {
            let file = found.file.display();
            ui::warn(&format!("{file} has changed since it was shown: what stands there now is not allowed"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn question(review: &Review, before: Permission) -> String {
    let again = if before == Permission::Changed { "; it has changed since it was allowed" } else { "" };
    let marked = match ui::review::marked(review) {
        0 => String::new(),
        1 => ", with one thing that is marked".to_owned(),
        count => format!(", with {count} things that are marked"),
    };
    format!("allow {}{marked}{again}?", review.file.display())
}

fn nearest(directory: &Path) -> Result<Document> {
    match document::project(directory) {
        Some(found) => found.document,
        None => {
            let message = format!("could not find a {PROJECT_FILE} in {} or above it", directory.display());
            Err(hinted(message, "mcp-hook add NAME -- COMMAND defines a server of your own"))
        }
    }
}

/// Another name than that of a project's file would never be found.
fn file(path: &Path) -> Result<Document> {
    ensure!(
        path.file_name().is_some_and(|name| name == PROJECT_FILE),
        "could not allow {}: only a {PROJECT_FILE} is ever looked for",
        path.display()
    );
    document::at(path)
}
