//! A client of the era of the handshake, on pipes, and a server in Python for it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;

use serde_json::{Value, json};

use crate::support::{Dialogue, Sandbox, wait};

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
    dialogue: Dialogue,
}

impl Deref for StdioClient<'_> {
    type Target = Dialogue;

    fn deref(&self) -> &Dialogue {
        &self.dialogue
    }
}

impl DerefMut for StdioClient<'_> {
    fn deref_mut(&mut self) -> &mut Dialogue {
        &mut self.dialogue
    }
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
        let mut dialogue = Dialogue::new(child.stdin.take().unwrap(), lines);
        dialogue.shake_hands();
        Self { sandbox, name, child, dialogue }
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
        self.dialogue.close();
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.code().is_some());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}
