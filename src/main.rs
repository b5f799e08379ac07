//! mcp-hook: a session for every terminal, whose MCP servers end with it.
#![cfg_attr(not(test), no_main)]

mod app;
mod cli;
mod client;
mod commands;
mod container;
mod context;
mod definition;
mod disk;
mod failpoint;
mod failure;
mod log;
mod mcp;
mod port;
mod server;
mod session;
mod shell;
mod supervisor;
mod syntax;
mod sys;
mod terminate;
mod text;
mod ui;
mod units;

use std::process::ExitCode;

use crate::commands::Run;

sys::entry::program!(program);

fn program() -> ExitCode {
    sys::fd::fill_standard();
    let plain = cli::Cli::from_hook(context::arguments()).or_else(|| cli::Cli::from_plain(context::arguments()));
    let cli = plain.unwrap_or_else(cli::Cli::from_user);
    if cli.global.verbose {
        ui::diagnostics::show();
    }
    match cli.run() {
        Ok(code) => code,
        Err(error) => {
            ui::error(&error);
            ExitCode::FAILURE
        }
    }
}
