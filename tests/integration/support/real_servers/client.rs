//! A client on an official SDK, driven by lines of JSON; `tests/clients/stdio_client.py` describes them.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{Era, Server, World};
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
    pub const ALL: [Self; 3] = [Self::Python, Self::TypeScript, Self::Rust];

    fn words(self, world: &World, era: Era) -> Vec<PathBuf> {
        let driver = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients/stdio_client.py");
        let mut words = match self {
            Self::Python => vec![world.installed("python/bin/python"), driver],
            Self::TypeScript if era == Era::Stateless => {
                return vec!["node".into(), world.installed("node/stateless_client.mjs")];
            }
            Self::TypeScript => vec!["node".into(), world.installed("node/stdio_client.mjs")],
            Self::Rust => vec![world.installed("rust-client")],
        };
        if era == Era::Stateless {
            words.push("--stateless".into());
        }
        words
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

/// Runs what follows in a session of its own, which ends with it.
const IN_SESSION: &str = r#"eval "$(mcp-hook open)"; "$@""#;

impl Client {
    /// A client with `words` as the command of its server, in the project of `server`; the tools are listed when this
    /// returns.
    #[track_caller]
    pub fn connect(world: &World, sdk: Sdk, server: Server, words: &[OsString]) -> Self {
        let program = sdk.words(world, Era::Handshake);
        let mut client = Self::spawn(world, world.command(&program[0], server).args(&program[1..]), words);
        let tools = client.expect("tools");
        let names = tools["names"].as_array().expect("names");
        assert!(names.iter().any(|name| name == server.tool()), "{tools}");
        client
    }

    /// The same in an era of the caller's choice, with a server that needs no project.
    #[track_caller]
    pub fn connect_in(world: &World, sdk: Sdk, era: Era, words: &[OsString]) -> Self {
        let program = sdk.words(world, era);
        let mut client = Self::spawn(world, world.sandbox.command(&program[0]).args(&program[1..]), words);
        client.expect("tools");
        client
    }

    /// The same with the client in a session of its own; the names of the tools come with it.
    #[track_caller]
    pub fn connect_in_session(world: &World, sdk: Sdk, era: Era, words: &[OsString]) -> (Self, Value) {
        let mut command = world.sandbox.command("sh");
        command.args(["-c", IN_SESSION, "sh"]).args(sdk.words(world, era));
        let mut client = Self::spawn(world, &mut command, words);
        let names = client.expect("tools")["names"].take();
        (client, names)
    }

    fn spawn(world: &World, command: &mut Command, words: &[OsString]) -> Self {
        let stderr = world.sandbox.path("client.log");
        let mut child = command
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("could not run {command:?}: {error}"));
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

    /// Listens to changes of the list of tools, and of a resource.
    #[track_caller]
    pub fn listen(&mut self, uri: Option<&str>) {
        self.order(&json!({"do": "listen", "uri": uri}));
        self.expect("listening");
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
        let told = self.next_event(event);
        assert!(told["event"] == event, "expected {event}, not {told}\n{}", self.log());
        told
    }

    /// The next event, whatever it is.
    #[track_caller]
    pub fn expect_any(&mut self) -> Value {
        self.next_event("anything")
    }

    #[track_caller]
    fn next_event(&mut self, what: &str) -> Value {
        let deadline = Deadline::usual();
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<_> = self.unread.drain(..=end).collect();
                return serde_json::from_slice(&line).expect("a line of JSON");
            }
            assert!(self.read_some(deadline), "the client did not tell {what}\n{}", self.log());
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
