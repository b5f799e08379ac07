//! What a client has said, checked once.

use serde_json::{Map, Value};

use super::answer::Refusal;

/// One message of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    Request {
        id: Value,
        method: String,
        params: Value,
    },
    Notification {
        method: String,
        params: Value,
    },
    /// An answer, though nothing was asked.
    Response,
    /// None of them; the id is `null` where there is none.
    Malformed {
        id: Value,
        why: Refusal,
    },
}

impl Incoming {
    pub fn of(message: Value) -> Self {
        let Value::Object(mut fields) = message else {
            return Self::malformed(Value::Null, "a message is an object");
        };
        let id = fields.remove("id");
        let known = id.clone().filter(is_id).unwrap_or_default();
        match (fields.remove("method"), id) {
            (None, Some(_)) if fields.contains_key("result") || fields.contains_key("error") => Self::Response,
            (Some(Value::String(method)), id) => Self::called(method, id, fields),
            _ => Self::malformed(known, "\"method\" is missing, or is not a text"),
        }
    }

    fn called(method: String, id: Option<Value>, mut fields: Map<String, Value>) -> Self {
        let known = id.clone().filter(is_id).unwrap_or_default();
        if fields.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Self::malformed(known, "\"jsonrpc\" is not \"2.0\"");
        }
        let params = fields.remove("params").filter(|params| !params.is_null());
        let params = params.unwrap_or_else(|| Value::Object(Map::new()));
        match id {
            None if params.is_object() => Self::Notification { method, params },
            Some(id) if is_id(&id) && params.is_object() => Self::Request { id, method, params },
            Some(id) if is_id(&id) => Self::Malformed { id, why: Refusal::params("\"params\" is not an object") },
            Some(_) => Self::malformed(Value::Null, "\"id\" is neither a text nor a whole number"),
            None => Self::Response,
        }
    }

    pub fn malformed(id: Value, why: &str) -> Self {
        Self::Malformed { id, why: Refusal::not_a_request(why) }
    }
}

fn is_id(id: &Value) -> bool {
    id.is_string() || id.is_i64() || id.is_u64()
}
