//! The directory under which everything of one user lies, and whether it can be trusted.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use directories::{BaseDirs, ProjectDirs};
use tracing::debug;

use super::directory::Directory;
use super::file;
use super::known;
use super::layout::Root;
use crate::context;
use crate::failure::{Hint, hint_of, hinted};

/// What stands in the marker: the version of the layout.
const MARKER: &str = "mcp-hook root, version 1\n";

impl Root {
    /// Finds the root by the environment, makes it if need be, and checks it.
    ///
    /// # Errors
    /// When `MCP_HOOK_DIR` is no usable path, or the directory is not ours alone. Nothing is written then.
    pub fn open() -> Result<Self> {
        Self::locate().and_then(Self::make).map_err(with_way_out)
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
    ///
    /// # Errors
    /// Why it could not be used.
    pub fn examine(&self) -> Result<()> {
        let check = || {
            self.runtime().check_if_there()?;
            if self.runtime().is_there() && !self.is_marked()? { self.check_unmarked() } else { self.check_below() }
        };
        check().map_err(with_way_out)
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
        let text = |names: Vec<OsString>| names.into_iter().map(|name| name.to_string_lossy().into_owned());
        let describe = || format!("could not read {}", self.runtime());
        for name in text(self.runtime().names().with_context(describe)?) {
            let inside = || text(self.runtime().below(&name).names().unwrap_or_default()).collect();
            if let Some(foreign) = known::foreign_in_root(&name, inside) {
                let message = format!("could not use {}: {foreign} in it is not mcp-hook's", self.runtime());
                return Err(hinted(message, "set MCP_HOOK_DIR to an empty directory, or move that away"));
            }
        }
        Ok(())
    }

    /// Where the root would be, without making or checking anything.
    ///
    /// # Errors
    /// When `MCP_HOOK_DIR` is no usable path, or there is neither a home directory nor another place.
    pub fn locate() -> Result<Self> {
        if let Some(chosen) = context::variable("MCP_HOOK_DIR") {
            let chosen = PathBuf::from(chosen);
            check_text(&chosen).with_context(|| format!("could not use MCP_HOOK_DIR={}", chosen.display()))?;
            return Ok(Self::new(chosen, None));
        }
        let state = state_directory()?;
        let runtime = runtime_directory().unwrap_or_else(|| state.clone());
        Ok(Self::new(runtime, Some(state.join("logs"))))
    }
}

/// `$XDG_RUNTIME_DIR/mcp-hook`, if that directory is really this user's: after `su` it is still the other's.
fn runtime_directory() -> Option<PathBuf> {
    let directory = PathBuf::from(context::variable("XDG_RUNTIME_DIR")?);
    (check_text(&directory).is_ok() && Directory::at(directory.clone()).is_there()).then(|| directory.join("mcp-hook"))
}

/// Where what outlives a session is kept: `$XDG_STATE_HOME/mcp-hook`, or what the platform has for it.
///
/// # Errors
/// When there is no home directory, or its path cannot be used.
pub fn state_directory() -> Result<PathBuf> {
    let hint = || "set HOME, or MCP_HOOK_DIR to a directory of your own".to_owned();
    let projects = ProjectDirs::from("", "", "mcp-hook").context("could not find a home directory").hint(hint)?;
    let state = projects.state_dir().unwrap_or_else(|| projects.data_local_dir()).to_owned();
    check_text(&state).with_context(|| format!("could not use {}", state.display())).hint(hint)?;
    Ok(state)
}

/// Where the user's own files are: `$XDG_CONFIG_HOME/mcp-hook`, else `~/.config/mcp-hook`, on macOS too: that is where
/// people keep what they write by hand.
///
/// # Errors
/// When there is no home directory.
pub fn config_directory() -> Result<PathBuf> {
    let chosen = context::variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|chosen| chosen.is_absolute());
    let of_home = || Some(BaseDirs::new()?.home_dir().join(".config"));
    let found = chosen.or_else(of_home).context("could not find a home directory");
    Ok(found.hint(|| "set HOME or XDG_CONFIG_HOME".to_owned())?.join("mcp-hook"))
}

/// Paths go into shell text and into environment variables of one line.
fn check_text(path: &Path) -> Result<()> {
    ensure!(path.is_absolute(), "it is not an absolute path");
    let text = path.to_str().context("it is not valid UTF-8")?;
    ensure!(!text.chars().any(char::is_control), "it contains a control character");
    Ok(())
}

/// Every refusal of a root has a way out.
fn with_way_out(error: anyhow::Error) -> anyhow::Error {
    if hint_of(&error).is_some() {
        return error;
    }
    hinted(format!("{error:#}"), "set MCP_HOOK_DIR to a directory of your own")
}
