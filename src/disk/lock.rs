//! Locks that are waited for: not for ever, and with the name of whoever has them.

use std::fs::File;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::poll::{PollTimeout, poll};

use super::file;
use super::file_at::FileAt;
use crate::context;
use crate::failure::hinted;
use crate::sys::{locks, process};

/// Nobody who edits a file takes this long.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether the lock is free.
const PAUSE_MS: u8 = 20;

/// Takes a lock, and waits a while for it.
///
/// # Errors
/// When the lock file cannot be opened, or somebody does not let go of it.
pub fn wait(name: &FileAt) -> Result<File> {
    let describe = || format!("could not lock {name}");
    let file = file::open_lock(name).with_context(describe)?;
    let deadline = context::now() + PATIENCE;
    while !file::try_lock(&file).with_context(describe)? {
        if context::now() >= deadline {
            let message = format!("{}: {} has it", describe(), holder(&file));
            return Err(hinted(message, "end it, or try again when it is done"));
        }
        let _ = poll(&mut [], PollTimeout::from(PAUSE_MS));
    }
    Ok(file)
}

/// Who has the lock, as far as the system tells.
#[must_use]
pub fn holder(file: &File) -> String {
    match locks::holder(file) {
        Some(pid) => format!("the process {pid} ({})", process::name(pid)),
        None => "another process".to_owned(),
    }
}
