//! What a successor has to be told so that it is where its predecessor was, and the client notices nothing.
//!
//! In the era of the handshake (up to 2025-11-25) that is `initialize` as the client sent it, `notifications/initialized`, the
//! last `logging/setLevel` and the open `resources/subscribe`. In the stateless one (2026-07-28) a connection has no
//! state but its open `subscriptions/listen`; the client's `server/discover` comes before them, to see that the successor
//! speaks that way. Which era it is, the answers of the server tell, not the questions of the client.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::differences;
use super::subscriptions::{Subscriptions, Told};
use super::tool_count::ToolCount;
use crate::mcp::message::{Head, Kind, LISTS, Raw};

/// The errors of a server that knows the stateless era (specification 2026-07-28).
const STATELESS_ERRORS: std::ops::RangeInclusive<i64> = -32022..=-32020;

/// For one that was too long to be kept.
const INITIALIZED: &[u8] = b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";

#[derive(Debug, Default)]
pub struct Dialogue {
    pub era: Era,
    /// Whether any request was ever answered.
    pub has_answered: bool,
    initialize: Option<Said>,
    discover: Option<Said>,
    /// The answer to the one that the era goes by, as the server gave it.
    answer: Value,
    initialized: Option<Vec<u8>>,
    /// The requests that changed what the server does, by what they are about: the client's own.
    settings: BTreeMap<Setting, Said>,
    /// Those that the server has not answered, in their order.
    unanswered: Vec<(Setting, Said)>,
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

/// A request of the client.
#[derive(Clone, Debug)]
struct Said {
    id: Raw,
    /// None if it was too long to be kept.
    bytes: Option<Vec<u8>>,
}

impl Dialogue {
    /// The client has delivered a message. Without bytes it was too long to be kept.
    pub fn of_client(&mut self, head: &Head, bytes: Option<&[u8]>) {
        self.initialized_by(std::slice::from_ref(head), bytes);
        let (Kind::Request, Some(id), Some(method)) = (head.kind(), &head.id, head.method.as_deref()) else { return };
        let said = Said { id: id.clone(), bytes: bytes.map(<[u8]>::to_vec) };
        match (method, bytes) {
            ("initialize", _) => self.initialize = Some(said),
            ("server/discover", _) => self.discover = Some(said),
            ("logging/setLevel", Some(_)) => self.unanswered.push((Setting::Level, said)),
            ("resources/subscribe", Some(bytes)) => self.unanswered.push((Setting::Subscription(uri(bytes)), said)),
            ("resources/unsubscribe", Some(bytes)) => {
                let ended = Setting::Subscription(uri(bytes));
                self.settings.remove(&ended);
                self.unanswered.retain(|(setting, _)| *setting != ended);
            }
            ("tools/list", Some(bytes)) => self.tools.asked(bytes),
            ("subscriptions/listen", Some(bytes)) => self.subscriptions.open(id, bytes),
            _ => {}
        }
    }

    /// Keeps `notifications/initialized`, which the successor is told in any case; false for all others.
    pub fn initialized_by(&mut self, heads: &[Head], bytes: Option<&[u8]>) -> bool {
        let is_it = matches!(heads, [head] if head.is_initialized());
        if is_it {
            self.initialized = Some(bytes.unwrap_or(INITIALIZED).to_vec());
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
                if head.has_result || is_stateless(&answer) {
                    self.era = Era::Stateless;
                    self.answer = answer["result"].take();
                }
            }
            "logging/setLevel" | "resources/subscribe" => self.setting_answered(id, head.has_result),
            "subscriptions/listen" => self.subscriptions.forget(id),
            _ => {}
        }
        None
    }

    /// What was refused is as it was before. Of two that the server has answered, the one that was said later holds.
    fn setting_answered(&mut self, id: &Raw, is_done: bool) {
        let Some(place) = self.unanswered.iter().position(|(_, said)| said.id == *id) else { return };
        let (setting, said) = self.unanswered.remove(place);
        if is_done {
            let mut earlier = 0..place;
            self.unanswered.retain(|(other, _)| earlier.next().is_none() || *other != setting);
            self.settings.insert(setting, said);
        }
    }

    /// The client no longer wants a request answered.
    pub fn cancelled(&mut self, id: &Raw) {
        self.subscriptions.forget(id);
        self.unanswered.retain(|(_, said)| said.id != *id);
    }

    pub fn has_subscriptions(&self) -> bool {
        let mut settings = self.settings.keys().chain(self.unanswered.iter().map(|(setting, _)| setting));
        !self.subscriptions.is_empty() || settings.any(|setting| matches!(setting, Setting::Subscription(_)))
    }

    /// Whether what the client began with is still known.
    pub fn can_begin(&self) -> bool {
        self.initialize.as_ref().is_some_and(|said| said.bytes.is_some())
    }

    /// `initialize` as the client sent it, and `notifications/initialized` if it did not wait for the answer with that.
    pub fn beginning(&self) -> Vec<Vec<u8>> {
        let initialize = self.initialize.as_ref().and_then(|said| said.bytes.clone());
        initialize.into_iter().chain(self.initialized.clone()).collect()
    }

    pub fn life_ended(&mut self) {
        self.unanswered.clear();
        self.swallowed.clear();
        self.handshake = None;
        self.tools.life_ended();
    }

    /// What a new life hears first.
    ///
    /// # Errors
    /// Why it cannot be told that, in words.
    pub fn replay(&mut self) -> Result<Vec<Vec<u8>>, String> {
        let first = match self.era {
            Era::Handshake => self.initialize.clone(),
            Era::Stateless => self.discover.clone(),
            Era::Unknown => None,
        };
        let Some(Said { id, bytes }) = first else { return Ok(self.after_handshake()) };
        let bytes = bytes.ok_or("its client's first request was too long to be kept and said again")?;
        self.swallowed.insert(id.clone());
        self.handshake = Some(id);
        Ok(vec![bytes])
    }

    /// What it hears once it has answered that.
    pub fn after_handshake(&mut self) -> Vec<Vec<u8>> {
        if self.era != Era::Handshake {
            return self.subscriptions.replay();
        }
        let settings = self.settings.values().filter_map(|said| said.bytes.clone());
        let told = self.initialized.clone().into_iter().chain(settings).collect();
        self.swallowed.extend(self.settings.values().map(|said| said.id.clone()));
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

    /// Takes the answer of a successor to what its predecessor had answered: what is different about it, or why it is of no
    /// use, in words. Without bytes the answer was too long to be looked at.
    pub fn handshake_answered(&mut self, head: &Head, bytes: Option<&[u8]>) -> Result<Vec<String>, String> {
        self.handshake = None;
        let mut answer = bytes.map_or(Value::Null, parse);
        let is_known = head.has_result || (self.era == Era::Stateless && is_stateless(&answer));
        if !is_known {
            let refused = match self.era {
                Era::Stateless => "it does not speak the protocol of its predecessor, which has no handshake",
                Era::Handshake | Era::Unknown => "it refused the handshake of its predecessor",
            };
            let said = String::from_utf8_lossy(bytes.unwrap_or(b"an error that is too long to be shown"));
            return Err(format!("{refused}: {}", said.trim()));
        }
        let new = answer["result"].take();
        if new.is_null() {
            return Ok(Vec::new());
        }
        let differences = differences::between(&self.answer, &new);
        self.answer = new;
        Ok(differences)
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

/// Whether an answer is an error that only a server of the stateless era gives.
fn is_stateless(answer: &Value) -> bool {
    answer["error"]["code"].as_i64().is_some_and(|code| STATELESS_ERRORS.contains(&code))
}

fn uri(bytes: &[u8]) -> String {
    parse(bytes)["params"]["uri"].as_str().unwrap_or_default().to_owned()
}

fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}
