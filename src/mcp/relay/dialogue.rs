//! What a successor has to be told so that it is where its predecessor was, and the client notices nothing.
//!
//! In the era of the handshake (up to 2025-11-25) that is `initialize` as the client sent it, `notifications/initialized`, the
//! last `logging/setLevel` and the open `resources/subscribe`. In the stateless one (2026-07-28) a connection has no
//! state but its open `subscriptions/listen`. Which it is, the answers of the server tell, not the questions of the client.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::subscriptions::{Subscriptions, Told};
use super::tool_count::ToolCount;
use crate::mcp::message::{Head, Kind, LISTS, Raw};

/// The errors of a server that knows the stateless era (specification 2026-07-28).
const STATELESS_ERRORS: std::ops::RangeInclusive<i64> = -32022..=-32020;

#[derive(Debug, Default)]
pub struct Dialogue {
    pub era: Era,
    /// Whether any request was ever answered.
    pub has_answered: bool,
    initialize: Option<(Raw, Vec<u8>)>,
    /// Its answer as the server gave it.
    answer: Value,
    initialized: Option<Vec<u8>>,
    /// Requests that change what the server does, by what they are about; the client's own, which were answered.
    settings: BTreeMap<Setting, Kept>,
    pub subscriptions: Subscriptions,
    /// Requests of this life that the client does not know of.
    swallowed: BTreeSet<Raw>,
    handshake: Option<Raw>,
    tools: ToolCount,
}

/// How client and server speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Era {
    #[default]
    Unknown,
    Handshake,
    Stateless,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Setting {
    Level,
    Subscription(String),
}

#[derive(Debug)]
struct Kept {
    id: Raw,
    bytes: Vec<u8>,
    is_answered: bool,
}

impl Dialogue {
    /// The client has delivered a message.
    pub fn of_client(&mut self, head: &Head, bytes: &[u8]) {
        self.initialized_by(std::slice::from_ref(head), bytes);
        let (Kind::Request, Some(id), Some(method)) = (head.kind(), &head.id, head.method.as_deref()) else { return };
        let kept = || Kept { id: id.clone(), bytes: bytes.to_vec(), is_answered: false };
        match method {
            "initialize" => self.initialize = Some((id.clone(), bytes.to_vec())),
            "logging/setLevel" => drop(self.settings.insert(Setting::Level, kept())),
            "resources/subscribe" => drop(self.settings.insert(Setting::Subscription(uri(bytes)), kept())),
            "tools/list" => self.tools.asked(bytes),
            "resources/unsubscribe" => drop(self.settings.remove(&Setting::Subscription(uri(bytes)))),
            "subscriptions/listen" => self.subscriptions.open(id, bytes),
            _ => {}
        }
    }

    /// Keeps `notifications/initialized`, which the successor is told in any case; false for all others.
    pub fn initialized_by(&mut self, heads: &[Head], bytes: &[u8]) -> bool {
        let is_it = matches!(heads, [head] if head.is_initialized());
        if is_it {
            self.initialized = Some(bytes.to_vec());
        }
        is_it
    }

    /// The server has answered a request of the client. Without bytes the answer was too long to be looked at. What is
    /// different about this life, in words.
    pub fn answered(&mut self, method: &str, id: &Raw, head: &Head, bytes: Option<&[u8]>) -> Option<String> {
        self.has_answered = true;
        let answer = || bytes.map_or(Value::Null, parse);
        match method {
            "tools/list" => return self.tools.answered(bytes),
            "initialize" if head.has_result && self.era != Era::Stateless => {
                self.era = Era::Handshake;
                self.answer = answer()["result"].take();
            }
            "server/discover" if self.era == Era::Unknown => {
                let mut answer = answer();
                let is_known = answer["error"]["code"].as_i64().is_some_and(|code| STATELESS_ERRORS.contains(&code));
                if head.has_result || is_known {
                    self.era = Era::Stateless;
                    self.answer = answer["result"].take();
                }
            }
            "logging/setLevel" | "resources/subscribe" => {
                if let Some((setting, kept)) = self.settings.iter_mut().find(|(_, kept)| kept.id == *id) {
                    kept.is_answered = true;
                    if head.has_error {
                        let setting = setting.clone();
                        self.settings.remove(&setting);
                    }
                }
            }
            "subscriptions/listen" => self.subscriptions.forget(id),
            _ => {}
        }
        None
    }

    pub fn has_subscriptions(&self) -> bool {
        !self.subscriptions.is_empty()
            || self.settings.keys().any(|setting| matches!(setting, Setting::Subscription(_)))
    }

    /// `initialize` as the client sent it.
    pub fn initialize(&self) -> Option<Vec<u8>> {
        self.initialize.as_ref().map(|(_, bytes)| bytes.clone())
    }

    pub fn life_ended(&mut self) {
        self.settings.retain(|_, kept| kept.is_answered);
        self.swallowed.clear();
        self.handshake = None;
        self.tools.life_ended();
    }

    /// What a new life hears first.
    pub fn replay(&mut self) -> Vec<Vec<u8>> {
        match self.era {
            Era::Handshake => {
                let Some((id, bytes)) = self.initialize.clone() else { return Vec::new() };
                self.swallowed.insert(id.clone());
                self.handshake = Some(id);
                vec![bytes]
            }
            Era::Unknown | Era::Stateless => self.subscriptions.replay(),
        }
    }

    /// What it hears once it has answered `initialize`.
    pub fn after_handshake(&mut self) -> Vec<Vec<u8>> {
        let settings = self.settings.values().map(|kept| kept.bytes.clone());
        let told = self.initialized.clone().into_iter().chain(settings).collect();
        self.swallowed.extend(self.settings.values().map(|kept| kept.id.clone()));
        told
    }

    /// Whether an answer is awaited that decides whether the successor can be used.
    pub fn awaits_handshake(&self) -> bool {
        self.handshake.is_some()
    }

    pub fn is_handshake(&self, head: &Head) -> bool {
        self.handshake.is_some() && self.handshake == head.id
    }

    /// Whether an answer is to something that the client did not ask in this life. True once for each.
    pub fn swallows(&mut self, id: &Raw) -> bool {
        self.swallowed.remove(id)
    }

    /// Takes the answer of a successor to the handshake; what is different about it, in words.
    pub fn handshake_answered(&mut self, bytes: &[u8]) -> Vec<String> {
        self.handshake = None;
        let new = parse(bytes)["result"].clone();
        let old = std::mem::replace(&mut self.answer, new);
        let mut differences = Vec::new();
        if old["protocolVersion"] != self.answer["protocolVersion"] {
            let version = |of: &Value| of["protocolVersion"].as_str().unwrap_or("none").to_owned();
            differences.push(format!(
                "it speaks protocol version {}, its predecessor {}",
                version(&self.answer),
                version(&old)
            ));
        }
        let names = |of: &Value| {
            of["capabilities"].as_object().map(|map| map.keys().cloned().collect::<BTreeSet<_>>()).unwrap_or_default()
        };
        let lost: Vec<String> = names(&old).difference(&names(&self.answer)).cloned().collect();
        if !lost.is_empty() {
            differences.push(format!("it no longer has {}", lost.join(", ")));
        }
        differences
    }

    /// The lists that the server has, and of whose changes the client is told. A client may know them from another process
    /// of the server, and never ask this one.
    pub fn lists(&self) -> Vec<&'static str> {
        let is_unasked = self.answer.is_null() && self.era != Era::Handshake;
        LISTS.into_iter().filter(|list| is_unasked || self.answer["capabilities"][list].is_object()).collect()
    }

    /// What tells the client that lists may have changed.
    pub fn list_changes(&self) -> Vec<Vec<u8>> {
        let lists = self.lists().into_iter();
        match self.era {
            Era::Handshake => lists.map(|list| notification(list, &Value::Null)).collect(),
            Era::Unknown | Era::Stateless => lists
                .flat_map(|list| self.subscriptions.listeners(list).map(move |id| notification(list, &id)))
                .collect(),
        }
    }

    /// The server has answered a subscription with an error.
    pub fn subscription_refused(&mut self, id: &Raw, answer: &[u8]) -> Told {
        let lists = self.lists();
        self.subscriptions.refused(id, &parse(answer), &lists)
    }
}

fn notification(list: &str, subscription: &Value) -> Vec<u8> {
    let mut message = json!({ "jsonrpc": "2.0", "method": format!("notifications/{list}/list_changed") });
    if !subscription.is_null() {
        message["params"] = json!({ "_meta": { "io.modelcontextprotocol/subscriptionId": subscription } });
    }
    format!("{message}\n").into_bytes()
}

fn uri(bytes: &[u8]) -> String {
    parse(bytes)["params"]["uri"].as_str().unwrap_or_default().to_owned()
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}
