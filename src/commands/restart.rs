//! `restart`: the end of a server's tree, and a new one.

use std::process::ExitCode;

use anyhow::{Error, Result};

use super::progress::Shown;
use super::{Run, env, started, stopped};
use crate::app::restart::{self, Unrestarted};
use crate::app::start::Config;
use crate::cli::Restart;
use crate::disk::layout::Root;
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::session::find;
use crate::ui;

impl Run for Restart {
    fn run(self) -> Result<ExitCode> {
        let root = Root::open()?;
        let mut code = ExitCode::SUCCESS;
        for name in &self.names {
            if let Err(error) = self.restart(&root, name) {
                code = ExitCode::FAILURE;
                ui::error(&error);
            }
        }
        Ok(code)
    }
}

impl Restart {
    fn restart(&self, root: &Root, name: &ServerName) -> Result<()> {
        let (root, session) = find::find(root, self.session.session.as_ref())?;
        let record = session.record.clone();
        let config = if self.fresh { Config::Fresh } else { Config::AsInSession };
        let started = restart::restart(&root, session, name, config, &Shown);
        started::say("restart", name, started.map_err(|error| could_not(name, error))?);
        env::warn_of_stale(&root, &record, name);
        Ok(())
    }
}

/// That a server was not restarted, and the way out.
pub fn could_not(name: &ServerName, error: Unrestarted) -> Error {
    match error {
        Unrestarted::NoSuchServer => {
            hinted(format!("could not restart {name}: {error}"), "mcp-hook status shows those there are")
        }
        Unrestarted::OfClient => anyhow::anyhow!("could not restart {name}: {error}"),
        Unrestarted::FreshOfClient => {
            hinted(format!("could not restart {name}: {error}"), "without --fresh it is started again")
        }
        Unrestarted::Unended(error) => stopped::could_not("restart", name, error),
        Unrestarted::Unstopped(error) => stopped::could_not("stop", name, error),
        Unrestarted::Unstarted(error) => started::could_not("restart", name, error),
        Unrestarted::Other(error) => error,
    }
}
