//! A registry on loopback, from which the real npm fetches: packages of a test, and those that are installed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::Sandbox;

/// Runs for as long as it is held.
pub struct Registry {
    child: Child,
}

impl Registry {
    /// One that has the packages in these directories. Whatever the sandbox starts from now on fetches from it.
    pub fn serve(sandbox: &Sandbox, directories: &[&Path]) -> Self {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/registry.py");
        let mut command = sandbox.command("python3");
        command.arg(program).args(directories).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).unwrap();
        let settings = format!("registry=http://127.0.0.1:{}/\nupdate-notifier=false\n", line.trim());
        sandbox.write("home/.npmrc", settings);
        Self { child }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
