//! The port of a server over its lives: held for it, let go for it, or exchanged for another one.

use super::restart_policy::Order;
use super::supervise::Supervisor;
use crate::log::central::Level;
use crate::port::owner::PortOwner;
use crate::port::probe::{ListenAddress, listener_on};
use crate::server::end::{End, Reason};
use crate::server::record::{Mode, ServerState};
use crate::server::settings::PortChoice;
use crate::sys::listeners::Listener;
use crate::sys::socket::CAN_BE_SHARED;
use crate::sys::wait::Exit;

/// How often in a row another port is taken before that is given up.
const MOST: usize = 5;

/// What is known of a server and its port.
#[derive(Clone, Debug, Default)]
pub struct History {
    sharing: Sharing,
    /// The ports that others have taken from it.
    lost: Vec<u16>,
    /// How many of them since the server was ready last.
    moves: usize,
    /// Who was seen to listen there when the server did not, and had to end for it.
    seen: Option<Listener>,
}

/// Whether a server can have a port while we hold it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sharing {
    /// It has not listened yet.
    #[default]
    Unknown,
    /// It can: it sets `SO_REUSEADDR`.
    Shared,
    /// It is tried whether it can have it alone.
    Trial,
    /// It has it alone.
    Alone,
}

/// What has become of a server that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mended {
    /// Nothing: the port is not the reason.
    NotNeeded,
    /// It is to be started again, which does not count as a restart.
    Again,
    /// It cannot be started; this is what a shell would report of it.
    Over(i32),
}

/// What is done about a server that has ended before it listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It is started once more, with the port let go.
    LetGo,
    /// It is started once more, with another port.
    Move,
    /// It is not started again: clients may have talked to somebody else already.
    GiveUp,
    /// The port is not the reason.
    None,
}

/// What is seen after a server has ended before it listened.
#[derive(Clone, Copy, Debug)]
struct Sight {
    /// Somebody else listens on its port.
    is_taken: bool,
    /// And that is another user.
    is_foreign: bool,
    /// Nobody else has the port.
    is_ours: bool,
}

fn step(sharing: Sharing, sight: Sight) -> Step {
    match sharing {
        _ if sight.is_foreign => Step::GiveUp,
        _ if sight.is_taken => Step::Move,
        Sharing::Unknown => Step::LetGo,
        Sharing::Trial | Sharing::Alone if !sight.is_ours => Step::Move,
        Sharing::Shared | Sharing::Trial | Sharing::Alone => Step::None,
    }
}

impl Supervisor {
    /// To be called before each start: the port is held, or let go where the server needs that.
    pub(super) fn prepare_port(&mut self) {
        let Some(lease) = &mut self.plan.lease else { return };
        if !CAN_BE_SHARED || matches!(self.port.sharing, Sharing::Trial | Sharing::Alone) {
            lease.let_go();
        } else {
            lease.share();
        }
    }

    /// To be called when a server begins to end: nobody else gets its port, whatever is still to come.
    pub(super) fn withhold_port(&mut self) {
        if let Some(lease) = &mut self.plan.lease {
            lease.hold();
        }
    }

    /// To be called when somebody else is seen to listen on the port, for which the server has to end.
    pub(super) fn blame(&mut self, stranger: Listener) {
        self.port.seen = Some(stranger);
    }

    /// To be called when the server is seen to listen on its port.
    pub(super) fn confirm_port(&mut self, reach: ListenAddress) {
        self.port.sharing = match self.port.sharing {
            Sharing::Unknown | Sharing::Shared => Sharing::Shared,
            Sharing::Trial | Sharing::Alone => Sharing::Alone,
        };
        self.port.moves = 0;
        let Some(port) = &mut self.plan.record.port else { return };
        let is_news = reach.public && (port.address, port.public) != (Some(reach.address), true);
        (port.address, port.public) = (Some(reach.address), reach.public);
        let number = port.number;
        if is_news {
            self.note(Level::Warn, &format!("warning: other machines can reach it on port {number}"));
        }
    }

    /// To be called after each end: sees to it, if the port is the reason, which it is not for one that `has_listened`
    /// or never got as far as to try.
    pub(super) fn mend_port(&mut self, end: &End, has_listened: bool, order: Order) -> Mended {
        let Some(lease) = &mut self.plan.lease else { return Mended::NotNeeded };
        let number = lease.number();
        // Before it is looked at who has it, so that nobody comes later.
        let is_ours = lease.hold();
        let seen = self.port.seen.take();
        let has_failed = matches!(end.exit, Some(Exit::Code(code)) if !matches!(code, 0 | 125..=127));
        let taken_by = match end.reason {
            _ if order != Order::Decide => return Mended::NotNeeded,
            // Whoever it was may have gone meanwhile.
            Reason::PortTaken => seen.filter(|seen| !seen.is_ours()).or_else(|| listener_on(number)).or(seen),
            Reason::Exited if !has_listened && has_failed => listener_on(number),
            _ => return Mended::NotNeeded,
        };
        let is_foreign = taken_by.is_some_and(|listener| !listener.is_ours());
        let is_taken = taken_by.is_some() || end.reason == Reason::PortTaken;
        let sight = Sight { is_taken, is_foreign, is_ours };
        let taken_by = is_taken.then(|| taken_by.map_or(PortOwner::Unseen, |listener| PortOwner::of(&listener)));
        // The streams of `run` were the client's, and are gone with the server that had them.
        let can_start_again = self.plan.record.mode == Mode::Start;
        match (step(self.port.sharing, sight), taken_by) {
            (Step::LetGo, _) if can_start_again => {
                self.port.sharing = Sharing::Trial;
                self.note_end(end, Level::Warn);
                self.note(Level::Info, "trying once more with the port let go, in case that it does not share it");
                Mended::Again
            }
            (Step::Move, by) if can_start_again && self.may_move() => self.move_on(number, by.as_ref(), end),
            (Step::Move | Step::GiveUp, Some(by)) => self.give_up_port(number, &by, end),
            _ => {
                self.port.sharing = Sharing::Unknown;
                Mended::NotNeeded
            }
        }
    }

    fn may_move(&self) -> bool {
        let choice = self.plan.record.settings.port.as_ref().map(|wish| wish.number);
        self.port.moves < MOST && !matches!(choice, Some(PortChoice::Fixed(_)) | None)
    }

    fn move_on(&mut self, number: u16, by: Option<&PortOwner>, end: &End) -> Mended {
        let choice = self.plan.record.settings.port.as_ref().map_or(PortChoice::Auto, |wish| wish.number);
        self.port.lost.push(number);
        self.port.moves += 1;
        self.port.sharing = Sharing::Unknown;
        self.note_end(end, Level::Warn);
        let Some(lease) = self.plan.lease.take() else { return Mended::NotNeeded };
        match lease.exchange(choice, &self.port.lost) {
            Ok(lease) => {
                let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
                let text = format!("warning: port {number} was taken{by}; moving to port {}", lease.number());
                self.note(Level::Warn, &text);
                self.plan.give(lease);
                Mended::Again
            }
            Err(error) => self.fail(format!("{error:#}"), end),
        }
    }

    fn give_up_port(&mut self, number: u16, by: &PortOwner, end: &End) -> Mended {
        self.note_end(end, Level::Warn);
        self.fail(format!("port {number} was taken by {by} before it listened there"), end)
    }

    fn fail(&mut self, cause: String, end: &End) -> Mended {
        self.note(Level::Error, &cause);
        if let Some(client) = &mut self.client_error {
            client.say(&format!("could not run {}: {cause}", self.plan.record.name));
        }
        self.plan.record.last_end = Some(end.clone());
        self.record(ServerState::Failed { cause, code: 1 });
        Mended::Over(1)
    }

    /// Gives the port back once the server is over.
    pub(super) fn give_port_back(&mut self) {
        if let Some(lease) = self.plan.lease.take() {
            lease.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_ends_before_it_listens_gets_the_port_alone_and_then_another_one() {
        let sight = |is_taken, is_ours| Sight { is_taken, is_foreign: false, is_ours };
        let foreign = Sight { is_foreign: true, ..sight(true, true) };
        for (sharing, sight, expected) in [
            (Sharing::Unknown, sight(true, true), Step::Move),
            (Sharing::Unknown, sight(false, true), Step::LetGo),
            (Sharing::Trial, sight(true, false), Step::Move),
            (Sharing::Trial, sight(false, false), Step::Move),
            (Sharing::Trial, sight(false, true), Step::None),
            (Sharing::Alone, sight(false, true), Step::None),
            (Sharing::Alone, sight(false, false), Step::Move),
            (Sharing::Shared, sight(false, true), Step::None),
            (Sharing::Shared, sight(true, true), Step::Move),
            (Sharing::Shared, foreign, Step::GiveUp),
            (Sharing::Unknown, foreign, Step::GiveUp),
            (Sharing::Alone, Sight { is_ours: false, ..foreign }, Step::GiveUp),
        ] {
            assert_eq!(step(sharing, sight), expected, "{sharing:?} {sight:?}");
        }
    }
}
