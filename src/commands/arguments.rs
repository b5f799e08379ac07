//! From what was typed to what the use cases take.

use std::ffi::OsString;

use anyhow::{Context, Result};

use crate::app::overrides::Overrides;
use crate::cli::{LifecycleOptions, ServerOptions};
use crate::context;
use crate::disk::names::ServerName;
use crate::failure::{Hint, hinted};
use crate::server::command::CommandLine;
use crate::server::pattern::Pattern;
use crate::server::settings::ReadyWhen;
use crate::units::time::millis;

/// The command, if one was typed.
pub fn command(
    verb: &str,
    name: &ServerName,
    line: Option<String>,
    words: Vec<OsString>,
) -> Result<Option<CommandLine>> {
    let command = match line {
        Some(line) => CommandLine::from_line(line),
        None if words.is_empty() => return Ok(None),
        None => CommandLine::from_words(words),
    };
    let command = command.with_context(|| format!("could not {verb} {name}"));
    command.hint(|| format!("mcp-hook {verb} {name} -- COMMAND ARGUMENT…")).map(Some)
}

/// Fails if something is to be watched that is not there.
pub fn overrides(options: &ServerOptions) -> Result<Overrides> {
    let watch = options.watch.iter().map(|path| watched(path)).collect::<Result<_>>()?;
    Ok(Overrides {
        watch,
        grace_ms: options.grace.map(millis),
        stop_signal: options.stop_signal,
        memory: options.memory,
        sampling: options.sample,
        port: options.port,
        no_terminal: options.no_tty,
        launcher: options.launcher,
        ..Overrides::default()
    })
}

/// A path or pattern, from the current directory on.
fn watched(path: &str) -> Result<String> {
    let here = context::working_directory().context("could not find the working directory")?;
    let pattern = Pattern::new(path, &here);
    if pattern.root().symlink_metadata().is_err() {
        let message = format!("could not watch {path}: there is no {}", pattern.root().display());
        return Err(hinted(message, "name a directory above it, and what is made there later counts too"));
    }
    Ok(here.join(path).to_string_lossy().into_owned())
}

pub fn start_overrides(server: &ServerOptions, lifecycle: LifecycleOptions) -> Result<Overrides> {
    let ready_delay = lifecycle.ready_delay.map(|delay| ReadyWhen::Delay(millis(delay)));
    let ready_mcp = lifecycle.ready_mcp.then_some(ReadyWhen::Mcp);
    Ok(Overrides {
        restart: lifecycle.restart,
        ready: lifecycle.ready_log.map(ReadyWhen::Log).or(ready_delay).or(ready_mcp),
        ready_timeout_ms: lifecycle.ready_timeout.map(millis),
        ..overrides(server)?
    })
}
