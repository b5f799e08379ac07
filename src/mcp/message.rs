//! What has to be known of a message to hand it on: JSON-RPC 2.0, as MCP uses it.

use serde_json::Value;

/// A value of JSON as it stood in the message, byte for byte: an id goes back just as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raw(pub Vec<u8>);

/// What one JSON-RPC object says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `id`, whatever it is.
    pub id: Option<Raw>,
    /// `method`, if it is a text.
    pub method: Option<String>,
    /// Whether there is a `result`.
    pub has_result: bool,
    /// Whether there is an `error`.
    pub has_error: bool,
    /// `params.requestId`: which request a `notifications/cancelled` is about.
    pub cancelled: Option<Raw>,
    /// `params.progressToken`: which request a `notifications/progress` is about.
    pub progress: Option<Raw>,
    /// `params._meta.progressToken`: by which token a request wants to be told of its progress.
    pub wanted_progress: Option<Raw>,
    /// `params._meta["io.modelcontextprotocol/subscriptionId"]`: to which `subscriptions/listen` a notification belongs.
    pub subscription: Option<Raw>,
}

/// What a JSON-RPC object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A method with an id: it wants an answer.
    Request,
    /// A method without an id.
    Notification,
    /// A result or an error for an id.
    Response,
    /// None of them. It is handed on as it is.
    Unknown,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// One object.
    Single(Head),
    /// An array (protocol 2025-03-26), with the objects in it.
    Batch(Vec<Head>),
    /// Nothing that MCP would send: no JSON, or neither an object nor an array.
    Stray,
}

impl Raw {
    /// The id as a value; none where it is not valid UTF-8.
    pub fn value(&self) -> Option<Value> {
        serde_json::from_slice(&self.0).ok()
    }
}

impl Head {
    /// What it is, by the fields that JSON-RPC tells it by.
    pub fn kind(&self) -> Kind {
        let has_id = self.id.as_ref().is_some_and(|id| id.0 != b"null");
        match (&self.method, has_id) {
            (Some(_), true) => Kind::Request,
            (Some(_), false) => Kind::Notification,
            (None, true) if self.has_result || self.has_error => Kind::Response,
            (None, _) => Kind::Unknown,
        }
    }
}
