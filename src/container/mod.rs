//! Containers as part of a server's tree: a container's processes belong to its engine, not to us, so it is the engine
//! that is asked to end them.
//!
//! Known by the id that the client writes into a file (`--cidfile`), which it makes before it asks for the container and
//! writes before it has it started; where the client was killed in between, by a label.

mod cid;
mod client;
mod end;
mod engine;
mod find;
mod flags;
mod line;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::terminate::budget;

pub use self::end::{ClientExit, StopRequest, end, request_stop};
pub use self::engine::{Engine, wait_for_call};
pub use self::find::find;

/// How a server's container is found and ended, by whoever has to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Who has it.
    pub engine: Engine,
    /// Where the client writes its id.
    pub cidfile: PathBuf,
    /// Whether that file is ours, and not one that the user asked for.
    pub own_cidfile: bool,
    /// The value of its label.
    pub label: String,
    /// Whether it is to be removed once it has ended (`--rm`).
    pub removed: bool,
    /// The ids of those that could not be ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// Why not, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl Container {
    /// The words of the server's command, with what tells us its id.
    pub fn mark(&self, words: Vec<String>) -> Vec<String> {
        let cidfile = self.own_cidfile.then(|| self.cidfile.to_string_lossy());
        let label = format!("{LABEL}={}", self.label);
        client::mark(words, cidfile.as_deref(), &label)
    }

    /// Makes room for the id of the next container: a client refuses to start where there is a file already. The user's
    /// own is removed if it has the id of the `last` one.
    pub fn make_room(&self, last: Option<&str>) {
        if self.own_cidfile || last.is_some() && self.id().as_deref() == last {
            cid::remove(&self.cidfile);
        }
    }

    /// The id of the container that runs or ran last, if its client has written it.
    pub fn id(&self) -> Option<String> {
        match cid::read(&self.cidfile) {
            cid::Cid::Known(id) => Some(id),
            cid::Cid::Missing | cid::Cid::Empty | cid::Cid::Unreadable => None,
        }
    }

    /// Whether one of them could not be ended, or nobody could tell.
    pub fn is_left(&self) -> bool {
        !self.left.is_empty() || self.trouble.is_some()
    }

    /// What is left and why, in words.
    pub fn complaint(&self) -> String {
        let why = self.trouble.as_deref().unwrap_or("nobody knows why");
        match &self.left[..] {
            [] => format!("there may be a container of it: {why}"),
            [id] => format!("its container {} is still there: {why}", short(id)),
            ids => {
                let ids: Vec<&str> = ids.iter().map(|id| short(id)).collect();
                format!("its containers {} are still there: {why}", ids.join(" "))
            }
        }
    }

    /// What would end those that are left, to be typed.
    pub fn remedy(&self) -> String {
        if self.left.is_empty() {
            return self.engine.text(&["ps", "--all", "--filter", &format!("label={LABEL}={}", self.label)]);
        }
        let verb: &[&str] = if self.removed { &["rm", "--force"] } else { &["stop"] };
        let ids = self.left.iter().map(String::as_str);
        self.engine.text(&verb.iter().copied().chain(ids).collect::<Vec<_>>())
    }
}

/// How long the end of a container may take.
pub fn takes_at_most(grace: Duration) -> Duration {
    2 * (grace + budget::ENGINE)
}

/// An id as engines show it.
pub fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// The label by which a container is found whose id nobody has written down.
const LABEL: &str = "mcp-hook.server";
