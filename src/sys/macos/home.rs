//! Where programs keep the state of a user: below `~/Library/Application Support`.

use std::path::PathBuf;

use directories::ProjectDirs;

/// The directory for this program's state; what Linux reads from the environment is not asked for here.
#[must_use]
pub fn state_directory(_: Option<PathBuf>, _: Option<PathBuf>) -> Option<PathBuf> {
    Some(ProjectDirs::from("", "", "mcp-hook")?.data_local_dir().to_owned())
}
