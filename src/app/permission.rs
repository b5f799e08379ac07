//! Allowing what a project's file defines, as long as the file stays as it is, and taking that back.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::context;
use crate::definition::allowed::{self, Permission};
use crate::definition::catalogue::Catalogue;
use crate::definition::document::{self, Document, PROJECT_FILE};
use crate::definition::review::{self, Review};
use crate::failure::hinted;
use crate::session::find;

/// A project's file that may be allowed. What is shown, what is parsed and what is remembered is what was read once.
pub struct Candidate {
    document: Document,
    pub review: Review,
    /// Whether it is allowed already.
    pub permission: Permission,
}

/// Whether what stands in a file now is what was allowed.
#[derive(PartialEq, Eq)]
pub enum Since {
    Unchanged,
    Changed,
}

/// A file that is not allowed any more.
pub struct Denial {
    pub file: PathBuf,
    pub was_allowed: bool,
}

impl Candidate {
    /// The file that `path` names or that is nearest to it, or to the working directory.
    pub fn find(path: Option<&Path>) -> Result<Self> {
        find::adopt_current();
        let path = from_here(path)?;
        let document = match path.canonicalize() {
            Ok(directory) if directory.is_dir() => nearest(&directory)?,
            _ => named(&path)?,
        };
        let review = review::review(&document, &Catalogue::of_user())?;
        Ok(Self { permission: allowed::of(&document), review, document })
    }

    pub fn file(&self) -> &Path {
        &self.document.file
    }

    /// Allows what was reviewed.
    pub fn allow(&self) -> Result<Since> {
        allowed::allow(&self.document)?;
        match document::at(self.file()) {
            Ok(now) if now.text == self.document.text => Ok(Since::Unchanged),
            _ => Ok(Since::Changed),
        }
    }
}

/// Takes back that the file is allowed which `path` names or which is nearest to it, or to the working directory.
pub fn deny(path: Option<&Path>) -> Result<Denial> {
    find::adopt_current();
    let path = from_here(path)?;
    let file = if path.is_dir() { nearest_remembered(&path)? } else { path };
    Ok(Denial { was_allowed: allowed::deny(&file)?, file })
}

fn from_here(path: Option<&Path>) -> Result<PathBuf> {
    let here = context::working_directory().context("could not find the working directory")?;
    Ok(path.map_or_else(|| here.clone(), |path| here.join(path)))
}

fn nearest(directory: &Path) -> Result<Document> {
    match document::project(directory) {
        Some(found) => found.document,
        None => {
            let hint = "mcp-hook add NAME -- COMMAND defines a server of your own";
            Err(hinted(none_above(directory), hint))
        }
    }
}

/// The nearest file, or the nearest that was one when it was allowed.
fn nearest_remembered(directory: &Path) -> Result<PathBuf> {
    let mut files = directory.ancestors().map(|above| above.join(PROJECT_FILE));
    let found = files.find(|file| file.symlink_metadata().is_ok() || allowed::is_remembered(file));
    found.ok_or_else(|| hinted(none_above(directory), "mcp-hook deny PATH names one elsewhere"))
}

fn none_above(directory: &Path) -> String {
    format!("could not find a {PROJECT_FILE} in {} or above it", directory.display())
}

/// Another name than that of a project's file would never be found.
fn named(path: &Path) -> Result<Document> {
    ensure!(
        path.file_name().is_some_and(|name| name == PROJECT_FILE),
        "could not allow {}: only a {PROJECT_FILE} is ever looked for",
        path.display()
    );
    document::at(path)
}
