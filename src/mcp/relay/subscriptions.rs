//! The open `subscriptions/listen` of a client (specification 2026-07-28): they go on in the next life of the server.
//!
//! Clients believe in changes of a list only if the acknowledgement speaks of that list, and some end a subscription on which
//! anything else arrives. So the relay, which has announced such changes, sees to it that they are acknowledged, by itself
//! where a server knows of no subscriptions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::mcp::edit;
use crate::mcp::message::{Head, Raw};

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
/// JSON-RPC's code for "method not found".
const METHOD_NOT_FOUND: i64 = -32601;

#[derive(Debug, Default)]
pub struct Subscriptions(BTreeMap<Raw, Listen>);

/// What the client gets of something that the server has said of a subscription.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    AsItIs,
    Nothing,
    Instead(Vec<u8>),
}

#[derive(Debug)]
struct Listen {
    bytes: Vec<u8>,
    is_acknowledged: bool,
    /// A second acknowledgement is on its way.
    is_replayed: bool,
    /// The lists whose changes were acknowledged.
    lists: Vec<&'static str>,
}

impl Subscriptions {
    pub fn open(&mut self, id: &Raw, bytes: &[u8]) {
        let (is_acknowledged, is_replayed, lists) = (false, false, Vec::new());
        self.0.insert(id.clone(), Listen { bytes: bytes.to_vec(), is_acknowledged, is_replayed, lists });
    }

    pub fn forget(&mut self, id: &Raw) {
        self.0.remove(id);
    }

    pub fn contains(&self, id: &Raw) -> bool {
        self.0.contains_key(id)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The requests that open them again.
    pub fn replay(&mut self) -> Vec<Vec<u8>> {
        self.0.values_mut().for_each(|listen| listen.is_replayed = listen.is_acknowledged);
        self.0.values().map(|listen| listen.bytes.clone()).collect()
    }

    /// The server has acknowledged one. `lists` are those whose changes are announced.
    pub fn acknowledged(&mut self, head: &Head, bytes: &[u8], lists: &[&'static str]) -> Told {
        let Some(listen) = head.subscription.as_ref().and_then(|id| self.0.get_mut(id)) else { return Told::AsItIs };
        if std::mem::take(&mut listen.is_replayed) {
            return Told::Nothing;
        }
        if std::mem::replace(&mut listen.is_acknowledged, true) {
            return Told::AsItIs;
        }
        listen.lists = listen.wanted(lists);
        let Ok(text) = std::str::from_utf8(bytes) else { return Told::AsItIs };
        let add = |text: String, list: &&str| {
            edit::with_member(text, &["params", "notifications"], &format!("{list}ListChanged"), "true")
        };
        Told::Instead(listen.lists.iter().fold(text.to_owned(), add).into_bytes())
    }

    /// The server has answered one with an error.
    pub fn refused(&mut self, id: &Raw, answer: &Value, lists: &[&'static str]) -> Told {
        let Some(listen) = self.0.get_mut(id) else { return Told::AsItIs };
        let wanted = listen.wanted(lists);
        if answer["error"]["code"].as_i64() != Some(METHOD_NOT_FOUND) || wanted.is_empty() {
            return Told::AsItIs;
        }
        listen.is_replayed = false;
        if std::mem::replace(&mut listen.is_acknowledged, true) {
            return Told::Nothing;
        }
        listen.lists = wanted;
        Told::Instead(acknowledgement(id, &listen.lists))
    }

    /// Those of them that are to hear of changes of a list.
    pub fn listeners(&self, list: &str) -> impl Iterator<Item = Value> {
        self.0.iter().filter(move |(_, listen)| listen.lists.contains(&list)).map(|(id, _)| parse(&id.bytes))
    }
}

impl Listen {
    fn wanted(&self, lists: &[&'static str]) -> Vec<&'static str> {
        let request = parse(&self.bytes);
        let is_wanted =
            |list: &&&str| request["params"]["notifications"][format!("{list}ListChanged")] == Value::Bool(true);
        lists.iter().filter(is_wanted).copied().collect()
    }
}

fn acknowledgement(id: &Raw, lists: &[&str]) -> Vec<u8> {
    let lists: BTreeMap<String, bool> = lists.iter().map(|list| (format!("{list}ListChanged"), true)).collect();
    let message = json!({
        "jsonrpc": "2.0",
        "method": "notifications/subscriptions/acknowledged",
        "params": { "_meta": { SUBSCRIPTION: parse(&id.bytes) }, "notifications": lists },
    });
    format!("{message}\n").into_bytes()
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}
