//! `deny`: what a project's file defines may not be started any more.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::Run;
use crate::cli::Deny;
use crate::context;
use crate::definition::allowed;
use crate::definition::document::PROJECT_FILE;
use crate::failure::hinted;
use crate::session::find;
use crate::ui;

impl Run for Deny {
    fn run(self) -> Result<ExitCode> {
        find::adopt_current();
        let here = context::working_directory().context("could not find the working directory")?;
        let path = self.path.map_or_else(|| here.clone(), |path| here.join(path));
        let file = if path.is_dir() { nearest(&path)? } else { path };
        if allowed::deny(&file)? {
            ui::say(&format!("denied {}", file.display()));
        } else {
            ui::say(&format!("{} was not allowed", file.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The nearest file, or the nearest that was one when it was allowed.
fn nearest(directory: &Path) -> Result<PathBuf> {
    let mut files = directory.ancestors().map(|above| above.join(PROJECT_FILE));
    let found = files.find(|file| file.symlink_metadata().is_ok() || allowed::is_remembered(file));
    let message = || format!("could not find a {PROJECT_FILE} in {} or above it", directory.display());
    found.ok_or_else(|| hinted(message(), "mcp-hook deny PATH names one elsewhere"))
}
