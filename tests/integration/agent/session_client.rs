//! An MCP client in a terminal's session: what it starts is a job of the terminal's shell, with a pipe for input and output.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::ops::{Deref, DerefMut};
use std::sync::mpsc::{RecvTimeoutError, channel};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::{Value, json};

use crate::support::{Dialogue, Sandbox, Terminal, wait};

pub struct SessionClient {
    dialogue: Dialogue,
}

impl Deref for SessionClient {
    type Target = Dialogue;

    fn deref(&self) -> &Dialogue {
        &self.dialogue
    }
}

impl DerefMut for SessionClient {
    fn deref_mut(&mut self) -> &mut Dialogue {
        &mut self.dialogue
    }
}

impl SessionClient {
    /// Has the shell start a command, and shakes hands with it.
    #[track_caller]
    pub fn start(sandbox: &Sandbox, terminal: &mut Terminal<'_>, command: &str) -> Self {
        let mut client = Self::start_silently(sandbox, terminal, command);
        client.shake_hands();
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
        Self { dialogue: Dialogue::new(input, lines) }
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

    /// What it still says after the last word of its client.
    #[track_caller]
    pub fn finish(mut self) -> Vec<Value> {
        self.close();
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
