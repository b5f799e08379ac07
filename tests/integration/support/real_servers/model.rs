//! The API of a model that asks for the calls that a test wants; `tests/fixtures/model_api.py` describes it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::World;
use crate::support::Process;

/// What it says when all calls have been made.
pub const END: &str = "all-calls-have-been-made";

/// The API, on a port of its own.
pub struct Model {
    child: Child,
    process: Process,
    port: u16,
    events: PathBuf,
    requests: PathBuf,
}

impl Model {
    /// One that asks for a call of each of `tools`, in this order.
    pub fn asking_for(world: &World, tools: &[&str]) -> Self {
        let [events, requests] = ["model.events", "model.requests"].map(|name| world.sandbox.path(name));
        let mut child = world
            .sandbox
            .command("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/model_api.py"))
            .arg(&events)
            .args(tools)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&requests).unwrap())
            .spawn()
            .unwrap();
        let process = Process::with_pid(child.id().cast_signed()).expect("it runs");
        let mut port = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut port).unwrap();
        let port = port.trim().parse().expect("the port that it listens on");
        Self { child, process, port, events, requests }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its own process.
    pub fn process(&self) -> Process {
        self.process
    }

    /// What the client has handed over as the result of each call of `tool`.
    pub fn results(&self, tool: &str) -> Vec<String> {
        let events = fs::read_to_string(&self.events).unwrap();
        let events = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
        let results = events.filter(|event| event["called"] == tool);
        results.map(|event| event["result"].as_str().expect("a text").to_owned()).collect()
    }
}

impl std::fmt::Display for Model {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [events, requests] =
            [&self.events, &self.requests].map(|path| fs::read_to_string(path).unwrap_or_default());
        write!(out, "--- what the client told its model\n{events}\n--- its requests\n{requests}")
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{self}");
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
