//! `open`: a session for the shell that evaluates what this prints.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::open;
use crate::cli::Open;
use crate::context;
use crate::sys::Pid;
use crate::ui;

impl Run for Open {
    fn run(self) -> Result<ExitCode> {
        let opening = open::open(self.owner.map(Pid::from_raw))?;
        ui::print(&format!("{}\n", self.shell.export(&opening.variables())))?;
        // direnv(1) sets it for the shell of its own that evaluates `.envrc`.
        if opening.is_new && context::variable("DIRENV_IN_ENVRC").is_some() {
            ui::warn(
                "this session ends with the file: direnv reads it in a shell of its own; mcp-hook init tells where the hook belongs",
            );
        }
        opening.finish()?;
        Ok(ExitCode::SUCCESS)
    }
}
