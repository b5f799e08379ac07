//! A conversation with a server over HTTP, question by question.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;

use super::exchange::Exchange;
use crate::mcp::check::finding::{Finding, Level};
use crate::mcp::check::http_fault;
use crate::mcp::check::over_http::HttpConversation;
use crate::mcp::check::question::{Came, Question, Wants};
use crate::mcp::http::response::Response;
use crate::sys::poll::Poller;

pub struct Asker {
    place: SocketAddr,
    pub conversation: HttpConversation,
    /// What is being asked.
    exchange: Option<Exchange>,
    /// What stays open in HTTP with SSE.
    stream: Option<Exchange>,
    /// By when there is an answer to what is being asked.
    due: Instant,
    pub began: Instant,
}

impl Asker {
    pub fn new(place: SocketAddr, conversation: HttpConversation, now: Instant) -> Self {
        Self { place, conversation, exchange: None, stream: None, due: now, began: now }
    }

    pub fn register<'fd, Key: Copy>(&'fd self, poller: &mut Poller<'fd, Key>, key: Key) {
        // What comes on the stream is read once its question has been taken.
        let is_asked = self.exchange.as_ref().is_some_and(|exchange| !exchange.is_done);
        let what = if is_asked { &self.exchange } else { &self.stream };
        if let Some(exchange) = what {
            exchange.register(poller, key);
        }
    }

    /// How long until it is to be looked at, should nothing come.
    pub fn due_in(&self, now: Instant) -> Duration {
        self.due.saturating_duration_since(now)
    }

    /// Goes on as far as that goes at once; true once the conversation is over.
    pub fn advance(&mut self, now: Instant) -> bool {
        while let Some(question) = self.conversation.question() {
            let came = match self.look(&question) {
                Some(came) => came,
                None if self.exchange.is_some() && now >= self.due => Came::TimedOut,
                None if self.exchange.is_some() => return false,
                None => {
                    self.due = now + self.conversation.patience();
                    match Exchange::begin(self.place, &question) {
                        Ok(exchange) => {
                            self.exchange = Some(exchange);
                            continue;
                        }
                        Err(error) => Came::Refused(error.to_string()),
                    }
                }
            };
            self.exchange = None;
            self.conversation.take(came, now);
        }
        true
    }

    /// What kept the server from answering, if something did.
    pub fn fault(&self) -> Option<&Finding> {
        self.conversation.findings.iter().find(|finding| finding.level == Level::Error)
    }

    /// What has come of the question, if all of it has.
    fn look(&mut self, question: &Question) -> Option<Came> {
        let exchange = self.exchange.as_mut()?;
        match exchange.advance() {
            Err(came) => return Some(came),
            Ok(false) => return None,
            Ok(true) => {}
        }
        let is_taken = exchange.response.head.as_ref().is_some_and(|head| head.status < 300);
        match question.wants {
            Wants::OnStream(id) if is_taken => self.listen(id),
            Wants::Endpoint => {
                let shown = exchange.response.so_far();
                self.stream = self.exchange.take();
                Some(Came::Response(shown))
            }
            // Only a list is that long, not an error.
            _ if exchange.is_cut && self.conversation.is_pulse() && has_result(&exchange.response.body) => {
                Some(Came::Response(Response::of_message(&json!({"result": {}}))))
            }
            _ => Some(Came::Response(std::mem::take(&mut exchange.response))),
        }
    }

    /// Looks for the message with this id on the stream that is open.
    fn listen(&mut self, id: u64) -> Option<Came> {
        let Some(stream) = &mut self.stream else { return Some(Came::Broken) };
        stream.want(Wants::OnStream(id));
        match stream.advance() {
            Err(came) => Some(came),
            Ok(false) => None,
            Ok(true) => Some(match http_fault::message(&stream.response.body, id) {
                Some(message) => Came::Response(Response::of_message(&message)),
                None => Came::Broken,
            }),
        }
    }
}

fn has_result(body: &[u8]) -> bool {
    const RESULT: &[u8] = b"\"result\"";
    body.windows(RESULT.len()).any(|window| window == RESULT)
}
