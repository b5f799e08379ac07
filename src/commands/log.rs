//! `log`: a line in the central log, from a script.

use std::ffi::OsStr;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::Run;
use crate::cli::{Log, LogLevel};
use crate::context;
use crate::disk::layout::Root;
use crate::log::central::{self, CentralEntry, Level};
use crate::session::find;

impl Run for Log {
    fn run(self) -> Result<ExitCode> {
        let root = Root::open()?;
        let found = match &self.session.session {
            Some(_) => Some(find::find(&root, self.session.session.as_ref())?),
            // A script outside of every session has something to say, too.
            None => find::current(&root).ok().flatten(),
        };
        let (root, session) = found.map_or((root, None), |(root, session)| (root, Some(session)));
        let words: Vec<_> = self.message.iter().map(|word| OsStr::to_string_lossy(word)).collect();
        let entry = CentralEntry {
            time: context::wall_clock(),
            level: level(self.level),
            session: session.map(|session| session.record.id),
            server: Some(self.name),
            text: words.join(" "),
        };
        let central = root.central();
        central::write(&central, &entry).with_context(|| format!("could not write {}", central.main))?;
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
