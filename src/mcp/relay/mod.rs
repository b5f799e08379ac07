//! What stands between a client and its server: decides which message goes where while the server lives, what is answered
//! in its place when it ends, and what its successor has to be told. No input, no output, no clock.

mod answered;
mod batch;
mod dialogue;
mod differences;
mod from_client;
mod from_server;
mod held;
mod lives;
mod queue;
mod reply;
mod subscriptions;
mod tool_count;

use std::time::{Duration, Instant};

use self::answered::Answered;
use self::dialogue::Dialogue;
use self::held::Held;
use self::queue::Queue;
pub use self::reply::{Death, Exit};
use self::subscriptions::Told;
use super::message::Raw;

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Bytes for the client.
    ToClient(Vec<u8>),
    /// Bytes of the client for the server.
    ToServer(Vec<u8>),
    /// Bytes for this server only, and not for its successor: what its predecessor has had already, or a part of a message
    /// that is too long to be kept.
    ToThisServer(Vec<u8>),
    /// A line of the server that is no message: for the log and the client's standard error.
    Stray(Vec<u8>),
    /// The client waits for a server: start one.
    Start,
    /// This life of the server is of no use, for this reason: end it.
    Fail(String),
    /// The server is not quite what its predecessor was, in words.
    Differs(String),
    /// A request was answered, or will not be.
    Done(Call),
}

/// A request of the client that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub method: String,
    /// None if no server had it.
    pub took: Option<Duration>,
    pub is_error: bool,
}

/// What follows the end of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The successor is started, now or after a pause.
    Now,
    /// It is started with the client's next request.
    OnRequest,
    /// None, for this reason, until somebody asks for it.
    None(String),
}

/// A connection of one client to the lives of one server.
#[derive(Debug)]
pub struct Relay {
    server: String,
    /// Whether answers stay as they are, so that nothing may be said of changed lists.
    is_exact: bool,
    life: Life,
    /// How many lives came before this one.
    ended: u32,
    dialogue: Dialogue,
    open: Vec<Open>,
    /// The requests that were answered last: a second answer to one of them is nobody's.
    answered: Answered,
    asked: Vec<Asked>,
    /// How many requests of servers were given another id.
    renamed: u64,
    queue: Queue,
    from_client: Passing,
    from_server: Passing,
    /// Whether this life has an array with more requests than are remembered.
    has_unknown: bool,
}

/// How far the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Life {
    /// There is none until the client's next request.
    Resting,
    /// One is being started.
    Starting,
    /// It has been told what its predecessor was, and has not answered. What it says meanwhile is held.
    Replaying(Held),
    /// It is spoken to.
    Up,
    /// There is none, for this reason.
    Out(String),
}

/// Where a message goes that passes as it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Passing {
    #[default]
    Nothing,
    /// To the other side.
    Through,
    /// Nowhere: its end is waited for, to answer it.
    Away,
}

/// A request that the server has, and has not answered.
#[derive(Debug)]
struct Open {
    id: Raw,
    method: String,
    since: Instant,
    /// The client no longer wants the answer.
    is_cancelled: bool,
}

/// A request of a server that the client has not answered.
#[derive(Debug)]
struct Asked {
    /// Its id as the server gave it.
    id: Raw,
    /// Its id as the client knows it: another one where a dead life's is still open.
    shown: Raw,
    progress: Option<Raw>,
    state: Asking,
}

/// What became of a request of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    /// The server waits for its answer.
    Awaited,
    /// It no longer does, and most clients give none then.
    TakenBack,
    /// The server is dead that waited for it.
    Stale,
}

/// How many requests are remembered that nobody waits for.
const MOST_GONE: usize = 1024;

/// Forgets the oldest of those that nobody waits for, if they are too many.
fn forget_oldest<T>(all: &mut Vec<T>, is_gone: impl Fn(&T) -> bool) {
    if all.iter().filter(|one| is_gone(one)).count() > MOST_GONE
        && let Some(place) = all.iter().position(is_gone)
    {
        all.remove(place);
    }
}

impl Relay {
    /// The relay of a server that has just been started for the first time.
    pub fn new(server: String, is_exact: bool) -> Self {
        Self {
            server,
            is_exact,
            life: Life::Up,
            ended: 0,
            dialogue: Dialogue::default(),
            open: Vec::new(),
            answered: Answered::default(),
            asked: Vec::new(),
            renamed: 0,
            queue: Queue::default(),
            from_client: Passing::Nothing,
            from_server: Passing::Nothing,
            has_unknown: false,
        }
    }

    /// Whether the server has ever answered: before, its early death is the launcher's business.
    pub fn has_answered(&self) -> bool {
        self.dialogue.has_answered
    }

    /// How many requests of the client have no answer yet, and since when the oldest waits. Subscriptions do not count.
    pub fn open(&self) -> (usize, Option<Instant>) {
        let waits = |open: &&Open| !open.is_cancelled && open.method != "subscriptions/listen";
        let open = self.open.iter().filter(waits);
        let (queued, since) = self.queue.calls();
        (open.clone().count() + queued, open.map(|open| open.since).chain(since).min())
    }

    /// Whether nothing is going on: the server may be ended until it is needed again.
    pub fn is_idle(&self) -> bool {
        self.life == Life::Up
            && self.open.iter().all(|open| open.is_cancelled)
            && self.asked.iter().all(|asked| asked.state != Asking::Awaited)
            && !self.dialogue.has_subscriptions()
            && self.from_client == Passing::Nothing
            && self.from_server == Passing::Nothing
    }

    /// Whether a successor has not answered yet what it was told.
    pub fn is_replaying(&self) -> bool {
        matches!(self.life, Life::Replaying(_))
    }

    /// There is no server, and the next request starts one.
    pub fn rest(&mut self) {
        if matches!(self.life, Life::Out(_)) {
            self.life = Life::Resting;
        }
    }

    /// Somebody asked for the server while there was none, or its time to rest is over.
    pub fn revived(&mut self) {
        if matches!(self.life, Life::Out(_) | Life::Resting) {
            self.life = Life::Starting;
        }
    }
}

#[cfg(test)]
mod tests;
