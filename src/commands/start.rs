//! `start`: a server in the background.

use std::process::ExitCode;

use anyhow::Result;

use super::progress::Shown;
use super::restart::could_not;
use super::{Run, arguments, env, started};
use crate::app::restart;
use crate::app::start::{self, Config, Request};
use crate::app::target::Target;
use crate::cli::Start;
use crate::disk::layout::Root;
use crate::session::find;

impl Run for Start {
    fn run(self) -> Result<ExitCode> {
        let name = &self.name;
        let overrides = arguments::start_overrides(&self.server, self.lifecycle)?;
        let command = arguments::command("start", name, self.line, self.words)?;
        let typed = command.map(|command| Target::typed(command, &overrides)).transpose()?;
        // Where definitions are, the session may know.
        let (root, session) = find::find(&Root::open()?, self.session.session.as_ref())?;
        if typed.is_none()
            && let Some(again) =
                restart::revive(&root, &session, name, &Shown).map_err(|error| could_not(name, error))?
        {
            started::say("start", name, again);
            return Ok(ExitCode::SUCCESS);
        }
        let record = session.record.clone();
        let paths = root.session(&record.id).server(name);
        let target = typed.map_or_else(|| start::defined(&paths, name, &overrides), Ok);
        let config = if self.fresh { Config::Fresh } else { Config::AsInSession };
        let starting = target.and_then(|target| start::start(&root, session, Request { name, target, config }, &Shown));
        let starting = starting.map_err(|error| started::could_not("start", name, error))?;
        if !self.no_wait {
            let ready = starting.wait(&Shown).map_err(|error| started::could_not("start", name, error))?;
            started::say("start", name, ready);
            env::warn_of_stale(&root, &record, name);
        }
        Ok(ExitCode::SUCCESS)
    }
}
