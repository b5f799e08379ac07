//! `mcp`: an MCP server for an agent, on standard input and output.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::agent::serve::{Served, serve};
use crate::cli::Mcp;
use crate::sys::exit;
use crate::ui;

impl Run for Mcp {
    fn run(self) -> Result<ExitCode> {
        if io::stdin().is_terminal() {
            ui::say("this waits for an MCP client on standard input; mcp-hook wrap --control adds it to your clients");
        }
        match serve()? {
            Served::Finished => Ok(ExitCode::SUCCESS),
            Served::Ended(signal) => exit::by_signal(signal),
        }
    }
}
