//! `init`: the hook.

use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;

use super::Run;
use crate::cli::Init;
use crate::shell::Shell;
use crate::ui;

impl Run for Init {
    fn run(self) -> Result<ExitCode> {
        if let Some(shell) = self.shell {
            ui::print(shell.hook())?;
            return Ok(ExitCode::SUCCESS);
        }
        ui::print("Put one line at the end of your shell's start-up file:\n\n")?;
        for &shell in Shell::value_variants() {
            let (line, file) = shell.rc_line();
            ui::print(&format!("  {shell:<6}{line:<32}in {file}\n"))?;
        }
        ui::print("\nWithout the hook, a script opens a session with: eval \"$(mcp-hook open)\"\n")?;
        Ok(ExitCode::SUCCESS)
    }
}
