//! The same questions over HTTP: streamable HTTP in both eras, and HTTP with SSE, which came before.

mod fallback;
mod pulse;

use std::time::{Duration, Instant};

use serde_json::Value;

use super::answer::{self, Discovered, Introduction};
use super::finding::{Finding, Level};
use super::http_fault::{self, Fault};
use super::learned::Learned;
use super::lists::{Lists, Step};
use super::question::{Came, OwnHeaders, Question, Wants};
use super::request::{self, Era, MODERN};
use crate::mcp::http::address::Address;

const DISCOVER_ID: u64 = 1;
const INITIALIZE_ID: u64 = 2;
const MOST_REDIRECTS: u32 = 5;
/// How long `server/discover` may go unanswered before `initialize` is sent.
const DISCOVERY: Duration = Duration::from_secs(5);
/// How long each answer after the first may take.
const EACH: Duration = Duration::from_secs(10);

#[derive(Debug)]
enum State {
    Discover,
    Initialize,
    /// The stream of HTTP with SSE, after `initialize` failed.
    OldStream(Fault),
    Initialized,
    Listing {
        lists: Lists,
        request: Value,
    },
    /// What a server that has answered the handshake is asked again and again.
    Pulse(Value),
    /// The documents that tell where one logs in, those that were not looked at yet.
    Metadata(Vec<Address>),
    /// The same with another name in front, after this status.
    OtherHost(u16),
    /// The session is given back.
    Goodbye,
    Over,
}

/// How far a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    Lists,
    /// Until it answers the handshake; a session is given back.
    Handshake,
    /// As often as [`HttpConversation::ask_again`] is called, in one session.
    Pulse,
}

pub struct HttpConversation {
    goal: Goal,
    address: Address,
    headers: OwnHeaders,
    state: State,
    /// Where messages are posted in HTTP with SSE.
    post: Option<Address>,
    session: Option<String>,
    redirects: u32,
    /// Whether it has a new session because the one before was lost.
    is_renewed: bool,
    began: Instant,
    pub limit: Duration,
    pub learned: Learned,
    pub findings: Vec<Finding>,
}

impl HttpConversation {
    pub fn begin(address: Address, headers: Vec<(String, String)>, limit: Duration, now: Instant) -> Self {
        Self {
            goal: Goal::Lists,
            headers: OwnHeaders::new(headers, &address),
            address,
            state: State::Discover,
            post: None,
            session: None,
            redirects: 0,
            is_renewed: false,
            began: now,
            limit,
            learned: Learned::default(),
            findings: Vec::new(),
        }
    }

    pub fn with_goal(self, goal: Goal) -> Self {
        Self { goal, ..self }
    }

    /// How long the answer to the next question is waited for, at most.
    pub fn patience(&self) -> Duration {
        let usual = match self.state {
            State::Discover => DISCOVERY,
            State::Initialize => self.limit,
            _ => EACH,
        };
        usual.min(self.limit)
    }

    /// What is to be asked next; `None` once it is over.
    pub fn question(&self) -> Option<Question> {
        Some(match &self.state {
            State::Discover => {
                let extra = [("MCP-Protocol-Version", MODERN), ("Mcp-Method", "server/discover")];
                self.post(&request::discover(DISCOVER_ID), Some(DISCOVER_ID), &extra)
            }
            State::Initialize => self.post(&request::initialize(INITIALIZE_ID), Some(INITIALIZE_ID), &[]),
            State::OldStream(_) => Question::get(&self.address, &self.headers, "text/event-stream", Wants::Endpoint),
            State::Initialized => self.post(&request::initialized(), None, &[]),
            State::Listing { request, .. } => {
                let method = request["method"].as_str().unwrap_or_default();
                self.post(request, request["id"].as_u64(), &[("Mcp-Method", method)])
            }
            State::Pulse(request) => self.pulse(request),
            State::Metadata(places) => {
                Question::get(places.first()?, &self.headers, "application/json", Wants::Answer(None))
            }
            State::OtherHost(_) => {
                let mut question = self.post(&request::initialize(INITIALIZE_ID), Some(INITIALIZE_ID), &[]);
                question.headers.push(("Host".to_owned(), format!("localhost:{}", self.address.port)));
                question
            }
            State::Goodbye => Question { method: "DELETE", body: None, ..self.post(&Value::Null, None, &[]) },
            State::Over => return None,
        })
    }

    fn post(&self, message: &Value, id: Option<u64>, extra: &[(&str, &str)]) -> Question {
        let address = self.post.as_ref().unwrap_or(&self.address).clone();
        let mut headers = self.headers.to(&address);
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        add("Accept", "application/json, text/event-stream");
        if let Some(session) = &self.session {
            add("Mcp-Session-Id", session);
        }
        if let Some(server) = self.learned.introduction.as_ref().filter(|_| self.post.is_none()) {
            add("MCP-Protocol-Version", &server.protocol);
        }
        for (name, value) in extra {
            add(name, value);
        }
        let wants = match (id, &self.post) {
            (Some(id), Some(_)) => Wants::OnStream(id),
            (id, _) => Wants::Answer(id),
        };
        Question { method: "POST", address, headers, body: Some(message.to_string()), wants }
    }

    /// Takes what came of the question.
    pub fn take(&mut self, came: Came, now: Instant) {
        let response = match came {
            Came::Response(response) => response,
            Came::Refused(why) if !self.is_optional() => return self.fail(http_fault::refused(&self.address, &why)),
            Came::Broken if !self.is_optional() => return self.fail(http_fault::no_http(&self.address)),
            _ => return self.take_fault(Fault::Nothing, now),
        };
        // Some name a session in a refusal, too, and know none of that name afterwards.
        let head = response.head.as_ref().filter(|head| matches!(self.state, State::Initialize) && head.status < 300);
        if let Some(session) = head.and_then(|head| head.header("mcp-session-id")) {
            self.session = Some(session.to_owned());
        }
        match (&self.state, http_fault::read(&response)) {
            (State::Goodbye, _) => self.state = State::Over,
            (State::Initialized, _) => self.begin_lists(Era::Legacy, now),
            (State::OldStream(_), _) => self.take_stream(&response),
            (State::Metadata(_), read) => self.take_metadata(read.ok().as_ref()),
            (State::OtherHost(status), read) => {
                let is_other = !matches!(read, Err(Fault::Status { status: again, .. }) if again == *status);
                let finding =
                    if is_other { http_fault::wrong_host(&self.address) } else { http_fault::forbidden(*status) };
                self.fail(finding);
            }
            (_, Ok(answer)) => self.take_answer(&answer, response.body.len(), now),
            (_, Err(Fault::Redirect { keeps_method: true, to })) if self.redirects < MOST_REDIRECTS => {
                self.redirects += 1;
                match self.address.join(&to) {
                    Ok(address) => self.address = address,
                    Err(_) => self.fail(http_fault::redirect(&to)),
                }
            }
            (_, Err(fault)) => self.take_fault(fault, now),
        }
    }

    fn take_answer(&mut self, answer: &Value, length: usize, now: Instant) {
        match &mut self.state {
            State::Discover => match answer::discovered(answer) {
                Discovered::Modern(introduction) => {
                    self.introduce(introduction, now);
                    self.begin_lists(Era::Modern, now);
                }
                Discovered::AskLegacy => self.state = State::Initialize,
                Discovered::Unknown(finding) => self.fail(finding),
            },
            State::Initialize => match answer::initialized(answer) {
                Ok(introduction) => {
                    self.introduce(introduction, now);
                    self.state = State::Initialized;
                }
                Err(finding) => self.fail(finding),
            },
            State::Listing { lists, .. } => {
                let step = lists.take(answer, length);
                self.follow(step, now);
            }
            State::Pulse(_) => self.take_pulse(answer),
            _ => {}
        }
    }

    fn introduce(&mut self, introduction: Introduction, now: Instant) {
        self.learned.handshake = Some(now.duration_since(self.began));
        self.learned.introduction = Some(introduction);
    }

    fn begin_lists(&mut self, era: Era, now: Instant) {
        match self.goal {
            Goal::Lists => {}
            Goal::Handshake => {
                self.state = if self.session.is_some() { State::Goodbye } else { State::Over };
                return;
            }
            Goal::Pulse => return self.begin_pulse(),
        }
        let capabilities = self.learned.introduction.as_ref().map(|it| it.capabilities.clone()).unwrap_or_default();
        let (lists, step) = Lists::begin(era, capabilities, INITIALIZE_ID + 1);
        self.state = State::Listing { lists, request: Value::Null };
        self.follow(step, now);
    }

    fn follow(&mut self, step: Step, now: Instant) {
        let State::Listing { lists, request } = &mut self.state else { return };
        match step {
            Step::Ask(next) => *request = next,
            Step::Done => {
                self.findings.append(&mut lists.findings);
                self.learned.counts = Some(lists.counts);
                self.learned.list = self.learned.handshake.map(|it| now.duration_since(self.began).saturating_sub(it));
                let has_failed = self.findings.iter().any(|finding| finding.level == Level::Error);
                self.state = if self.session.is_some() && !has_failed { State::Goodbye } else { State::Over };
            }
            Step::Fail(finding) => self.fail(finding),
        }
    }

    fn take_fault(&mut self, fault: Fault, now: Instant) {
        let is_authorized = self.headers.authorize(&self.address);
        let (has_other_name, is_streamable) = (self.address.is_loopback_number(), self.post.is_none());
        match (&mut self.state, fault) {
            (State::Goodbye, _) => self.state = State::Over,
            (State::Initialized, _) => self.begin_lists(Era::Legacy, now),
            (State::Discover, _) => self.state = State::Initialize,
            (State::OldStream(before), _) => {
                let finding = http_fault::describe(before, &self.address, self.limit);
                self.fail(finding);
            }
            (State::Metadata(_), _) => self.take_metadata(None),
            (State::Pulse(_), Fault::Status { status: 400 | 404, .. }) if self.session.is_some() => self.renew(),
            (State::Listing { lists, .. }, fault) => {
                let is_lost = self.session.is_some() && matches!(fault, Fault::Status { status: 404, .. });
                let finding =
                    if is_lost { http_fault::session_lost() } else { http_fault::in_list(&fault, lists.kind()) };
                let step = if is_lost { Step::Fail(finding) } else { lists.give_up(finding) };
                self.follow(step, now);
            }
            (_, Fault::Status { status: 401, .. }) if is_authorized => self.fail(http_fault::token_refused()),
            (_, Fault::Status { status: 401, metadata, .. }) => {
                let places = http_fault::metadata_places(&self.address, metadata.as_deref());
                self.state = State::Metadata(places);
            }
            (_, Fault::Status { status: status @ (403 | 421), .. }) if has_other_name => {
                self.state = State::OtherHost(status);
            }
            (_, Fault::Status { status: 421, .. }) => self.fail(http_fault::wrong_host(&self.address)),
            (_, Fault::Status { status: status @ 403, .. }) => self.fail(http_fault::forbidden(status)),
            (State::Initialize, fault @ Fault::Status { status: 400 | 404 | 405, .. }) if is_streamable => {
                self.state = State::OldStream(fault);
            }
            (_, fault) => self.fail(http_fault::describe(&fault, &self.address, self.limit)),
        }
    }

    fn fail(&mut self, finding: Finding) {
        self.findings.push(finding);
        let before = std::mem::replace(&mut self.state, State::Over);
        if let State::Listing { lists, .. } = before {
            self.findings.extend(lists.findings);
            self.learned.counts = Some(lists.counts);
        }
    }
}
