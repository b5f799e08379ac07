//! `log`: a line in the central log, from a script.

use std::ffi::OsStr;
use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::note;
use crate::cli::{Log, LogLevel};
use crate::log::central::Level;

impl Run for Log {
    fn run(self) -> Result<ExitCode> {
        let words: Vec<_> = self.message.iter().map(|word| OsStr::to_string_lossy(word)).collect();
        note::write(self.session.session.as_ref(), level(self.level), self.name, words.join(" "))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn level(level: LogLevel) -> Level {
    match level {
        LogLevel::Info => Level::Info,
        LogLevel::Warn => Level::Warn,
        LogLevel::Error => Level::Error,
    }
}
