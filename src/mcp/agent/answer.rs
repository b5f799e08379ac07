//! Messages that go to the client.

use serde_json::{Value, json};

/// Why a request is not done (JSON-RPC 2.0, section 5.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    code: i32,
    message: String,
    data: Option<Value>,
}

impl Refusal {
    pub fn not_json(why: &str) -> Self {
        Self::new(-32700, format!("this is not JSON: {why}"))
    }

    pub fn not_a_request(why: &str) -> Self {
        Self::new(-32600, why.to_owned())
    }

    pub fn unknown_method(method: &str) -> Self {
        Self::new(-32601, format!("method {method:?} is not known here"))
    }

    pub fn params(why: &str) -> Self {
        Self::new(-32602, why.to_owned())
    }

    /// The version that a request names is none of those that are known.
    pub fn unsupported(requested: &Value, supported: &[&str]) -> Self {
        let data = json!({ "supported": supported, "requested": requested });
        Self { data: Some(data), ..Self::new(-32022, format!("protocol version {requested} is not supported")) }
    }

    fn new(code: i32, message: String) -> Self {
        Self { code, message, data: None }
    }
}

/// The answer to a request; `null` stands for an id that is not known.
pub fn answer(id: &Value, outcome: Result<Value, Refusal>) -> Value {
    match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(Refusal { code, message, data }) => {
            let mut error = json!({ "code": code, "message": message });
            if let Some(data) = data {
                error["data"] = data;
            }
            json!({ "jsonrpc": "2.0", "id": id, "error": error })
        }
    }
}

/// How far a call is: `step` grows with each.
pub fn progress(token: &Value, step: u64, message: &str) -> Value {
    let params = json!({ "progressToken": token, "progress": step, "message": message });
    json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params })
}

/// A message as a line.
pub fn line(message: &Value) -> Vec<u8> {
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}
