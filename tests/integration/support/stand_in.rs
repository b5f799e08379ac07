//! A stand-in for mcp-hook on `PATH` (`tests/fixtures/stand-in.sh`) that writes down how it was called: what a hook does is
//! seen without what comes of it.

use std::fs;
use std::path::{Path, PathBuf};

use super::sandbox::Sandbox;

/// The stand-in of one sandbox.
pub struct StandIn {
    directory: PathBuf,
}

impl StandIn {
    /// Puts it in front of the real one.
    pub fn install(sandbox: &Sandbox) -> Self {
        let directory = sandbox.path("stand-in");
        fs::create_dir(&directory).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(source.join("tests/fixtures/stand-in.sh")).unwrap();
        sandbox.program("mcp-hook", &text);
        sandbox.env("STAND_IN", &directory);
        sandbox.env("STAND_IN_HOOKS", source.join("shell"));
        Self { directory }
    }

    /// Every call so far, in order: the arguments, and for `close` the targets of its three standard descriptors.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.directory.join("calls")).unwrap_or_default();
        text.lines().map(ToOwned::to_owned).collect()
    }

    /// The calls of `close`.
    pub fn closes(&self) -> Vec<String> {
        self.calls().into_iter().filter(|call| call.starts_with("close")).collect()
    }

    /// From now on `open` fails.
    pub fn refuse(&self) {
        fs::write(self.directory.join("fail"), "").unwrap();
    }

    /// From now on `open` joins the session that belongs to the shell `pid`.
    pub fn join(&self, pid: i32) {
        fs::write(self.directory.join("join"), pid.to_string()).unwrap();
    }

    /// The session directory of the shell `pid`.
    pub fn session(&self, pid: i32) -> PathBuf {
        self.directory.join(format!("pids/test-{pid}"))
    }

    /// Makes the session of the shell `pid` look as if a server had been started.
    pub fn pretend_use(&self, pid: i32) {
        fs::write(self.session(pid).join("server.lock"), "").unwrap();
    }
}
