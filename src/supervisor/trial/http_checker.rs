//! The process that asks a server over HTTP which runs somewhere.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use super::report::{Message, TrialReport};
use crate::context;
use crate::mcp::check::over_http::HttpConversation;
use crate::mcp::http::address::Address;
use crate::server::secrets::Secrets;
use crate::supervisor::asking::asker::{Asker, Place};
use crate::sys::poll::Poller;

/// What is asked.
#[derive(Clone, Debug)]
pub struct HttpTarget {
    pub address: Address,
    pub headers: Vec<(String, String)>,
    /// What must not stand in any message.
    pub secrets: Vec<String>,
}

impl HttpTarget {
    /// To ask it, which has `limit` for its first answer.
    pub fn asker(self, limit: Duration) -> Asker {
        let now = context::now();
        Asker::new(Place::Named, HttpConversation::begin(self.address, self.headers, limit, now), now)
    }
}

/// Asks the server, which has `limit` for its first answer, and tells what was learned.
pub fn run(target: HttpTarget, limit: Duration, mut told: File) {
    let secrets = Secrets::new(&target.secrets);
    let mut asker = target.asker(limit);
    while !asker.advance(context::now()) {
        let mut poller = Poller::new(Some(asker.due_in(context::now())));
        asker.register(&mut poller, ());
        poller.wait();
    }
    let HttpConversation { learned, findings, .. } = asker.conversation;
    let report = TrialReport::of(learned, findings).with_findings(Vec::new()).masked(&secrets);
    let line = serde_json::to_string(&Message::Report(Box::new(report))).unwrap_or_default() + "\n";
    let _ = told.write_all(line.as_bytes());
}
