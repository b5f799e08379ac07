//! A client and a server that say what the test says (`tests/fixtures/scripted.py`), with the relay between them.

use std::fs;

use serde_json::{Value, json};

use super::piped_client::{Heard, PipedClient};
use super::process::Process;
use super::sandbox::Sandbox;
use super::wait;

pub const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/scripted.py");

/// A conversation of a client with the lives of a server.
pub struct Scripted<'s> {
    sandbox: &'s Sandbox,
    pub client: PipedClient<'s>,
    last_id: u64,
}

impl<'s> Scripted<'s> {
    /// `mcp-hook run OPTIONS server -- python3 scripted.py WORDS`.
    pub fn run(sandbox: &'s Sandbox, options: &[&str], words: &[&str]) -> Self {
        Self::command(sandbox, options, &[&["python3", SERVER][..], words].concat())
    }

    /// The same with the whole command.
    pub fn command(sandbox: &'s Sandbox, options: &[&str], command: &[&str]) -> Self {
        Self { sandbox, client: PipedClient::run(sandbox, options, command), last_id: 0 }
    }

    /// The same after a handshake of the legacy era.
    pub fn legacy(sandbox: &'s Sandbox, options: &[&str]) -> Self {
        let mut scripted = Self::run(sandbox, options, &[]);
        scripted.initialize();
        scripted
    }

    /// The same after a `server/discover` that was answered.
    pub fn modern(sandbox: &'s Sandbox) -> Self {
        let mut scripted = Self::run(sandbox, &[], &["modern"]);
        let id = scripted.request("server/discover", &json!({}));
        scripted.hear_answer(id);
        scripted
    }

    /// How the first lives of the server begin, a line each.
    pub fn plan(sandbox: &Sandbox, lives: &[&str]) {
        sandbox.write("home/lives", lives.iter().map(|life| format!("{life}\n")).collect::<String>());
    }

    /// Says `initialize` and `notifications/initialized`, and returns the answer.
    pub fn initialize(&mut self) -> Value {
        let client = json!({"name": "test", "version": "1"});
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
        let id = self.request("initialize", &params);
        let answer = self.hear_answer(id);
        self.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        answer
    }

    pub fn say(&mut self, message: &Value) {
        self.client.say(format!("{message}\n"));
    }

    /// Sends a request and returns its id.
    pub fn request(&mut self, method: &str, params: &Value) -> u64 {
        self.last_id += 1;
        self.say(&json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params}));
        self.last_id
    }

    /// Calls a tool of the server and returns the request's id.
    pub fn call(&mut self, tool: &str) -> u64 {
        self.request("tools/call", &json!({"name": tool, "arguments": {}}))
    }

    /// The next message.
    #[track_caller]
    pub fn hear(&mut self) -> Value {
        serde_json::from_slice(&self.client.hear_line()).unwrap()
    }

    /// The next message, which has to be the answer to this request.
    #[track_caller]
    pub fn hear_answer(&mut self, id: u64) -> Value {
        let answer = self.hear();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// Calls `echo` and returns what the server told of itself: its pid, and the methods that it has heard. What is said
    /// before that is returned too.
    #[track_caller]
    pub fn echo(&mut self) -> (Vec<Value>, Value) {
        let id = self.call("echo");
        let mut before = Vec::new();
        loop {
            let message = self.hear();
            if message["id"] == id {
                assert!(message["result"]["pid"].is_number(), "{message}");
                return (before, message["result"].clone());
            }
            before.push(message);
        }
    }

    /// The server's first process, as it told itself.
    #[track_caller]
    pub fn server(&mut self) -> Process {
        let pid = self.echo().1["pid"].as_i64().unwrap();
        Process::with_pid(i32::try_from(pid).unwrap()).expect("it lives")
    }

    /// How many lives have begun.
    pub fn lives(&self) -> usize {
        fs::read_to_string(self.sandbox.home().join("pids")).unwrap_or_default().lines().count()
    }

    /// The record of the server.
    pub fn record(&self) -> Option<Value> {
        let session = fs::read_dir(self.sandbox.runtime().join("pids")).ok()?.next()?.ok()?;
        serde_json::from_slice(&fs::read(session.path().join("server.json")).ok()?).ok()
    }

    /// The session that was made for the client.
    pub fn session(&self) -> String {
        let session = fs::read_dir(self.sandbox.runtime().join("pids")).unwrap().next().unwrap().unwrap();
        session.file_name().into_string().unwrap()
    }

    /// Waits until the server is in this state.
    #[track_caller]
    pub fn await_state(&self, name: &str) -> Value {
        wait::until(name, || self.record().map(|record| record["state"].clone()).filter(|state| state["is"] == name))
    }

    /// `mcp-hook VERB server`, from outside.
    #[track_caller]
    pub fn hook(&self, verb: &str) -> super::output::Output {
        self.sandbox.hook([verb, "--session", &self.session(), "server"])
    }

    /// Waits until this stands in the server's log.
    #[track_caller]
    pub fn await_log(&self, text: &str) {
        let path = self.sandbox.runtime().join("logs").join(self.session()).join("server.log");
        let log = || fs::read_to_string(&path).unwrap_or_default();
        assert!(wait::try_until(|| log().contains(text).then_some(())).is_some(), "{text} is not in\n{}", log());
    }

    /// Ends the client's side. Nothing may be left.
    #[track_caller]
    pub fn finish(self) -> Heard {
        let sandbox = self.sandbox;
        let heard = self.client.finish();
        sandbox.assert_clean();
        heard
    }
}
