//! `unwrap`: mcp-hook away from the servers in clients' files.

use std::process::ExitCode;

use anyhow::Result;

use super::{Run, wrap};
use crate::app::wrap::Direction;
use crate::cli::Unwrap;

impl Run for Unwrap {
    fn run(self) -> Result<ExitCode> {
        wrap::change(Direction::Unwrap, self.change, false)
    }
}
