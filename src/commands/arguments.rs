//! From what was typed to what the use cases take.

use std::ffi::OsString;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::app::overrides::{Overrides, Sampling};
use crate::cli::{Life, Tuning};
use crate::disk::names::ServerName;
use crate::failure::Hint;
use crate::server::command::CommandLine;
use crate::server::settings::ReadyWhen;

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

pub fn overrides(tuning: &Tuning) -> Overrides {
    Overrides {
        grace_ms: tuning.grace.map(millis),
        stop_signal: tuning.stop_signal,
        memory: tuning.memory,
        sampling: tuning.sample.map(|sample| sample.0.map_or(Sampling::Off, |pause| Sampling::Every(millis(pause)))),
        port: tuning.port,
        no_terminal: tuning.no_tty,
        ..Overrides::default()
    }
}

pub fn overrides_with_life(tuning: &Tuning, life: Life) -> Overrides {
    let ready_delay = life.ready_delay.map(|delay| ReadyWhen::Delay(millis(delay)));
    Overrides {
        restart: life.restart,
        ready: life.ready_log.map(ReadyWhen::Log).or(ready_delay),
        ready_timeout_ms: life.ready_timeout.map(millis),
        ..overrides(tuning)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
