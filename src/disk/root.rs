//! The directory under which everything of one user lies, and whether it can be trusted.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use directories::ProjectDirs;
use tracing::debug;

use super::file;
use super::layout::Root;
use crate::context;
use crate::failure::{Hint, hinted};

impl Root {
    /// Finds the root by the environment, makes it if need be, and checks it.
    ///
    /// # Errors
    /// When `MCP_HOOK_DIR` is no usable path, or the directory is not ours alone. Nothing is written then.
    pub fn open() -> Result<Self> {
        let root = Self::locate()?;
        debug!(runtime = %root.runtime().display(), logs = %root.logs().display(), "the root");
        create_private(root.runtime())?;
        create_private(root.logs())?;
        for directory in [root.pids(), root.configs()] {
            file::ensure_directory(&directory)?;
        }
        Ok(root)
    }

    /// Where the root would be, without making or checking anything.
    ///
    /// # Errors
    /// When `MCP_HOOK_DIR` is no usable path, or there is neither a home directory nor another place.
    pub fn locate() -> Result<Self> {
        if let Some(chosen) = context::variable("MCP_HOOK_DIR") {
            let chosen = PathBuf::from(chosen);
            check_text(&chosen).with_context(|| format!("could not use MCP_HOOK_DIR={}", chosen.display()))?;
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

fn state_directory() -> Result<PathBuf> {
    let hint = || "set HOME, or MCP_HOOK_DIR to a directory of your own".to_owned();
    let projects = ProjectDirs::from("", "", "mcp-hook").context("could not find a home directory").hint(hint)?;
    let state = projects.state_dir().unwrap_or_else(|| projects.data_local_dir()).to_owned();
    check_text(&state).with_context(|| format!("could not use {}", state.display())).hint(hint)?;
    Ok(state)
}

/// Paths go into shell text and into environment variables of one line.
fn check_text(path: &Path) -> Result<()> {
    ensure!(path.is_absolute(), "it is not an absolute path");
    let text = path.to_str().context("it is not valid UTF-8")?;
    ensure!(!text.chars().any(char::is_control), "it contains a control character");
    Ok(())
}

fn create_private(path: &Path) -> Result<()> {
    check_parent(path).or_else(|error| if file::is_missing(&error) { create_parent(path) } else { Err(error) })?;
    file::ensure_directory(path)
}

fn create_parent(path: &Path) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(parent)
        .with_context(|| format!("could not create {}", parent.display()))?;
    check_parent(path)
}

/// Whoever may rename in the parent could swap the directory for another.
fn check_parent(path: &Path) -> Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let data = fs::metadata(parent).with_context(|| format!("could not examine {}", parent.display()))?;
    let is_trusted = data.uid() == 0 || data.uid() == context::user();
    let is_open = data.mode() & 0o002 != 0 && data.mode() & 0o1000 == 0;
    if is_trusted && !is_open {
        return Ok(());
    }
    let why = if is_trusted { "anybody may rename in" } else { "another user owns" };
    let message = format!("could not use {}: {why} {}", path.display(), parent.display());
    Err(hinted(message, "set MCP_HOOK_DIR to a directory of your own"))
}
