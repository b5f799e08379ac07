//! The directory under which everything of one user lies, and whether it can be trusted.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use directories::{BaseDirs, ProjectDirs};
use tracing::debug;

use super::file;
use super::layout::Root;
use crate::context;
use crate::failure::{Hint, hint_of, hinted};

impl Root {
    /// Finds the root by the environment, makes it if need be, and checks it.
    ///
    /// # Errors
    /// When `MCP_HOOK_DIR` is no usable path, or the directory is not ours alone. Nothing is written then.
    pub fn open() -> Result<Self> {
        Self::locate().and_then(Self::make).map_err(with_way_out)
    }

    fn make(self) -> Result<Self> {
        debug!(runtime = %self.runtime().display(), logs = %self.logs().display(), "the root");
        create_private(self.runtime())?;
        create_private(self.logs())?;
        for directory in [self.pids(), self.configs()] {
            file::ensure_directory(&directory)?;
        }
        Ok(self)
    }

    /// Checks what there is of the root, without making anything.
    ///
    /// # Errors
    /// Why it could not be used.
    pub fn examine(&self) -> Result<()> {
        let check = || {
            for directory in [self.runtime(), self.logs()] {
                check_above(directory)?;
            }
            for directory in [self.runtime(), self.logs(), &self.pids(), &self.configs()] {
                file::check_if_there(directory)?;
            }
            Ok(())
        };
        check().map_err(with_way_out)
    }

    /// Where the root would be, without making or checking anything.
    ///
    /// # Errors
    /// When `MCP_HOOK_DIR` is no usable path, or there is neither a home directory nor another place.
    pub fn locate() -> Result<Self> {
        if let Some(chosen) = context::variable("MCP_HOOK_DIR") {
            let chosen = PathBuf::from(chosen);
            check_text(&chosen).with_context(|| format!("could not use MCP_HOOK_DIR={}", printable(&chosen)))?;
            return Ok(Self::new(chosen.clone(), chosen.join("logs")));
        }
        let state = state_directory()?;
        let runtime = runtime_directory().unwrap_or_else(|| state.clone());
        Ok(Self::new(runtime, state.join("logs")))
    }
}

/// `$XDG_RUNTIME_DIR/mcp-hook`, if that directory is really this user's: after `su` it is still the other's.
fn runtime_directory() -> Option<PathBuf> {
    let directory = PathBuf::from(context::variable("XDG_RUNTIME_DIR")?);
    (check_text(&directory).is_ok() && file::check_directory(&directory).is_ok()).then(|| directory.join("mcp-hook"))
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

/// A path without what would move the cursor.
fn printable(path: &Path) -> String {
    path.display().to_string().escape_debug().to_string()
}

/// Makes a directory of ours, and those above it, with mode 0700, and checks what is there already.
///
/// # Errors
/// When it is not ours alone, or somebody else could replace it.
pub fn create_private(path: &Path) -> Result<()> {
    check_above(path)?;
    match file::ensure_directory(path) {
        Err(error) if file::is_missing(&error) => {
            let parent = path.parent().unwrap_or(path);
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)
                .with_context(|| format!("could not create {}", parent.display()))?;
            file::ensure_directory(path)
        }
        result => result,
    }
}

/// Whoever may rename in a directory above could swap ours for another. Checked before anything is made: all the way up
/// for what anybody may do, and what is next above us for its owner.
fn check_above(path: &Path) -> Result<()> {
    let refuse = |why: &str, above: &Path| Err(anyhow!("could not use {}: {why} {}", path.display(), above.display()));
    let mut above = path.ancestors().skip(1).filter_map(|above| Some((above, fs::metadata(above).ok()?))).peekable();
    if let Some((nearest, data)) = above.peek()
        && data.uid() != 0
        && data.uid() != context::user()
    {
        return refuse("another user owns", nearest);
    }
    match above.find(|(_, data)| data.mode() & 0o002 != 0 && data.mode() & 0o1000 == 0) {
        Some((open, _)) => refuse("anybody may rename in", open),
        None => Ok(()),
    }
}

/// Every refusal of a root has a way out.
fn with_way_out(error: anyhow::Error) -> anyhow::Error {
    if hint_of(&error).is_some() {
        return error;
    }
    hinted(format!("{error:#}"), "set MCP_HOOK_DIR to a directory of your own")
}
