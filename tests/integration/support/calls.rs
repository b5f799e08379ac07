//! How mcp-hook is called, while it does what it does.

use std::fs;
use std::path::PathBuf;

use super::sandbox::Sandbox;

/// A wrapper in front of the real program on `PATH` that writes down its arguments. It is replaced by the program, so that
/// this is the same child of the same parent.
pub struct Calls {
    file: PathBuf,
}

impl Calls {
    pub fn record(sandbox: &Sandbox) -> Self {
        let file = sandbox.path("calls");
        let program = env!("CARGO_BIN_EXE_mcp-hook");
        sandbox.program("mcp-hook", &format!("#!/bin/sh\necho \"$*\" >>{}\nexec {program} \"$@\"\n", file.display()));
        Self { file }
    }

    /// The calls since this was asked last.
    pub fn take(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let _ = fs::remove_file(&self.file);
        text.lines().map(ToOwned::to_owned).collect()
    }
}
