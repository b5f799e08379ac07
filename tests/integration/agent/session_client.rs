//! An MCP client in a terminal's session: what it starts is a job of the terminal's shell, with a pipe for input and output.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::{Value, json};

use crate::support::{Sandbox, Terminal, wait};

pub struct SessionClient {
    input: Option<File>,
    lines: Receiver<Value>,
    requests: u64,
}

impl SessionClient {
    /// Has the shell start a command, and shakes hands with it.
    #[track_caller]
    pub fn start(sandbox: &Sandbox, terminal: &mut Terminal<'_>, command: &str) -> Self {
        let mut client = Self::start_silently(sandbox, terminal, command);
        client.request("initialize", &json!({ "protocolVersion": "2025-06-18", "capabilities": {} }));
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    /// The same without a word.
    #[track_caller]
    pub fn start_silently(sandbox: &Sandbox, terminal: &mut Terminal<'_>, command: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("client-").tempdir_in(sandbox.root()).unwrap().keep();
        let [input, output] = ["input", "output"].map(|name| directory.join(name));
        [&input, &output].into_iter().for_each(|path| mkfifo(path, Mode::S_IRWXU).unwrap());
        terminal.run(&format!("{{ {command} <{} >{} & }}", input.display(), output.display())).ok();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(File::open(output).unwrap()).lines().map_while(Result::ok);
            for line in lines {
                let _ = sender.send(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        let input = OpenOptions::new().write(true).open(input).unwrap();
        Self { input: Some(input), lines, requests: 0 }
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
        let answer = self.hear(|message| message["id"] == id);
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }

    /// Calls a tool and returns its result.
    #[track_caller]
    pub fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.request("tools/call", &json!({ "name": tool, "arguments": arguments }))
    }

    /// The same for what is to be done; returns it as data.
    #[track_caller]
    pub fn data(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], false, "{result}");
        result["structuredContent"].clone()
    }

    /// The same for what is refused; returns the words.
    #[track_caller]
    pub fn refusal(&mut self, tool: &str, arguments: &Value) -> String {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{result}");
        text(&result)
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

    /// What it still says after the last word of its client.
    #[track_caller]
    pub fn finish(mut self) -> Vec<Value> {
        self.input = None;
        self.hear_end()
    }

    /// What it still says.
    #[track_caller]
    pub fn hear_end(&mut self) -> Vec<Value> {
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(wait::HANG) {
                Ok(message) => said.push(message),
                Err(RecvTimeoutError::Disconnected) => return said,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {said:?}"),
            }
        }
    }
}

/// The text of a result.
pub fn text(result: &Value) -> String {
    result["content"][0]["text"].as_str().expect("a text").to_owned()
}
