//! A question over HTTP, and what may come of it.

use super::http_fault;
use crate::mcp::http::address::Address;
use crate::mcp::http::event_stream;
use crate::mcp::http::response::Response;

/// What is to be asked.
#[derive(Clone, Debug)]
pub struct Question {
    pub method: &'static str,
    pub address: Address,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    pub wants: Wants,
}

/// What the user wants to be sent, to the server that it is meant for and to no other that this one names.
#[derive(Clone, Debug)]
pub struct OwnHeaders {
    headers: Vec<(String, String)>,
    authority: String,
}

impl OwnHeaders {
    pub fn new(headers: Vec<(String, String)>, server: &Address) -> Self {
        Self { headers, authority: server.authority() }
    }

    pub fn to(&self, address: &Address) -> Vec<(String, String)> {
        if address.authority() == self.authority { self.headers.clone() } else { Vec::new() }
    }

    /// Whether one says who the user is.
    pub fn authorize(&self, address: &Address) -> bool {
        self.to(address).iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
    }
}

impl Question {
    /// A question for a document.
    pub fn get(address: &Address, own: &OwnHeaders, accept: &str, wants: Wants) -> Self {
        let mut headers = own.to(address);
        headers.push(("Accept".to_owned(), accept.to_owned()));
        Self { method: "GET", address: address.clone(), headers, body: None, wants }
    }
}

/// When an answer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Once the response is whole, or has a message with this id.
    Answer(Option<u64>),
    /// Once the stream, which stays open, has named where to post.
    Endpoint,
    /// Once the stream that is open has a message with this id; the response itself is nothing.
    OnStream(u64),
}

/// What came of a question.
#[derive(Debug)]
pub enum Came {
    Response(Response),
    /// Nobody takes connections there, in the system's words.
    Refused(String),
    /// What came is no HTTP, or ended in the middle.
    Broken,
    TimedOut,
}

/// Whether a response has all that was wanted.
pub fn is_enough(wants: Wants, response: &Response) -> bool {
    if !http_fault::is_stream(response) {
        return response.is_whole;
    }
    match wants {
        Wants::Answer(None) => true,
        Wants::Answer(Some(id)) | Wants::OnStream(id) => http_fault::message(&response.body, id).is_some(),
        Wants::Endpoint => event_stream::events(&response.body).iter().any(|event| event.name == "endpoint"),
    }
}
