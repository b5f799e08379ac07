//! `close`: the session's owner is about to end.

use std::process::ExitCode;

use anyhow::{Context, Result};

use super::Run;
use crate::app::close;
use crate::cli::Close;
use crate::sys::Pid;

impl Run for Close {
    fn run(self) -> Result<ExitCode> {
        let not_an_owner = "could not close a session: the argument is not PID:ID";
        let (owner, id) = self.owner.split_once(':').context(not_an_owner)?;
        let owner = Pid::from_raw(owner.parse().context(not_an_owner)?);
        close::close(owner, id.parse()?)?;
        Ok(ExitCode::SUCCESS)
    }
}
