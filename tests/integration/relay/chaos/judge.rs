//! What the client heard, and whether that can be, by what the servers have written down.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What the client has said and heard.
#[derive(Default)]
pub struct Story {
    pub is_stateless: bool,
    /// Every line of the client.
    pub sent: Vec<String>,
    pub requests: BTreeMap<u64, Request>,
    /// Life and number of every message of a server.
    pub seen: BTreeSet<(u64, u64)>,
    /// Which life has asked the client, by the secret of its question.
    asked: BTreeMap<u64, u64>,
    pub list_changes: usize,
    pub acknowledgements: usize,
    /// How many calls in a row no server had.
    pub refused: usize,
    latest: (u64, u64),
    /// Nothing of this life or an earlier one may come any more.
    dead: u64,
}

#[derive(Debug, Default)]
pub struct Request {
    pub nonce: String,
    /// What the server is to do with it.
    pub how: String,
    pub is_cancelled: bool,
    pub answer: Option<Answer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Result {
        life: u64,
        number: u64,
    },
    /// The server ended while it had it.
    Died,
    /// No server had it.
    Refused,
}

impl Request {
    pub fn is_open(&self) -> bool {
        self.answer.is_none() && !self.is_cancelled
    }
}

impl Story {
    /// The requests that will be answered if the server lives.
    pub fn open(&self) -> impl Iterator<Item = u64> {
        self.requests.iter().filter(|(_, it)| it.is_open() && it.how != "never").map(|(id, _)| *id)
    }

    /// The latest life that was heard of.
    pub fn life(&self) -> u64 {
        self.latest.0
    }

    /// Every message of a server has a number, higher than those before: of the same life, and of earlier ones.
    pub fn note_number(&mut self, message: &Value) {
        let numbers = if message["method"].is_null() { &message["result"] } else { &message["params"] };
        let Some(place) = numbers["life"].as_u64().zip(numbers["n"].as_u64()) else { return };
        assert!(place > self.latest, "out of order after {:?}: {message}", self.latest);
        assert!(place.0 > self.dead, "of a dead life: {message}");
        self.latest = place;
        self.seen.insert(place);
    }

    pub fn note_question(&mut self, message: &Value) {
        let number = |name: &str| message["params"][name].as_u64().unwrap();
        self.asked.insert(number("secret"), number("life"));
    }

    pub fn note_answer(&mut self, message: &Value) {
        let id = message["id"].as_u64().unwrap_or_else(|| panic!("an answer to nothing: {message}"));
        let request = self.requests.get_mut(&id).unwrap_or_else(|| panic!("an answer to nothing: {message}"));
        assert!(request.answer.is_none(), "answered twice: {message}");
        let result = &message["result"];
        let answer = if result.is_object() {
            assert!(result["nonce"].is_null() || result["nonce"] == request.nonce.as_str(), "of another: {message}");
            Answer::Result { life: result["life"].as_u64().unwrap(), number: result["n"].as_u64().unwrap() }
        } else {
            let error = &message["error"];
            assert_eq!((error["code"].as_i64(), error["data"]["source"].as_str()), (Some(-32603), Some("mcp-hook")));
            let text = error["message"].as_str().unwrap();
            if text.contains("while it worked on this call") { Answer::Died } else { Answer::Refused }
        };
        if answer == Answer::Died {
            self.dead = self.latest.0;
        }
        self.refused = if answer == Answer::Refused { self.refused + 1 } else { 0 };
        request.answer = Some(answer);
    }
}

/// A line that a server wrote down.
struct Entry {
    life: u64,
    what: String,
    value: Value,
}

/// Holds what the client heard against what the servers heard and said.
pub fn judge(story: &Story, log: &str) {
    let entries: Vec<Entry> = log.lines().map(entry).collect();
    let lives = entries.iter().map(|it| it.life).max().unwrap_or_default();
    let of = |what: &'static str| entries.iter().filter(move |it| it.what == what);
    if let Some(confused) = of("confused").next() {
        panic!("life {}: {}", confused.life, confused.value["why"]);
    }
    // What was said as a whole before the end is heard, but for second answers and what the relay asked itself.
    for said in of("said") {
        let place = (said.life, said.value["n"].as_u64().unwrap());
        let kind = said.value["kind"].as_str().unwrap();
        let is_own = said.life > 1 && ["handshake", "setting"].contains(&kind);
        assert!(story.seen.contains(&place) || kind == "again" || is_own, "lost: {kind} {place:?} of {lives} lives");
    }
    let mut said: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for it in of("saying") {
        let number = it.value["n"].as_u64().unwrap();
        said.entry(it.value["id"].as_u64().unwrap()).or_default().push((it.life, number));
    }
    let heard: Vec<(u64, String)> =
        of("heard").map(|it| (it.life, it.value["line"].as_str().unwrap().into())).collect();
    let of_lines =
        |id: fn(&str) -> Option<u64>| heard.iter().filter_map(|(life, line)| Some((*life, id(line)?))).collect();
    let servers = Servers { said, had: of_lines(request_id), called_off: of_lines(cancelled_id), heard: &heard };
    judge_answers(story, &servers);
    judge_order(story, &servers);
    judge_whole(story, lives);
}

/// What the servers wrote down.
struct Servers<'log> {
    /// Life and number of the answers to each request.
    said: BTreeMap<u64, Vec<(u64, u64)>>,
    /// Which life had which request.
    had: BTreeSet<(u64, u64)>,
    /// Which life was told that which request is cancelled.
    called_off: BTreeSet<(u64, u64)>,
    /// Every line with its life.
    heard: &'log [(u64, String)],
}

fn entry(line: &str) -> Entry {
    let value: Value = serde_json::from_str(line).unwrap();
    Entry { life: value["life"].as_u64().unwrap(), what: value["what"].as_str().unwrap().to_owned(), value }
}

fn judge_answers(story: &Story, servers: &Servers<'_>) {
    let any_has = |pairs: &BTreeSet<(u64, u64)>, id| pairs.iter().any(|(_, other)| *other == id);
    for (&id, request) in &story.requests {
        match &request.answer {
            Some(Answer::Result { life, number }) => {
                let is_said = servers.said.get(&id).is_some_and(|said| said.contains(&(*life, *number)));
                assert!(is_said || request.how == "now", "made up: {id} {request:?}");
            }
            Some(Answer::Refused) => {
                assert!(!any_has(&servers.had, id), "refused, but a server had it: {id} {request:?}");
            }
            Some(Answer::Died) => {
                assert!(!any_has(&servers.called_off, id), "cancelled and answered: {id} {request:?}");
            }
            None => assert!(request.is_cancelled, "never answered: {id} {request:?}"),
        }
    }
}

fn request_id(line: &str) -> Option<u64> {
    let message: Value = serde_json::from_str(line).unwrap();
    message["method"].as_str().filter(|method| *method == "tools/call").and(message["id"].as_u64())
}

fn cancelled_id(line: &str) -> Option<u64> {
    let message: Value = serde_json::from_str(line).unwrap();
    message["method"].as_str().filter(|method| *method == "notifications/cancelled")?;
    message["params"]["requestId"].as_u64()
}

/// What every new life is told again.
const TOLD_AGAIN: [&str; 5] =
    ["initialize", "notifications/initialized", "logging/setLevel", "server/discover", "subscriptions/listen"];

/// What a line is to the one who said it: an answer is known by its secret, since its id may have been another.
fn identity(line: &str) -> Option<String> {
    let message: Value = serde_json::from_str(line).unwrap();
    match message["method"].as_str() {
        Some(method) if TOLD_AGAIN.contains(&method) => None,
        Some(_) => Some(line.to_owned()),
        None => Some(format!("answer {}", message["result"]["secret"])),
    }
}

/// What servers heard is what the client said, in its order and nothing twice; and what a life lacks between the first and
/// the last that it heard, somebody had a reason to keep from it.
fn judge_order(story: &Story, servers: &Servers<'_>) {
    let sent: BTreeMap<String, usize> =
        story.sent.iter().enumerate().filter_map(|(place, line)| Some((identity(line)?, place))).collect();
    let (mut before, mut life_before) = (None, 0);
    for (life, line) in servers.heard {
        let Some(identity) = identity(line) else { continue };
        let place = *sent.get(&identity).unwrap_or_else(|| panic!("life {life} heard what nobody said: {line}"));
        assert!(Some(place) > before, "life {life} heard out of order, or again: {line}");
        if *life == life_before {
            let missing = &story.sent[before.map_or(0, |before| before + 1)..place];
            missing.iter().for_each(|line| {
                assert!(may_be_missing(story, servers, *life, line), "life {life} never heard {line}");
            });
        }
        (before, life_before) = (Some(place), *life);
    }
}

fn may_be_missing(story: &Story, servers: &Servers<'_>, life: u64, said: &str) -> bool {
    let message: Value = serde_json::from_str(said).unwrap();
    let request = message["id"].as_u64().and_then(|id| story.requests.get(&id));
    match message["method"].as_str() {
        None => message["result"]["secret"].as_u64().and_then(|secret| story.asked.get(&secret)) != Some(&life),
        // That of a request of another life, or of one that it had answered.
        Some("notifications/cancelled") => cancelled_id(said).is_none_or(|id| {
            let is_said = servers.said.get(&id).is_some_and(|said| said.iter().any(|(of, _)| *of == life));
            is_said || !servers.had.contains(&(life, id))
        }),
        Some(method) if TOLD_AGAIN.contains(&method) => true,
        Some("tools/call") => request.is_some_and(|it| it.is_cancelled || it.answer == Some(Answer::Refused)),
        Some(_) => false,
    }
}

/// Whether there was enough of everything.
fn judge_whole(story: &Story, lives: u64) {
    let count = |is: &dyn Fn(&Request) -> bool| story.requests.values().filter(|it| is(it)).count();
    let results = count(&|it| matches!(it.answer, Some(Answer::Result { .. })));
    let died = count(&|it| it.answer == Some(Answer::Died));
    let (refused, cancelled) = (count(&|it| it.answer == Some(Answer::Refused)), count(&|it| it.is_cancelled));
    eprintln!(
        "{} messages, {lives} lives: {results} results, {died} died, {refused} refused, {cancelled} cancelled, {} list changes",
        story.sent.len(),
        story.list_changes
    );
    assert!(results * 2 > story.requests.len() && refused * 10 < story.requests.len());
    assert!(died > 0 && cancelled > 0, "{died} died, {cancelled} cancelled");
    assert!(lives > 5 && story.list_changes > 0, "{lives} lives, {} list changes", story.list_changes);
    assert_eq!(story.acknowledgements, usize::from(story.is_stateless));
}
