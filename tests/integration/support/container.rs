//! A container of a real engine, as a server.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::wait::Deadline;
use super::{BackgroundSession, Engine, Process, Sandbox, Watchers};

/// A first process that ends by nothing but SIGKILL: not at the end of its input, not by SIGTERM.
pub const DEAF: &str = "trap '' TERM INT HUP; echo up; while :; do sleep 1000; done";

/// One container of one test.
pub struct Container<'e> {
    pub engine: &'e Engine,
    pub name: String,
}

impl<'e> Container<'e> {
    /// A name for it; everything in the sandbox finds the engine.
    pub fn new(engine: &'e Engine, sandbox: &Sandbox) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        sandbox.env("DOCKER_HOST", engine.host());
        Self { engine, name: format!("box{}", COUNT.fetch_add(1, Ordering::Relaxed)) }
    }

    /// The words that run a shell script in it.
    pub fn command(&self, options: &[&str], script: &str) -> Vec<String> {
        let head = ["docker", "run", "-i", "--network", "none", "--name", &self.name];
        let tail = ["box", "sh", "-c", script];
        let words = head.iter().chain(options).chain(&tail);
        words.map(|word| (*word).to_owned()).collect()
    }

    /// Waits until it runs, and returns its id.
    #[track_caller]
    pub fn wait_running(&self) -> String {
        self.engine.wait_state(&self.name, Some("running"));
        self.engine.ask(&["inspect", "--format", "{{.Id}}", &self.name])
    }

    /// Waits until there is none.
    #[track_caller]
    pub fn wait_gone(&self) {
        self.engine.wait_state(&self.name, None);
    }

    /// Fails if there is one.
    #[track_caller]
    pub fn assert_gone(&self) {
        assert_eq!(self.engine.state(&self.name), None, "the container {} is there", self.name);
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        // An engine that a failed test has stopped does not answer.
        let words = ["20", "docker", "-H", &self.engine.host(), "rm", "--force", &self.name];
        let _ = Command::new("timeout").args(words).output();
    }
}

/// Starts a deaf container as the server `web` and waits until it runs. Returns the client's process and the watchers.
#[track_caller]
pub fn start_deaf(session: &BackgroundSession<'_>, container: &Container<'_>) -> (Process, Watchers) {
    session.start(&["--no-wait", "--grace", "300ms"], "web", &container.command(&["--rm"], DEAF)).ok();
    container.wait_running();
    let client = session.record("web").expect("a record")["state"]["server"]["pid"].as_i64().expect("it runs");
    let client = Process::with_pid(i32::try_from(client).unwrap()).expect("the client runs");
    (client, Watchers::above(client))
}

/// Waits until a server's watchers have left.
#[track_caller]
pub fn wait_left(watchers: Watchers) {
    for watcher in watchers.both() {
        assert!(watcher.gone_by(Deadline::usual()), "{watcher} is still there");
    }
}
