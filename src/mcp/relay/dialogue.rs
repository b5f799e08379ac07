//! What a successor has to be told so that it is where its predecessor was, and the client notices nothing.
//!
//! In the era of the handshake (up to 2025-11-25) that is `initialize` as the client sent it, `notifications/initialized`, the
//! last `logging/setLevel` and the open `resources/subscribe`. In the stateless one (2026-07-28) a connection has no
//! state but its open `subscriptions/listen`. Which it is, the answers of the server tell, not the questions of the client.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

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
    listens: BTreeMap<Raw, Listen>,
    /// Requests of this life that the client does not know of.
    swallowed: BTreeSet<Raw>,
    handshake: Option<Raw>,
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

#[derive(Debug)]
struct Listen {
    bytes: Vec<u8>,
    is_acknowledged: bool,
    /// A second acknowledgement is on its way.
    is_replayed: bool,
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
            "resources/unsubscribe" => drop(self.settings.remove(&Setting::Subscription(uri(bytes)))),
            "subscriptions/listen" => {
                let listen = Listen { bytes: bytes.to_vec(), is_acknowledged: false, is_replayed: false };
                self.listens.insert(id.clone(), listen);
            }
            _ => {}
        }
    }

    /// Keeps `notifications/initialized`, which the successor is told in any case; false for all others.
    pub fn initialized_by(&mut self, heads: &[Head], bytes: &[u8]) -> bool {
        let is_it = matches!(heads, [head] if head.method.as_deref() == Some("notifications/initialized"));
        if is_it {
            self.initialized = Some(bytes.to_vec());
        }
        is_it
    }

    /// The server has answered a request of the client. Without bytes the answer was too long to be looked at.
    pub fn answered(&mut self, method: &str, id: &Raw, head: &Head, bytes: Option<&[u8]>) {
        self.has_answered = true;
        let answer = bytes.map_or(Value::Null, parse);
        match method {
            "initialize" if head.has_result && self.era != Era::Stateless => {
                self.era = Era::Handshake;
                self.answer = answer["result"].clone();
            }
            "server/discover" if self.era == Era::Unknown => {
                let is_known = answer["error"]["code"].as_i64().is_some_and(|code| STATELESS_ERRORS.contains(&code));
                if head.has_result || is_known {
                    self.era = Era::Stateless;
                    self.answer = answer["result"].clone();
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
            "subscriptions/listen" => self.forget_listen(id),
            _ => {}
        }
    }

    pub fn forget_listen(&mut self, id: &Raw) {
        self.listens.remove(id);
    }

    /// Whether a request is a subscription that goes on in the next life.
    pub fn keeps_listening(&self, id: &Raw) -> bool {
        self.listens.contains_key(id)
    }

    pub fn has_subscriptions(&self) -> bool {
        !self.listens.is_empty() || self.settings.keys().any(|setting| matches!(setting, Setting::Subscription(_)))
    }

    /// `initialize` as the client sent it.
    pub fn initialize(&self) -> Option<Vec<u8>> {
        self.initialize.as_ref().map(|(_, bytes)| bytes.clone())
    }

    pub fn life_ended(&mut self) {
        self.settings.retain(|_, kept| kept.is_answered);
        self.swallowed.clear();
        self.handshake = None;
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
            Era::Unknown | Era::Stateless => {
                self.listens.values_mut().for_each(|listen| listen.is_replayed = listen.is_acknowledged);
                self.listens.values().map(|listen| listen.bytes.clone()).collect()
            }
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

    /// Whether a notification is the second acknowledgement of a subscription.
    pub fn swallows_acknowledgement(&mut self, head: &Head) -> bool {
        if head.method.as_deref() != Some("notifications/subscriptions/acknowledged") {
            return false;
        }
        let listen = head.subscription.as_ref().and_then(|id| self.listens.get_mut(id));
        listen.is_some_and(|listen| {
            listen.is_acknowledged = true;
            std::mem::take(&mut listen.is_replayed)
        })
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

    /// What tells the client that lists may have changed.
    pub fn list_changes(&self) -> Vec<Vec<u8>> {
        let has = |list: &&&str| self.answer["capabilities"][**list].is_object();
        let lists = LISTS.iter().filter(has);
        match self.era {
            Era::Unknown => Vec::new(),
            Era::Handshake => lists.map(|list| notification(list, &Value::Null)).collect(),
            Era::Stateless => {
                lists.flat_map(|list| self.listeners(list).map(move |id| notification(list, &id))).collect()
            }
        }
    }

    /// The subscriptions that want to hear of changes of a list.
    fn listeners(&self, list: &str) -> impl Iterator<Item = Value> {
        let wanted = format!("{list}ListChanged");
        self.listens.iter().filter_map(move |(id, listen)| {
            let request = parse(&listen.bytes);
            let wants =
                request["params"][&wanted] == json!(true) || request["params"]["notifications"][&wanted] == json!(true);
            wants.then(|| parse(&id.bytes))
        })
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
