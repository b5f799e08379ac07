//! A client on an official SDK, driven by lines of JSON; `tests/clients/stdio_client.py` describes them.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{Server, World};
use crate::support::Process;
use crate::support::wait::{self, Deadline};

/// An SDK that a client is made with. All hand on HOME, LOGNAME, PATH, SHELL, TERM and USER only.
#[derive(Clone, Copy, Debug)]
pub enum Sdk {
    Python,
    TypeScript,
    Rust,
}

impl Sdk {
    fn words(self, world: &World) -> Vec<PathBuf> {
        let driver = |name| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name);
        match self {
            Self::Python => {
                vec![world.installed("python/bin/python"), driver("stdio_client.py")]
            }
            Self::TypeScript => vec!["node".into(), world.installed("node/stdio_client.mjs")],
            Self::Rust => vec![world.installed("rust-client")],
        }
    }
}

/// A client that runs.
pub struct Client {
    child: Child,
    process: Process,
    orders: Option<ChildStdin>,
    answers: ChildStdout,
    unread: Vec<u8>,
    stderr: PathBuf,
}

impl Client {
    /// A client with `words` as the command of its server, in the project of `server`; the tools are listed when this
    /// returns.
    #[track_caller]
    pub fn connect(world: &World, sdk: Sdk, server: Server, words: &[OsString]) -> Self {
        let mut client = Self::spawn(world, sdk, server, words);
        let tools = client.expect("tools");
        let names = tools["names"].as_array().expect("names");
        assert!(names.iter().any(|name| name == server.tool()), "{tools}");
        client
    }

    fn spawn(world: &World, sdk: Sdk, server: Server, words: &[OsString]) -> Self {
        let program = sdk.words(world);
        let stderr = world.sandbox.path("client.log");
        let mut child = world
            .command(&program[0], server)
            .args(&program[1..])
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("could not run {program:?}: {error}"));
        let process = Process::with_pid(child.id().cast_signed()).expect("the client runs");
        let orders = child.stdin.take();
        let answers = child.stdout.take().expect("piped");
        Self { child, process, orders, answers, unread: Vec::new(), stderr }
    }

    /// The client's own process.
    pub fn process(&self) -> Process {
        self.process
    }

    /// Calls a tool; the answer is told by an event.
    pub fn call(&mut self, tool: &str, arguments: &Value) {
        self.order(&json!({"do": "call", "tool": tool, "arguments": arguments}));
    }

    /// Closes the connection as the SDK does and waits until the SDK has done with it.
    #[track_caller]
    pub fn close(mut self) {
        self.order(&json!({"do": "close"}));
        self.expect("closed");
        self.child.wait().unwrap();
    }

    /// SIGKILL; the client is gone and reaped when this returns.
    pub fn kill(mut self) {
        self.process.signal(Signal::SIGKILL);
        self.child.wait().unwrap();
    }

    fn order(&mut self, order: &Value) {
        let orders = self.orders.as_mut().expect("open until dropped");
        orders.write_all(format!("{order}\n").as_bytes()).unwrap();
    }

    /// The next event, which has to be `event`.
    #[track_caller]
    pub fn expect(&mut self, event: &str) -> Value {
        let deadline = Deadline::usual();
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<_> = self.unread.drain(..=end).collect();
                let told: Value = serde_json::from_slice(&line).expect("a line of JSON");
                assert!(told["event"] == event, "expected {event}, not {told}\n{}", self.log());
                return told;
            }
            assert!(self.read_some(deadline), "the client did not tell {event}\n{}", self.log());
        }
    }

    fn read_some(&mut self, deadline: Deadline) -> bool {
        let mut chunk = [0; 8192];
        if !wait::one_readable(&self.answers, deadline) {
            return false;
        }
        let length = self.answers.read(&mut chunk).unwrap();
        self.unread.extend_from_slice(&chunk[..length]);
        length > 0
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(&self.stderr).unwrap_or_default();
        format!("--- stderr of the client\n{log}")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.process.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
