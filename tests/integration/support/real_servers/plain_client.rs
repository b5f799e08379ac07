//! A client without an SDK: lines of JSON-RPC, and every answer counted.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::World;
use super::entry_point::Era;
use crate::support::Process;
use crate::support::wait::{self, Deadline};

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT: &str = "io.modelcontextprotocol/clientInfo";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// A client that runs a command as its server.
pub struct PlainClient {
    era: Era,
    child: Child,
    /// Of the command.
    pub process: Process,
    input: Option<ChildStdin>,
    output: ChildStdout,
    unread: Vec<u8>,
    asked: u64,
    answers: BTreeMap<u64, Value>,
    notifications: Vec<Value>,
    stderr: PathBuf,
}

impl PlainClient {
    /// Starts the command and gets to know what it is, as clients of this era do.
    #[track_caller]
    pub fn connect(world: &World, era: Era, words: &[OsString]) -> Self {
        let stderr = world.sandbox.path("client.log");
        let mut command = world.sandbox.command(&words[0]);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(File::create(&stderr).unwrap()).spawn().unwrap();
        let process = Process::with_pid(child.id().cast_signed()).expect("it runs");
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("piped"));
        let (unread, answers, notifications) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut client = Self { era, child, process, input, output, unread, asked: 0, answers, notifications, stderr };
        client.introduce();
        client
    }

    #[track_caller]
    fn introduce(&mut self) {
        let me = json!({"name": "mcp-hook-tests", "version": "0"});
        match self.era {
            Era::Handshake => {
                let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": me});
                self.expect_result("initialize", params);
                self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
            }
            Era::Stateless => drop(self.expect_result("server/discover", json!({}))),
        }
    }

    /// Sends a request; the number is its id.
    pub fn ask(&mut self, method: &str, mut params: Value) -> u64 {
        self.asked += 1;
        if self.era == Era::Stateless {
            let me = json!({"name": "mcp-hook-tests", "version": "0"});
            params["_meta"] = json!({VERSION: "2026-07-28", CLIENT: me, CAPABILITIES: {}});
        }
        self.send(&json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}));
        self.asked
    }

    /// Asks and waits for a result.
    #[track_caller]
    pub fn expect_result(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let answer = self.answer(id);
        assert!(answer["result"].is_object(), "no result: {answer}\n{}", self.log());
        answer["result"].clone()
    }

    /// Waits for the answer to a request.
    #[track_caller]
    pub fn answer(&mut self, id: u64) -> Value {
        let deadline = Deadline::usual();
        while !self.answers.contains_key(&id) {
            assert!(self.read_some(deadline), "request {id} was not answered\n{}", self.log());
        }
        self.answers[&id].clone()
    }

    /// Waits for the next word of progress by this token.
    #[track_caller]
    pub fn progress(&mut self, token: &str) {
        let deadline = Deadline::usual();
        let is_it = |it: &Value| it["method"] == "notifications/progress" && it["params"]["progressToken"] == token;
        while !self.notifications.iter().any(is_it) {
            assert!(self.read_some(deadline), "no progress was told\n{}", self.log());
        }
        self.notifications.clear();
    }

    /// Closes the server's input, reads to the end, and has every request answered once.
    #[track_caller]
    pub fn close(mut self) {
        self.input = None;
        while self.read_some(Deadline::usual()) {}
        self.child.wait().unwrap();
        let unanswered: Vec<_> = (1..=self.asked).filter(|id| !self.answers.contains_key(id)).collect();
        assert!(unanswered.is_empty(), "never answered: {unanswered:?}\n{}", self.log());
    }

    fn send(&mut self, message: &Value) {
        let input = self.input.as_mut().expect("open until closed");
        input.write_all(format!("{message}\n").as_bytes()).unwrap();
    }

    /// Whether anything came before the end.
    #[track_caller]
    fn read_some(&mut self, deadline: Deadline) -> bool {
        let mut chunk = [0; 8192];
        assert!(wait::one_readable(&self.output, deadline), "nothing comes\n{}", self.log());
        let length = self.output.read(&mut chunk).unwrap();
        self.unread.extend_from_slice(&chunk[..length]);
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<_> = self.unread.drain(..=end).collect();
            self.sort(serde_json::from_slice(&line).expect("a line of JSON"));
        }
        length > 0
    }

    #[track_caller]
    fn sort(&mut self, message: Value) {
        if message["method"].is_string() {
            assert!(message["id"].is_null(), "a request that nobody expects: {message}");
            return self.notifications.push(message);
        }
        let id = message["id"].as_u64().filter(|id| (1..=self.asked).contains(id));
        let id = id.unwrap_or_else(|| panic!("nobody asked for {message}"));
        let first = self.answers.insert(id, message.clone());
        assert!(first.is_none(), "answered twice: {first:?}, then {message}");
    }

    fn log(&self) -> String {
        format!("--- stderr of the server\n{}", fs::read_to_string(&self.stderr).unwrap_or_default())
    }
}

impl Drop for PlainClient {
    fn drop(&mut self) {
        self.process.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
