//! What is said to a client, in both eras: a pure state machine. Calls are done by whoever drives it, and may be done while
//! the client says more.

use serde_json::{Value, json};

use super::answer::{self, Refusal, answer};
use super::call::{self, CallReport, Tool, ToolCall};
use super::request::Incoming;
use super::version::{self, Era};

/// A conversation with a client.
#[derive(Debug)]
pub struct Dialogue {
    /// What the handshake has agreed on; what is not a handshake's is answered without one, too.
    version: Option<&'static str>,
    open: Vec<OpenCall>,
    batches: Vec<Batch>,
    /// The number of the last call, and of the last batch.
    last: u64,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// This line is for the client.
    Say(Vec<u8>),
    /// A call is to be done, under this number.
    Do(u64, ToolCall),
    /// Nobody waits for this call any more.
    Cancel(u64),
}

/// A call that is not done.
#[derive(Debug)]
struct OpenCall {
    number: u64,
    id: Value,
    era: Era,
    /// By which the client wants to be told of its progress.
    token: Option<Value>,
    steps: u64,
    batch: Option<u64>,
}

/// Answers to requests that came in one message, and go out in one (2025-03-26).
#[derive(Debug)]
struct Batch {
    number: u64,
    missing: usize,
    answers: Vec<Value>,
}

const INSTRUCTIONS: &str = "Controls the MCP servers of this terminal's session, which mcp-hook runs. After you have changed \
    or rebuilt a server, call server_restart: its client keeps the connection, and the next call reaches the new process. \
    When a server fails, server_status, server_logs and server_check say why.";

impl Dialogue {
    pub fn new() -> Self {
        Self { version: None, open: Vec::new(), batches: Vec::new(), last: 0 }
    }

    /// Takes a line of the client.
    pub fn hear(&mut self, line: &[u8]) -> Vec<Action> {
        if line.trim_ascii().is_empty() {
            return Vec::new();
        }
        match serde_json::from_slice(line) {
            Ok(Value::Array(messages)) => self.hear_batch(messages),
            Ok(message) => self.hear_one(message, None),
            Err(error) => vec![say(&answer(&Value::Null, Err(Refusal::not_json(&error.to_string()))))],
        }
    }

    /// The same for a line that was too long to be read.
    pub fn hear_too_much() -> Vec<Action> {
        let why = Refusal::not_a_request("the message is too long");
        vec![say(&answer(&Value::Null, Err(why)))]
    }

    /// A call has come so far, or to its end.
    pub fn report(&mut self, number: u64, report: CallReport) -> Option<Vec<u8>> {
        let index = self.open.iter().position(|call| call.number == number)?;
        let (text, data) = match report {
            CallReport::Progress(message) => {
                let call = &mut self.open[index];
                call.steps += 1;
                return Some(answer::line(&answer::progress(call.token.as_ref()?, call.steps, &message)));
            }
            CallReport::Done { text, data } => (text, Some(data)),
            CallReport::Failed(text) => (text, None),
        };
        let call = self.open.swap_remove(index);
        let result = version::complete(result(&text, data), call.era, false);
        self.reply(answer(&call.id, Ok(result)), call.batch)
    }

    /// Whether calls are not done yet.
    pub fn is_waiting(&self) -> bool {
        !self.open.is_empty()
    }

    fn hear_batch(&mut self, messages: Vec<Value>) -> Vec<Action> {
        if !version::has_batches(self.version) || messages.is_empty() {
            let why = Refusal::not_a_request("several messages in one are not taken in this version of the protocol");
            return vec![say(&answer(&Value::Null, Err(why)))];
        }
        self.last += 1;
        let number = self.last;
        // Its own place, so that it is not answered before all of it was heard.
        self.batches.push(Batch { number, missing: 1, answers: Vec::new() });
        let mut actions = Vec::new();
        for message in messages {
            actions.extend(self.hear_one(message, Some(number)));
        }
        actions.extend(self.settle(number, None).map(Action::Say));
        actions
    }

    fn hear_one(&mut self, message: Value, batch: Option<u64>) -> Vec<Action> {
        let (id, outcome) = match Incoming::of(message) {
            Incoming::Response => return Vec::new(),
            Incoming::Notification { method, params } if method == "notifications/cancelled" => {
                return self.cancel(&params["requestId"]);
            }
            Incoming::Notification { .. } => return Vec::new(),
            Incoming::Malformed { id, why } => (id, Err(why)),
            Incoming::Request { id, .. } if self.open.iter().any(|call| call.id == id) => {
                (id, Err(Refusal::not_a_request("a request with this id is not answered yet")))
            }
            Incoming::Request { id, method, params } => match self.request(&id, &method, &params, batch) {
                Ok(Asked::Answer(result)) => (id, Ok(result)),
                Ok(Asked::Call(action)) => return vec![action],
                Err(why) => (id, Err(why)),
            },
        };
        if let Some(batch) = batch {
            self.batch(batch).missing += 1;
        }
        self.reply(answer(&id, outcome), batch).map(Action::Say).into_iter().collect()
    }

    fn request(&mut self, id: &Value, method: &str, params: &Value, batch: Option<u64>) -> Result<Asked, Refusal> {
        let era = version::era(params)?;
        let result = match (method, era) {
            ("initialize", Era::Handshake) if batch.is_none() => self.initialize(params),
            ("ping", Era::Handshake) => json!({}),
            ("server/discover", _) => version::complete(discovered(), Era::Stateless, true),
            ("tools/list", _) => match params.get("cursor").filter(|cursor| !cursor.is_null()) {
                Some(_) => return Err(Refusal::params("\"cursor\" is none that was given")),
                None => version::complete(json!({ "tools": call::listed() }), era, true),
            },
            ("tools/call", _) => return self.call(id, params, era, batch),
            _ => return Err(Refusal::unknown_method(method)),
        };
        Ok(Asked::Answer(result))
    }

    fn initialize(&mut self, params: &Value) -> Value {
        let version = version::negotiated(params["protocolVersion"].as_str());
        self.version = Some(version);
        json!({
            "protocolVersion": version,
            "capabilities": { "tools": {} },
            "serverInfo": server_info(),
            "instructions": INSTRUCTIONS,
        })
    }

    fn call(&mut self, id: &Value, params: &Value, era: Era, batch: Option<u64>) -> Result<Asked, Refusal> {
        let name = params["name"].as_str().ok_or_else(|| Refusal::params("\"name\" of the tool is missing"))?;
        let tool = Tool::named(name).ok_or_else(|| Refusal::params(&format!("there is no tool {name:?}")))?;
        let nothing = json!({});
        let arguments = params.get("arguments").filter(|it| !it.is_null()).unwrap_or(&nothing);
        let arguments = arguments.as_object().ok_or_else(|| Refusal::params("\"arguments\" is not an object"))?;
        let call = match ToolCall::of(tool, arguments) {
            Ok(call) => call,
            // The model is told, and may try again.
            Err(why) => return Ok(Asked::Answer(version::complete(result(&why, None), era, false))),
        };
        self.last += 1;
        let number = self.last;
        if let Some(batch) = batch {
            self.batch(batch).missing += 1;
        }
        let token = params.pointer("/_meta/progressToken").filter(|it| it.is_string() || it.is_number()).cloned();
        self.open.push(OpenCall { number, id: id.clone(), era, token, steps: 0, batch });
        Ok(Asked::Call(Action::Do(number, call)))
    }

    /// The client does not wait for an answer any more, and gets none.
    fn cancel(&mut self, id: &Value) -> Vec<Action> {
        let Some(index) = self.open.iter().position(|call| call.id == *id) else { return Vec::new() };
        let call = self.open.swap_remove(index);
        let settled = call.batch.and_then(|batch| self.settle(batch, None));
        [Action::Cancel(call.number)].into_iter().chain(settled.map(Action::Say)).collect()
    }

    /// Says an answer, at once or with its batch.
    fn reply(&mut self, answer: Value, batch: Option<u64>) -> Option<Vec<u8>> {
        match batch {
            None => Some(answer::line(&answer)),
            Some(number) => self.settle(number, Some(answer)),
        }
    }

    /// One of a batch is settled; the answers, if it was the last.
    fn settle(&mut self, number: u64, answer: Option<Value>) -> Option<Vec<u8>> {
        let batch = self.batch(number);
        batch.answers.extend(answer);
        batch.missing -= 1;
        if batch.missing > 0 {
            return None;
        }
        let index = self.batches.iter().position(|batch| batch.number == number)?;
        let answers = self.batches.swap_remove(index).answers;
        (!answers.is_empty()).then(|| answer::line(&Value::Array(answers)))
    }

    fn batch(&mut self, number: u64) -> &mut Batch {
        self.batches.iter_mut().find(|batch| batch.number == number).expect("it is there until all of it is settled")
    }
}

/// What a request is.
enum Asked {
    Answer(Value),
    Call(Action),
}

fn say(message: &Value) -> Action {
    Action::Say(answer::line(message))
}

fn server_info() -> Value {
    json!({ "name": "mcp-hook", "version": env!("CARGO_PKG_VERSION") })
}

fn discovered() -> Value {
    json!({
        "supportedVersions": version::KNOWN,
        "capabilities": { "tools": {} },
        "instructions": INSTRUCTIONS,
        "_meta": { "io.modelcontextprotocol/serverInfo": server_info() },
    })
}

/// What a call came to, in words and, if it was done, as data.
fn result(text: &str, data: Option<Value>) -> Value {
    let content = json!([{ "type": "text", "text": text }]);
    match data {
        Some(data) => json!({ "content": content, "structuredContent": data, "isError": false }),
        None => json!({ "content": content, "isError": true }),
    }
}
