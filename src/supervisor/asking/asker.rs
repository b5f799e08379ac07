//! A conversation with a server over HTTP, question by question.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use serde_json::json;

use super::exchange::Exchange;
use super::lookup::Lookup;
use crate::mcp::check::finding::{Finding, Level};
use crate::mcp::check::http_fault;
use crate::mcp::check::over_http::HttpConversation;
use crate::mcp::check::question::{Came, Question, Wants};
use crate::mcp::http::address::Address;
use crate::mcp::http::response::Response;
use crate::sys::poll::Poller;
use crate::units::deadline::Deadline;

/// Whom it is asked.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// A server of ours, here, whatever its clients call the place. No more of an answer is held than tells that it is one.
    Own(SocketAddr),
    /// Whoever the address of each question leads to.
    Named,
}

pub struct Asker {
    place: Place,
    pub conversation: HttpConversation,
    /// Where the address leads to is being looked up.
    lookup: Option<Lookup>,
    /// What is being asked.
    exchange: Option<Exchange>,
    /// Where else it can be asked, if nobody takes the connection.
    untried: VecDeque<SocketAddr>,
    /// What stays open in HTTP with SSE.
    stream: Option<Exchange>,
    /// By when there is an answer to what is being asked or looked up.
    due: Deadline,
    pub began: Instant,
}

impl Asker {
    pub fn new(place: Place, conversation: HttpConversation, now: Instant) -> Self {
        let (lookup, exchange, untried, stream) = (None, None, VecDeque::new(), None);
        Self { place, conversation, lookup, exchange, untried, stream, due: Deadline::new(now), began: now }
    }

    pub fn register<'fd, Key: Copy>(&'fd self, poller: &mut Poller<'fd, Key>, key: Key) {
        // What comes on the stream is read once its question has been taken.
        let is_asked = self.exchange.as_ref().is_some_and(|exchange| !exchange.is_done);
        let what = if is_asked { &self.exchange } else { &self.stream };
        if let Some(lookup) = &self.lookup {
            poller.readable(key, lookup.as_poll_fd());
        } else if let Some(exchange) = what {
            exchange.register(poller, key);
        }
    }

    /// Waits longer for what is being asked.
    pub fn put_off(&mut self, by: Duration) {
        self.due.put_off(by);
    }

    /// How long until it is to be looked at, should nothing come.
    pub fn due_in(&self, now: Instant) -> Duration {
        self.due.left(now)
    }

    /// Goes on as far as that goes at once; true once the conversation is over.
    pub fn advance(&mut self, now: Instant) -> bool {
        while let Some(question) = self.conversation.question() {
            let Some(came) = self.ask(&question, now) else { return false };
            self.exchange = None;
            self.conversation.take(came, now);
        }
        true
    }

    /// Begins with a question or goes on with it. Returns what has come of it, once that is known.
    fn ask(&mut self, question: &Question, now: Instant) -> Option<Came> {
        if self.exchange.is_none() {
            match self.find(&question.address, now)? {
                Ok(addresses) => self.untried = addresses,
                Err(why) => return Some(Came::Refused(why)),
            }
            self.due = Deadline::new(now + self.conversation.patience());
        }
        loop {
            if self.exchange.is_none()
                && let Err(error) = self.connect(question)
            {
                return Some(Came::Refused(error.to_string()));
            }
            match self.look(question) {
                Some(Came::Refused(_)) if !self.untried.is_empty() => self.exchange = None,
                None if self.due.is_over(now) => return self.exchange.as_ref().map(Exchange::give_up),
                came => return came,
            }
        }
    }

    /// Where to ask, once that is known.
    fn find(&mut self, address: &Address, now: Instant) -> Option<Result<VecDeque<SocketAddr>, String>> {
        if let Place::Own(place) = self.place {
            return Some(Ok([place].into()));
        }
        let host = address.host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(number) = host.parse::<IpAddr>() {
            return Some(Ok([SocketAddr::new(number, address.port)].into()));
        }
        if self.lookup.is_none() {
            match Lookup::begin(host, address.port) {
                Ok(lookup) => self.lookup = Some(lookup),
                Err(error) => return Some(Err(error.to_string())),
            }
            self.due = Deadline::new(now + self.conversation.limit);
        }
        let found = match self.lookup.as_ref()?.answer() {
            Some(answer) => answer.map(Into::into).map_err(|error| error.to_string()),
            None if self.due.is_over(now) => {
                let seconds = self.conversation.limit.as_secs();
                Err(format!("no name server has told within {seconds} s where that is"))
            }
            None => return None,
        };
        self.lookup = None;
        Some(found)
    }

    /// Begins to ask at the next address.
    fn connect(&mut self, question: &Question) -> io::Result<()> {
        let mut begun = Err(ErrorKind::NotFound.into());
        while let (Err(_), Some(address)) = (&begun, self.untried.pop_front()) {
            begun = Exchange::begin(address, question, self.place.most());
        }
        self.exchange = Some(begun?);
        Ok(())
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

impl Place {
    /// How much of an answer is held, in bytes.
    fn most(self) -> usize {
        match self {
            Self::Own(_) => 256 << 10,
            Self::Named => usize::MAX,
        }
    }
}

fn has_result(body: &[u8]) -> bool {
    const RESULT: &[u8] = b"\"result\"";
    body.windows(RESULT.len()).any(|window| window == RESULT)
}

#[cfg(test)]
mod tests;
