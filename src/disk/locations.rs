//! Where one user's files may be, so that whoever asks finds the same: with the variables of a desktop, or with next to
//! none, as an MCP client hands on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use directories::BaseDirs;
use serde::{Deserialize, Serialize};

use super::directory::Directory;
use crate::context;
use crate::failure::Hint;
use crate::sys::users;

/// A place for records, and where the logs belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Where everything but the logs is.
    pub runtime: PathBuf,
    pub logs: PathBuf,
}

/// Where the variables of a session's shell say that things are, for those in the session that lack these variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellLocations {
    /// The logs of all sessions.
    pub logs: PathBuf,
    /// What outlives a session, if a variable said where; else it goes by the home of who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PathBuf>,
    /// The user's own files, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
}

static OF_SHELL: OnceLock<ShellLocations> = OnceLock::new();

impl ShellLocations {
    /// Those of this process, with the logs at `logs`.
    pub fn here(logs: PathBuf) -> Self {
        let is_text = |path: &PathBuf| check_text(path).is_ok();
        Self { logs, state: named_state().filter(is_text), config: named_config().filter(is_text) }
    }

    /// From now on this counts where no variable says anything else.
    pub fn adopt(&self) {
        let _ = OF_SHELL.set(self.clone());
    }
}

/// The places for records, best first. `MCP_HOOK_DIR` is the only one where it is set.
pub fn candidates() -> Result<Vec<Location>> {
    if let Some(chosen) = context::variable("MCP_HOOK_DIR") {
        let runtime = PathBuf::from(chosen);
        check_text(&runtime).with_context(|| format!("could not use MCP_HOOK_DIR={}", runtime.display()))?;
        return Ok(vec![Location { logs: runtime.join("logs"), runtime }]);
    }
    let temporary = temporary_directory();
    let state = state_directory().ok();
    let logs = state.as_ref().unwrap_or(&temporary).join("logs");
    let usual = usual_runtime_directory();
    let named = context::variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|named| *named != usual);
    let runtimes = named.into_iter().chain([usual]).filter_map(|parent| runtime_directory(&parent));
    let mut found: Vec<Location> =
        runtimes.chain(state).map(|runtime| Location { runtime, logs: logs.clone() }).collect();
    found.push(Location { logs: temporary.join("logs"), runtime: temporary });
    Ok(found)
}

/// Whether the user has chosen the place for records: then there is no other.
pub fn is_chosen() -> bool {
    context::variable("MCP_HOOK_DIR").is_some()
}

/// `PARENT/mcp-hook`, if `parent` is really this user's: after `su` it is still the other's. One that was made while it
/// was closed to others is used on, should others be able to look into it by now.
fn runtime_directory(parent: &Path) -> Option<PathBuf> {
    let ours = parent.join("mcp-hook");
    let is_directory = fs::symlink_metadata(parent).is_ok_and(|data| data.is_dir());
    (is_directory && check_text(parent).is_ok() && (is_usable(parent) || is_usable(&ours))).then_some(ours)
}

fn is_usable(directory: &Path) -> bool {
    Directory::at(directory.to_owned()).is_there()
}

/// The places that are found without any variable but `HOME`.
pub fn usual() -> Vec<PathBuf> {
    let runtime = usual_runtime_directory().join("mcp-hook");
    [runtime, temporary_directory()].into_iter().chain(unnamed_state_directory().ok()).collect()
}

/// What `XDG_RUNTIME_DIR` is where there is a login manager (`pam_systemd(8)`, `file-hierarchy(7)`).
fn usual_runtime_directory() -> PathBuf {
    format!("/run/user/{}", context::user()).into()
}

/// Where records are if there is neither a runtime directory nor a home.
fn temporary_directory() -> PathBuf {
    format!("/tmp/mcp-hook-{}", context::user()).into()
}

/// The home directory: what `HOME` says, unless that is another user's (`su -p`, `sudo -E`); else what the password file
/// says. Asked once: nobody's home moves while a command runs.
pub fn home() -> Option<PathBuf> {
    static HOME: OnceLock<Option<PathBuf>> = OnceLock::new();
    HOME.get_or_init(find_home).clone()
}

fn find_home() -> Option<PathBuf> {
    let named = BaseDirs::new().map(|base| base.home_dir().to_owned()).filter(|home| home.is_absolute());
    if let Some(home) = named.as_ref().filter(|home| !is_of_another_user(home)) {
        return Some(home.clone());
    }
    users::home(context::user()).filter(|home| home.is_dir()).or(named)
}

fn is_of_another_user(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.uid() != context::user())
}

/// Where what outlives a session is kept: `$XDG_STATE_HOME/mcp-hook`, or what the platform has for it.
pub fn state_directory() -> Result<PathBuf> {
    named_state().map_or_else(unnamed_state_directory, checked)
}

fn named_state() -> Option<PathBuf> {
    let variable = users::STATE_VARIABLE.and_then(named).map(|state| state.join("mcp-hook"));
    variable.or_else(|| OF_SHELL.get()?.state.clone())
}

/// The same whatever the variables say, but for `HOME`.
pub fn unnamed_state_directory() -> Result<PathBuf> {
    let home = home().context("could not find a home directory").hint(state_hint)?;
    checked(home.join(users::STATE).join("mcp-hook"))
}

fn checked(state: PathBuf) -> Result<PathBuf> {
    check_text(&state).with_context(|| format!("could not use {}", state.display())).hint(state_hint)?;
    Ok(state)
}

fn state_hint() -> String {
    "set HOME, or MCP_HOOK_DIR to a directory of your own".to_owned()
}

/// Where the user's own files are: `$XDG_CONFIG_HOME/mcp-hook`, else `~/.config/mcp-hook`, on macOS too: that is where
/// people keep what they write by hand.
pub fn config_directory() -> Result<PathBuf> {
    if let Some(chosen) = named_config() {
        return Ok(chosen);
    }
    let home = home().context("could not find a home directory");
    Ok(home.hint(|| "set HOME or XDG_CONFIG_HOME".to_owned())?.join(".config/mcp-hook"))
}

fn named_config() -> Option<PathBuf> {
    let variable = named("XDG_CONFIG_HOME").map(|config| config.join("mcp-hook"));
    variable.or_else(|| OF_SHELL.get()?.config.clone())
}

/// What an `XDG_` variable says; a relative path counts as unset (XDG Base Directory Specification).
pub fn named(variable: &str) -> Option<PathBuf> {
    context::variable(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Paths go into shell text and into environment variables of one line.
pub fn check_text(path: &Path) -> Result<()> {
    ensure!(path.is_absolute(), "it is not an absolute path");
    let text = path.to_str().context("it is not valid UTF-8")?;
    ensure!(!text.chars().any(char::is_control), "it contains a control character");
    Ok(())
}
