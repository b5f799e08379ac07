//! The process that asks a server over HTTP which runs somewhere.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::report::{Message, TrialReport};
use crate::context;
use crate::mcp::check::finding::Finding;
use crate::mcp::check::http_fault;
use crate::mcp::check::learned::Learned;
use crate::mcp::check::over_http::HttpConversation;
use crate::mcp::check::question::{Came, Question, Wants, is_enough};
use crate::mcp::http::address::Address;
use crate::mcp::http::request::Request;
use crate::mcp::http::response::Response;
use crate::server::secrets::Secrets;

/// What is asked.
#[derive(Clone, Debug)]
pub struct HttpTarget {
    pub address: Address,
    pub headers: Vec<(String, String)>,
    /// What must not stand in any message.
    pub secrets: Vec<String>,
}

/// Asks the server, which has `limit` for its first answer, and tells what was learned.
pub fn run(target: HttpTarget, limit: Duration, mut told: File) {
    let secrets = Secrets::new(&target.secrets);
    let (learned, findings) = converse(target, limit);
    let report = TrialReport::of(learned, findings).with_findings(Vec::new()).masked(&secrets);
    let line = serde_json::to_string(&Message::Report(Box::new(report))).unwrap_or_default() + "\n";
    let _ = told.write_all(line.as_bytes());
}

/// Asks it, and returns what was learned and found.
pub fn converse(target: HttpTarget, limit: Duration) -> (Learned, Vec<Finding>) {
    let mut conversation = HttpConversation::begin(target.address, target.headers, limit, context::now());
    let mut connections = Connections::default();
    while let Some(question) = conversation.question() {
        let limit = conversation.patience().min(limit);
        let came = connections.ask(&question, context::now() + limit);
        conversation.take(came, context::now());
    }
    (conversation.learned, conversation.findings)
}

/// A connection for each question, and one that stays open in HTTP with SSE.
#[derive(Default)]
struct Connections {
    stream: Option<(TcpStream, Response)>,
}

impl Connections {
    fn ask(&mut self, question: &Question, deadline: Instant) -> Came {
        let mut connection = match connect(&question.address, deadline) {
            Ok(connection) => connection,
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                return Came::Refused("it does not answer at all".to_owned());
            }
            Err(error) => return Came::Refused(error.to_string()),
        };
        let request = Request {
            method: question.method,
            address: &question.address,
            headers: &question.headers,
            body: question.body.clone(),
        };
        if connection.write_all(&request.bytes()).is_err() {
            return Came::Broken;
        }
        let mut response = Response::default();
        let came = read(&mut connection, &mut response, question.wants, deadline);
        match (came, question.wants) {
            (Some(came), _) => came,
            (None, Wants::Endpoint) => {
                let shown = response.so_far();
                self.stream = Some((connection, response));
                Came::Response(shown)
            }
            (None, Wants::OnStream(id)) if response.head.as_ref().is_some_and(|head| head.status < 300) => {
                self.listen(id, deadline)
            }
            (None, _) => Came::Response(response),
        }
    }

    /// Waits for the message with this id on the stream that is open.
    fn listen(&mut self, id: u64, deadline: Instant) -> Came {
        let Some((connection, response)) = &mut self.stream else { return Came::Broken };
        if let Some(came) = read(connection, response, Wants::OnStream(id), deadline) {
            return came;
        }
        match http_fault::message(&response.body, id) {
            Some(message) => Came::Response(Response::of_message(&message)),
            None => Came::Broken,
        }
    }
}

fn connect(address: &Address, deadline: Instant) -> io::Result<TcpStream> {
    let host = address.host.trim_start_matches('[').trim_end_matches(']');
    let mut last = io::Error::from(ErrorKind::NotFound);
    for place in (host, address.port).to_socket_addrs()? {
        let left = deadline.saturating_duration_since(context::now()).max(Duration::from_millis(1));
        match TcpStream::connect_timeout(&place, left) {
            Ok(connection) => return Ok(connection),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Reads until all is there that is wanted; what came instead, if it is not.
fn read(connection: &mut TcpStream, response: &mut Response, wants: Wants, deadline: Instant) -> Option<Came> {
    let mut chunk = vec![0; 64 << 10];
    // An answer to what is only posted says no more than its status.
    let is_posted = |response: &Response| {
        matches!(wants, Wants::OnStream(_)) && !http_fault::is_stream(response) && response.head.is_some()
    };
    while !is_enough(wants, response) && !is_posted(response) {
        let left = deadline.saturating_duration_since(context::now());
        if left.is_zero() {
            return Some(Came::TimedOut);
        }
        let _ = connection.set_read_timeout(Some(left));
        match connection.read(&mut chunk) {
            Ok(0) if response.head.is_none() => return Some(Came::Broken),
            Ok(0) => {
                response.close();
                return None;
            }
            Ok(length) if response.push(&chunk[..length]).is_err() => return Some(Came::Broken),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Some(Came::TimedOut);
            }
            Err(_) => return Some(Came::Broken),
        }
    }
    None
}
