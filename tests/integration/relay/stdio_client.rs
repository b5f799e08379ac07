//! A client of the era of the handshake, on pipes, and a server in Python for it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use crate::support::{Sandbox, wait};

/// Its only tool has the name that stands in the text; a call of it is answered with the server's pid. `hold` is answered
/// once somebody writes into the pipe of this name.
pub fn server(tool: &str) -> String {
    format!("TOOL = {tool:?}\n{SERVER}")
}

const SERVER: &str = r#"
import json, os, sys

for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message or "method" not in message:
        continue
    method, result = message["method"], {}
    if method == "initialize":
        capabilities = {"tools": {}, "resources": {"subscribe": True}}
        result = {"protocolVersion": "2025-06-18", "capabilities": capabilities, "serverInfo": {"name": "s", "version": "1"}}
    elif method == "tools/list":
        result = {"tools": [{"name": TOOL, "inputSchema": {"type": "object"}}]}
    elif method == "tools/call":
        if message["params"]["name"] == "hold":
            open("hold").read()
        result = {"content": [{"type": "text", "text": str(os.getpid())}]}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"#;

/// A client and what it hears.
pub struct StdioClient<'s> {
    sandbox: &'s Sandbox,
    name: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
    requests: u64,
}

impl<'s> StdioClient<'s> {
    /// Runs `python3 PROGRAM` in the home directory with these options, and shakes hands.
    #[track_caller]
    pub fn start(sandbox: &'s Sandbox, name: &'static str, options: &[&str], program: &str) -> Self {
        Self::run(sandbox, name, &[options, &[name, "--", "python3", program]].concat())
    }

    /// `mcp-hook run ARGUMENTS`, for the server of this name.
    #[track_caller]
    pub fn run(sandbox: &'s Sandbox, name: &'static str, arguments: &[&str]) -> Self {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        command.arg("run").args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(serde_json::from_str(&line).unwrap()))
        });
        let input = child.stdin.take();
        let mut client = Self { sandbox, name, child, input, lines, requests: 0 };
        client.request("initialize", &json!({ "protocolVersion": "2025-06-18", "capabilities": {} }));
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    pub fn send(&mut self, message: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
    }

    /// Sends a request and returns its id.
    pub fn ask(&mut self, method: &str, params: &Value) -> u64 {
        self.requests += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.requests, "method": method, "params": params }));
        self.requests
    }

    /// Sends a request and returns its result.
    #[track_caller]
    pub fn request(&mut self, method: &str, params: &Value) -> Value {
        let id = self.ask(method, params);
        self.result(id)
    }

    /// Waits for the result of a request.
    #[track_caller]
    pub fn result(&mut self, id: u64) -> Value {
        let answer = self.hear(|message| message["id"] == id);
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }

    /// Waits for a message like this; others are forgotten.
    #[track_caller]
    pub fn hear(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.lines.recv_timeout(wait::HANG).expect("another message");
            if is_it(&message) {
                return message;
            }
        }
    }

    #[track_caller]
    pub fn hear_of_changed_tools(&mut self) {
        self.hear(|message| message["method"] == "notifications/tools/list_changed");
    }

    /// The name of the server's tool.
    #[track_caller]
    pub fn tool(&mut self) -> String {
        self.request("tools/list", &json!({}))["tools"][0]["name"].as_str().unwrap().to_owned()
    }

    /// What a call is answered with: the server's pid.
    #[track_caller]
    pub fn call(&mut self) -> String {
        let id = self.ask("tools/call", &json!({ "name": "pid" }));
        self.text(id)
    }

    #[track_caller]
    pub fn text(&mut self, id: u64) -> String {
        self.result(id)["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// The server's record.
    pub fn record(&self) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.record_file()?).ok()?).ok()
    }

    fn record_file(&self) -> Option<PathBuf> {
        let sessions = fs::read_dir(self.sandbox.runtime().join("pids")).ok()?.flatten();
        let mut files = sessions.map(|session| session.path().join(format!("{}.json", self.name)));
        files.find(|file| file.exists())
    }

    /// The id of the session that was made for it.
    pub fn session(&self) -> String {
        let file = self.record_file().expect("a record");
        file.parent().and_then(Path::file_name).unwrap().to_str().unwrap().to_owned()
    }

    /// Waits until the server's record is like this.
    #[track_caller]
    pub fn await_record(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        wait::try_until(|| self.record().filter(&is_so))
            .unwrap_or_else(|| panic!("waited in vain for {what}: {:?}", self.record()))
    }

    /// Closes its end, waits, and returns what came on standard error.
    #[track_caller]
    pub fn end(mut self) -> String {
        drop(self.input.take());
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.code().is_some());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}
