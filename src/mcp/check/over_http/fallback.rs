//! What is looked at where a server does not answer: its stream, should it be of HTTP with SSE, and the documents of a sign-in.

use serde_json::Value;

use super::{HttpConversation, State};
use crate::mcp::check::http_fault;
use crate::mcp::http::event_stream;
use crate::mcp::http::response::Response;

impl HttpConversation {
    /// Whether the server may leave this question unanswered.
    pub(super) fn is_optional(&self) -> bool {
        matches!(
            self.state,
            State::OldStream(_) | State::Initialized | State::Metadata(_) | State::Goodbye | State::OtherHost(_)
        )
    }

    /// The stream of a server from before streamable HTTP names where to post.
    pub(super) fn take_stream(&mut self, response: &Response) {
        let endpoint = event_stream::events(&response.body).into_iter().find(|event| event.name == "endpoint");
        let post = endpoint.and_then(|event| self.address.join(event.data.trim()).ok());
        if let (Some(post), true) = (post, http_fault::is_stream(response)) {
            self.findings.push(http_fault::legacy_sse());
            self.post = Some(post);
            self.state = State::Initialize;
        } else if let State::OldStream(before) = &self.state {
            let finding = http_fault::describe(before, &self.address, self.limit);
            self.fail(finding);
        }
    }

    pub(super) fn take_metadata(&mut self, document: Option<&Value>) {
        let servers = document.and_then(|it| it.get("authorization_servers")?.as_array());
        if let Some(server) = servers.and_then(|servers| servers.first()?.as_str()) {
            return self.fail(http_fault::needs_login(server));
        }
        if let State::Metadata(places) = &mut self.state {
            places.remove(0);
            if places.is_empty() {
                self.fail(http_fault::needs_token());
            }
        }
    }
}
