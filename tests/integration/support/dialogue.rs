//! A client's side of a conversation in the era of the handshake, whatever carries it.

use std::io::Write;
use std::sync::mpsc::Receiver;

use serde_json::{Value, json};

use super::wait;

pub struct Dialogue {
    input: Option<Box<dyn Write>>,
    pub lines: Receiver<Value>,
    requests: u64,
}

impl Dialogue {
    pub fn new(input: impl Write + 'static, lines: Receiver<Value>) -> Self {
        Self { input: Some(Box::new(input)), lines, requests: 0 }
    }

    #[track_caller]
    pub fn shake_hands(&mut self) {
        self.request("initialize", &json!({ "protocolVersion": "2025-06-18", "capabilities": {} }));
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
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

    /// Says no more.
    pub fn close(&mut self) {
        self.input = None;
    }
}
