//! The lists of a server, read page by page.

use std::collections::HashSet;

use serde_json::Value;

use super::answer::error_text;
use super::finding::{Code, Finding};
use super::listing::{self, Kind};
use super::request::{self, Era};

/// Nobody has more pages.
const MOST_PAGES: usize = 1000;

/// How far the lists are read.
#[derive(Debug)]
pub struct Lists {
    era: Era,
    /// What the server says that it has.
    capabilities: Value,
    page: Page,
    next_id: u64,
    pub counts: Counts,
    pub findings: Vec<Finding>,
}

/// What was counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub tools: usize,
    pub prompts: usize,
    pub resources: usize,
    pub list_bytes: usize,
}

/// A list that is being read.
#[derive(Debug)]
struct Page {
    kind: Kind,
    id: u64,
    items: Vec<Value>,
    cursors: HashSet<String>,
    bytes: usize,
    largest: usize,
}

/// What follows.
#[derive(Debug)]
pub enum Step {
    Ask(Value),
    Done,
    /// Without its tools a server is of no use.
    Fail(Finding),
}

impl Page {
    fn first(kind: Kind) -> Self {
        Self { kind, id: 0, items: Vec::new(), cursors: HashSet::new(), bytes: 0, largest: 0 }
    }
}

impl Lists {
    /// Begins with the first list that the server has. Requests get the ids from `next_id` on.
    pub fn begin(era: Era, capabilities: Value, next_id: u64) -> (Self, Step) {
        let page = Page::first(Kind::Tools);
        let (counts, findings) = (Counts::default(), Vec::new());
        let mut new = Self { era, capabilities, page, next_id, counts, findings };
        let step = new.ask_first_of(&Kind::ALL);
        (new, step)
    }

    /// Which list is being read.
    pub fn kind(&self) -> Kind {
        self.page.kind
    }

    /// Whether an answer has the id of what was asked last.
    pub fn awaits(&self, id: u64) -> bool {
        self.page.id == id
    }

    pub fn take(&mut self, answer: &Value, length: usize) -> Step {
        let kind = self.page.kind;
        if let Some(error) = answer.get("error") {
            let message = format!("it says that it has {}, but not which: {}", kind.key(), error_text(error));
            return self.give_up(Finding::new(Code::ListError, message).hint(UNSEEN));
        }
        let Some(items) = answer["result"].get(kind.key()).and_then(Value::as_array) else {
            let message = format!("its answer to {} has no result.{}", kind.method(), kind.key());
            return self.give_up(Finding::new(Code::ListError, message).hint("a list is an array, an empty one too"));
        };
        self.page.items.extend(items.iter().cloned());
        self.page.bytes += length;
        self.page.largest = self.page.largest.max(length);
        match answer["result"].get("nextCursor").and_then(Value::as_str) {
            Some(cursor) => self.turn_page(cursor),
            None => self.end_list(),
        }
    }

    /// Goes on without a list that cannot be had, unless it is that of the tools.
    pub fn give_up(&mut self, finding: Finding) -> Step {
        if self.page.kind == Kind::Tools {
            return Step::Fail(finding);
        }
        self.findings.push(finding.lenient());
        self.ask_next()
    }

    fn turn_page(&mut self, cursor: &str) -> Step {
        let is_new = self.page.cursors.insert(cursor.to_owned());
        if is_new && self.page.cursors.len() <= MOST_PAGES {
            return self.ask(Some(cursor));
        }
        let key = self.page.kind.key();
        let message = format!("its list of {key} does not end: it names a page again that it has sent");
        self.give_up(Finding::new(Code::EndlessList, message).hint("the last page has no nextCursor"))
    }

    fn end_list(&mut self) -> Step {
        let (page, counts) = (&self.page, &mut self.counts);
        let count = page.items.len();
        match page.kind {
            Kind::Tools => {
                (counts.tools, counts.list_bytes) = (count, page.bytes);
                self.findings.extend(listing::examine(&page.items, page.bytes, page.largest));
            }
            Kind::Prompts => counts.prompts = count,
            Kind::Resources => counts.resources = count,
        }
        self.ask_next()
    }

    fn ask_next(&mut self) -> Step {
        let later = Kind::ALL.iter().position(|&kind| kind == self.page.kind).map_or(0, |index| index + 1);
        self.ask_first_of(&Kind::ALL[later..])
    }

    /// Asks for the first of these that the server has.
    fn ask_first_of(&mut self, kinds: &[Kind]) -> Step {
        let has = |kind: &&Kind| self.capabilities.get(kind.key()).is_some_and(|it| !it.is_null());
        if let Some(&kind) = kinds.iter().find(has) {
            self.page = Page::first(kind);
            return self.ask(None);
        }
        if self.counts.tools == 0 {
            self.findings.push(listing::nothing(self.counts.prompts + self.counts.resources));
        }
        Step::Done
    }

    fn ask(&mut self, cursor: Option<&str>) -> Step {
        self.page.id = self.next_id;
        self.next_id += 1;
        Step::Ask(request::list(self.page.id, self.page.kind, cursor, self.era))
    }
}

/// What a list that cannot be had looks like.
pub const UNSEEN: &str = "clients show it as connected, without any tools";
