//! What a server is asked next, what its answer means, and when it is waited for no longer: a state machine.
//!
//! First `server/discover`, as newer clients do; then, after an error or some silence, `initialize`. Whichever is answered
//! well first tells the era. Then its lists, page by page. No tool is called.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::answer::{self, Discovered, Introduction};
use super::doing::Seen;
use super::finding::{Code, Finding, Level};
use super::learned::Learned;
use super::lists::{Lists, Step, UNSEEN};
use super::oddities::Oddities;
use super::reading::{Clue, Heard, Reader};
use super::request::{self, Era};
use super::verdict::{Opening, Verdict};
use super::words::{self, Exited};
use crate::units::deadline::Deadline;

/// How long `server/discover` may go unanswered before `initialize` is sent, too.
const DISCOVERY: Duration = Duration::from_millis(2300);
/// How long a better answer is waited for after one that no client understands.
const CLUE: Duration = Duration::from_secs(2);
/// How long each answer after the first may take.
const EACH: Duration = Duration::from_secs(10);

const DISCOVER_ID: u64 = 1;
const INITIALIZE_ID: u64 = 2;

#[derive(Debug)]
enum State {
    /// `initialize` has been sent, or is to be at this time.
    Greeting {
        initialize_at: Option<Instant>,
    },
    Listing(Lists),
    Over(Verdict),
}

pub struct Conversation {
    state: State,
    reader: Reader,
    outgoing: Vec<u8>,
    began: Instant,
    limit: Duration,
    /// When there has to be an answer.
    deadline: Deadline,
    clue: Option<Clue>,
    /// Whether nothing has come of `server/discover`: a server that ends may have ended because of it.
    is_undiscovered: bool,
    has_closed_output: bool,
    oddities: Oddities,
    pub learned: Learned,
    findings: Vec<Finding>,
}

impl Conversation {
    /// Begins to speak to a server that was started just now and has `limit` for its first answer.
    pub fn begin(opening: Opening, limit: Duration, now: Instant) -> Self {
        let mut new = Self {
            state: State::Greeting { initialize_at: Some(now + DISCOVERY) },
            reader: Reader::default(),
            outgoing: Vec::new(),
            began: now,
            limit,
            deadline: Deadline::new(now + limit),
            clue: None,
            is_undiscovered: opening == Opening::Discover,
            has_closed_output: false,
            oddities: Oddities::default(),
            learned: Learned::default(),
            findings: Vec::new(),
        };
        match opening {
            Opening::Discover => new.send(&request::discover(DISCOVER_ID)),
            Opening::Initialize => new.send_initialize(),
        }
        new
    }

    pub fn verdict(&self) -> Option<Verdict> {
        if let State::Over(verdict) = self.state { Some(verdict) } else { None }
    }

    /// What is to be written to the server.
    pub fn take_outgoing(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outgoing)
    }

    /// When [`Self::pass_time`] is to be called, should nothing happen before.
    pub fn wakes_at(&self) -> Instant {
        match self.state {
            State::Greeting { initialize_at: Some(at) } => at.min(self.deadline.at()),
            _ => self.deadline.at(),
        }
    }

    /// Takes what the server has written.
    pub fn hear(&mut self, bytes: &[u8], now: Instant) {
        for heard in self.reader.push(bytes) {
            match heard {
                Heard::Answer(answer, length) => self.take_answer(&answer, length, now),
                Heard::Request { id, method } => self.take_request(&id, &method, now),
                Heard::Clue(clue) => self.take_clue(clue, now),
                Heard::ByteOrderMark => self.findings.push(words::byte_order_mark()),
                Heard::Text(text) => self.oddities.take_text(text),
                Heard::Notification => {}
            }
        }
    }

    /// The server writes nothing more.
    pub fn close_output(&mut self, now: Instant) {
        self.has_closed_output = true;
        self.deadline = self.deadline.at_latest(now + CLUE);
    }

    /// The server is gone, and all that it wrote was heard.
    pub fn end(&mut self, exited: &Exited<'_>) {
        match self.state {
            State::Greeting { .. } if self.is_undiscovered => self.state = State::Over(Verdict::Again),
            State::Greeting { .. } => {
                let clue = self.clue.as_ref().map(words::clue);
                self.fail(clue.unwrap_or_else(|| words::exited(exited, "before it answered")));
            }
            State::Listing(ref lists) => {
                let before = format!("when it was asked for its {}", lists.kind().key());
                let finding = words::exited(exited, &before);
                self.fail(Finding { hint: finding.hint, ..Finding::new(Code::ListExited, finding.message) });
            }
            State::Over(_) => {}
        }
    }

    /// Waits longer for what is waited for.
    pub fn put_off(&mut self, by: Duration) {
        self.deadline.put_off(by);
    }

    /// Does what is due by now; `seen` is what the server was seen to do.
    pub fn pass_time(&mut self, seen: &Seen, now: Instant) {
        if let State::Greeting { initialize_at: Some(at) } = self.state
            && now >= at
        {
            self.send_initialize();
        }
        if !self.deadline.is_over(now) {
            return;
        }
        match &mut self.state {
            State::Greeting { .. } => {
                let finding = match &self.clue {
                    Some(clue) => words::clue(clue),
                    None if self.has_closed_output => words::closed_output(),
                    None => words::no_answer(self.limit.as_secs(), seen, self.reader.has_said_anything),
                };
                self.fail(finding);
            }
            State::Listing(lists) => {
                let (method, what) = (lists.kind().method(), seen.clause());
                let message = format!("it does not answer {method} within {} s{what}", EACH.as_secs());
                let step = lists.give_up(Finding::new(Code::ListNoAnswer, message).hint(UNSEEN));
                self.follow(step, now);
            }
            State::Over(_) => {}
        }
    }

    /// What was found, for a server that is over.
    pub fn into_findings(mut self) -> (Learned, Vec<Finding>) {
        let has_failed = matches!(self.state, State::Over(Verdict::Fails));
        self.findings.extend(self.oddities.findings(has_failed, self.clue.is_some()));
        (self.learned, self.findings)
    }

    fn send(&mut self, message: &Value) {
        self.outgoing.extend(message.to_string().bytes());
        self.outgoing.push(b'\n');
    }

    fn send_initialize(&mut self) {
        self.state = State::Greeting { initialize_at: None };
        self.send(&request::initialize(INITIALIZE_ID));
    }

    fn fail(&mut self, finding: Finding) {
        self.findings.push(finding);
        self.state = State::Over(Verdict::Fails);
    }

    fn take_request(&mut self, id: &Value, method: &str, now: Instant) {
        let is_ours = [DISCOVER_ID, INITIALIZE_ID].iter().any(|ours| id.as_u64() == Some(*ours));
        if is_ours && matches!(method, "server/discover" | "initialize") {
            self.take_clue(Clue::Echo(method.to_owned()), now);
        } else {
            self.send(&request::reply(id, method));
        }
    }

    /// A clue about `server/discover` may be about that alone.
    fn take_clue(&mut self, clue: Clue, now: Instant) {
        self.is_undiscovered = false;
        match self.state {
            State::Greeting { initialize_at: Some(_) } => {
                self.clue.get_or_insert(clue);
                self.send_initialize();
            }
            State::Greeting { initialize_at: None } => {
                self.clue.get_or_insert(clue);
                self.deadline = self.deadline.at_latest(now + CLUE);
            }
            State::Listing(_) | State::Over(_) => {}
        }
    }

    fn take_answer(&mut self, answer: &Value, length: usize, now: Instant) {
        let Some(id) = self.id_of(answer) else {
            return self.take_clue(Clue::WrongId(answer["id"].to_string()), now);
        };
        if answer["jsonrpc"] != "2.0" {
            return self.take_clue(Clue::NoJsonrpc, now);
        }
        match &mut self.state {
            State::Greeting { .. } if id == DISCOVER_ID => self.take_discovered(answer, now),
            State::Greeting { initialize_at: None } if id == INITIALIZE_ID => match answer::initialized(answer) {
                Ok(introduction) => self.begin_lists(Era::Legacy, introduction, now),
                Err(finding) => self.fail(finding),
            },
            State::Listing(lists) if lists.awaits(id) => {
                let step = lists.take(answer, length);
                self.follow(step, now);
            }
            _ => {}
        }
    }

    /// The number that it answers, if that is one of ours.
    fn id_of(&mut self, answer: &Value) -> Option<u64> {
        let id = &answer["id"];
        let text = id.as_str().and_then(|text| text.parse().ok());
        self.oddities.has_text_ids |= text.is_some();
        id.as_u64().or(text).filter(|&id| self.has_asked(id))
    }

    fn has_asked(&self, id: u64) -> bool {
        matches!(id, DISCOVER_ID | INITIALIZE_ID) || matches!(&self.state, State::Listing(lists) if lists.awaits(id))
    }

    fn take_discovered(&mut self, answer: &Value, now: Instant) {
        self.is_undiscovered = false;
        match (answer::discovered(answer), &self.state) {
            (Discovered::Modern(introduction), _) => self.begin_lists(Era::Modern, introduction, now),
            (Discovered::Unknown(finding), _) => self.fail(finding),
            (Discovered::AskLegacy, State::Greeting { initialize_at: Some(_) }) => self.send_initialize(),
            (Discovered::AskLegacy, _) => {}
        }
    }

    fn begin_lists(&mut self, era: Era, introduction: Introduction, now: Instant) {
        if era == Era::Legacy {
            self.send(&request::initialized());
        }
        let (lists, step) = Lists::begin(era, introduction.capabilities.clone(), INITIALIZE_ID + 1);
        self.learned.handshake = Some(now.duration_since(self.began));
        self.learned.introduction = Some(introduction);
        self.state = State::Listing(lists);
        self.follow(step, now);
    }

    /// Does what follows in the lists.
    fn follow(&mut self, step: Step, now: Instant) {
        match step {
            Step::Ask(request) => {
                self.send(&request);
                self.deadline = Deadline::new(now + EACH);
            }
            Step::Done => self.conclude(Verdict::Answers, now),
            Step::Fail(finding) => {
                self.findings.push(finding);
                self.conclude(Verdict::Fails, now);
            }
        }
    }

    /// Takes over what the lists have shown.
    fn conclude(&mut self, verdict: Verdict, now: Instant) {
        let before = std::mem::replace(&mut self.state, State::Over(verdict));
        if let State::Listing(lists) = before {
            self.findings.extend(lists.findings);
            self.learned.counts = Some(lists.counts);
        }
        let whole = now.duration_since(self.began);
        self.learned.list = self.learned.handshake.map(|handshake| whole.saturating_sub(handshake));
        if self.findings.iter().any(|finding| finding.level == Level::Error) {
            self.state = State::Over(Verdict::Fails);
        }
    }
}
