//! The directory under which everything of one user lies, and whether it can be trusted.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use tracing::debug;

use super::directory::Directory;
use super::file;
use super::known;
use super::layout::Root;
use super::locations::{self, Location};
use crate::failure::{hint_of, hinted};

/// Below a file there is nothing, and never will be.
const NOWHERE: &str = "/dev/null/mcp-hook";

/// What stands in the marker: the version of the layout.
const MARKER: &str = "mcp-hook root, version 1\n";

/// How much of a log tells whose it is, in bytes: more than our longest line.
const LOOKED_AT: u64 = 8 << 10;

impl Root {
    /// Finds the best place for the root that is to be had, makes it if need be, and checks it.
    ///
    /// # Errors
    /// When `MCP_HOOK_DIR` is no usable path, or no place is ours alone: what is wrong with the best. Nothing is written then.
    pub fn open() -> Result<Self> {
        let candidates = locations::candidates().map_err(with_way_out)?;
        let mut wrong = None;
        for location in candidates {
            match Self::at(location).make() {
                Ok(root) => return Ok(root),
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
        Err(with_way_out(wrong.unwrap_or_else(|| anyhow!("could not find a place for records"))))
    }

    fn make(self) -> Result<Self> {
        debug!(runtime = %self.runtime(), logs = %self.logs(), "the root");
        self.runtime().ensure_all()?;
        if !self.is_marked()? {
            self.check_unmarked()?;
            file::replace(&self.marker(), MARKER.as_bytes())
                .with_context(|| format!("could not write {}", self.marker()))?;
        }
        self.logs().ensure_all()?;
        for directory in [self.pids(), self.configs()] {
            directory.ensure()?;
        }
        Ok(self)
    }

    /// Checks what there is of the root, without making anything.
    pub fn examine(&self) -> Result<()> {
        self.check().map_err(with_way_out)
    }

    pub(super) fn check(&self) -> Result<()> {
        self.runtime().check_if_there()?;
        if self.runtime().is_there() && !self.is_marked()? { self.check_unmarked() } else { self.check_below() }
    }

    fn check_below(&self) -> Result<()> {
        [self.logs(), self.pids(), self.configs()].into_iter().try_for_each(Directory::check_if_there)
    }

    /// Whether the directory bears our mark, so that what is in it is ours.
    fn is_marked(&self) -> Result<bool> {
        let Some(content) = file::read(&self.marker())? else { return Ok(false) };
        let is_known = content == MARKER.as_bytes();
        ensure!(is_known, "could not use {}: another version of mcp-hook has laid it out", self.runtime());
        Ok(true)
    }

    /// A directory without the mark is taken if it is empty, or holds nothing but what earlier versions made.
    fn check_unmarked(&self) -> Result<()> {
        self.check_below()?;
        for name in text(self.runtime().names().with_context(|| format!("could not read {}", self.runtime()))?) {
            let inside = || text(self.runtime().below(&name).names().unwrap_or_default());
            if let Some(foreign) = known::foreign_in_root(&name, inside).or_else(|| self.foreign_log(&name)) {
                let message = format!("could not use {}: {foreign} in it is not mcp-hook's", self.runtime());
                return Err(hinted(message, "set MCP_HOOK_DIR to an empty directory, or move that away"));
            }
        }
        Ok(())
    }

    /// A log that has the name of one of ours, and is another program's.
    fn foreign_log(&self, directory: &str) -> Option<String> {
        let logs = self.runtime().below(directory);
        let names = if directory == "logs" { logs.names().unwrap_or_default() } else { Vec::new() };
        for name in text(names).into_iter().filter(|name| known::is_central_log(name)) {
            let begin = file::begin(&logs.file(name.as_str()), LOOKED_AT);
            if !begin.is_ok_and(|text| known::begins_as_central_log(&text)) {
                return Some(format!("{directory}/{name}"));
            }
        }
        None
    }

    /// Where the root would be, without making or checking anything.
    pub fn locate() -> Result<Self> {
        let best = locations::candidates()?.into_iter().next();
        best.map(Self::at).context("could not find a place for records")
    }

    /// The root at this place, unchecked.
    pub fn at(location: Location) -> Self {
        Self::new(location.runtime, Some(location.logs))
    }

    /// A root in which nothing can be made.
    pub fn nowhere() -> Self {
        Self::at(Location { runtime: NOWHERE.into(), logs: Path::new(NOWHERE).join("logs") })
    }

    /// Whether it is the one in which nothing can be made.
    pub fn is_nowhere(&self) -> bool {
        self.runtime().path() == Path::new(NOWHERE)
    }

    pub fn is_chosen() -> bool {
        locations::is_chosen()
    }

    /// Where it is.
    pub fn location(&self) -> Location {
        Location { runtime: self.runtime().path().to_owned(), logs: self.logs().path().to_owned() }
    }

    /// The same with the logs at another place.
    pub fn with_logs(&self, logs: PathBuf) -> Self {
        if logs == self.logs().path() {
            return self.clone();
        }
        Self::at(Location { logs, ..self.location() })
    }
}

fn text(names: Vec<OsString>) -> Vec<String> {
    names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect()
}

/// Every refusal of a root has a way out.
fn with_way_out(error: anyhow::Error) -> anyhow::Error {
    with_hint(error, "set MCP_HOOK_DIR to a directory of your own")
}

/// The error with this way out, unless it has one.
pub(super) fn with_hint(error: anyhow::Error, hint: &str) -> anyhow::Error {
    if hint_of(&error).is_some() { error } else { hinted(format!("{error:#}"), hint) }
}
