//! What is done about the port of a server that ends before it listens there: pure decisions.

use super::instance::EndedInstance;
use super::restart_policy::Order;
use crate::port::owner::PortOwner;
use crate::port::probe::listener_on;
use crate::server::end::Reason;
use crate::server::record::Mode;
use crate::server::settings::PortChoice;
use crate::sys::listeners::Listener;
use crate::sys::socket::CAN_BE_SHARED;
use crate::sys::wait::Exit;

/// How often in a row another port is taken before that is given up.
const MOST: usize = 5;

/// What is known of a server and its port over its runs.
#[derive(Clone, Debug)]
pub struct PortPolicy {
    sharing: Sharing,
    /// The ports that others have taken from it.
    lost: Vec<u16>,
    /// How many of them since the server was ready last.
    moves: usize,
    /// Who was seen to listen there when the server did not, and had to end for it.
    seen: Option<Listener>,
    may_start_again: bool,
    may_move: bool,
}

/// Whether a server can have a port while we hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    /// It has not listened yet.
    Unknown,
    /// It can: it sets `SO_REUSEADDR`.
    Shared,
    /// It is tried whether it can have it alone.
    Trial,
    /// It has it alone.
    Alone,
}

/// What is done about the port of a server that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortAction {
    /// Nothing: the port is not the reason.
    None,
    /// The server is started once more, with the port let go. That does not count as a restart.
    LetGo,
    /// It is started once more, with another port.
    Move,
    /// It is not started again: clients may have talked to somebody else already.
    GiveUp,
}

/// What is seen on the port after a server has ended before it listened.
#[derive(Clone, Debug)]
pub struct PortSight {
    /// Who else listens there, or has just listened.
    pub taken_by: Option<PortOwner>,
    /// Whether that is another user.
    is_foreign: bool,
    /// Nobody else has the port.
    is_ours: bool,
}

impl PortPolicy {
    pub fn new(choice: Option<PortChoice>, mode: Mode) -> Self {
        Self {
            sharing: Sharing::Unknown,
            lost: Vec::new(),
            moves: 0,
            seen: None,
            // The streams of `run` were the client's, and are gone with the server that had them.
            may_start_again: mode == Mode::Start,
            may_move: !matches!(choice, Some(PortChoice::Fixed(_)) | None),
        }
    }

    /// Whether the server cannot have the port while we hold it.
    pub fn needs_it_alone(&self) -> bool {
        !CAN_BE_SHARED || matches!(self.sharing, Sharing::Trial | Sharing::Alone)
    }

    /// The ports that others have taken from the server.
    pub fn lost(&self) -> &[u16] {
        &self.lost
    }

    /// Takes in that somebody else listens on the port, for which the server has to end.
    pub fn blame(&mut self, stranger: Listener) {
        self.seen = Some(stranger);
    }

    /// Takes in that the server listens on its port.
    pub fn confirm(&mut self) {
        self.sharing = match self.sharing {
            Sharing::Unknown | Sharing::Shared => Sharing::Shared,
            Sharing::Trial | Sharing::Alone => Sharing::Alone,
        };
        self.moves = 0;
    }

    /// Looks who has the port of a server that has ended, if that may be the reason: not for one that has listened, never
    /// got as far as to try, or was to end. `is_ours` if nobody else has it now.
    pub fn look(&mut self, number: u16, is_ours: bool, ended: &EndedInstance) -> Option<PortSight> {
        let seen = self.seen.take();
        let end = &ended.end;
        let has_listened = ended.ready_for.is_some() || !ended.is_launched;
        let has_failed = matches!(end.exit, Some(Exit::Code(code)) if !matches!(code, 0 | 125..=127));
        let listener = match end.reason {
            _ if ended.order != Order::Decide => return None,
            // Whoever it was may have gone meanwhile.
            Reason::PortTaken => seen.filter(|seen| !seen.is_ours()).or_else(|| listener_on(number)).or(seen),
            Reason::Exited if !has_listened && has_failed => listener_on(number),
            _ => return None,
        };
        let is_taken = listener.is_some() || end.reason == Reason::PortTaken;
        let owner = listener.map_or(PortOwner::Unseen, |listener| PortOwner::of(&listener));
        Some(PortSight {
            taken_by: if is_taken { Some(owner) } else { None },
            is_foreign: listener.is_some_and(|listener| !listener.is_ours()),
            is_ours,
        })
    }

    /// Decides what is done, and remembers it. `number` is the port.
    pub fn decide(&mut self, number: u16, sight: &PortSight) -> PortAction {
        match self.wanted(sight) {
            PortAction::LetGo if self.may_start_again => {
                self.sharing = Sharing::Trial;
                PortAction::LetGo
            }
            PortAction::Move if self.may_start_again && self.may_move && self.moves < MOST => {
                self.lost.push(number);
                self.moves += 1;
                self.sharing = Sharing::Unknown;
                PortAction::Move
            }
            PortAction::Move | PortAction::GiveUp if sight.taken_by.is_some() => PortAction::GiveUp,
            _ => {
                self.sharing = Sharing::Unknown;
                PortAction::None
            }
        }
    }

    fn wanted(&self, sight: &PortSight) -> PortAction {
        match self.sharing {
            _ if sight.is_foreign => PortAction::GiveUp,
            _ if sight.taken_by.is_some() => PortAction::Move,
            Sharing::Unknown => PortAction::LetGo,
            Sharing::Trial | Sharing::Alone if !sight.is_ours => PortAction::Move,
            Sharing::Shared | Sharing::Trial | Sharing::Alone => PortAction::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(sharing: Sharing, choice: PortChoice, mode: Mode) -> PortPolicy {
        PortPolicy { sharing, ..PortPolicy::new(Some(choice), mode) }
    }

    fn sight(is_taken: bool, is_ours: bool) -> PortSight {
        PortSight { taken_by: if is_taken { Some(PortOwner::Unseen) } else { None }, is_foreign: false, is_ours }
    }

    #[test]
    fn a_server_that_ends_before_it_listens_gets_the_port_alone_and_then_another_one() {
        let foreign = PortSight { is_foreign: true, ..sight(true, true) };
        for (sharing, sight, expected) in [
            (Sharing::Unknown, sight(true, true), PortAction::Move),
            (Sharing::Unknown, sight(false, true), PortAction::LetGo),
            (Sharing::Trial, sight(true, false), PortAction::Move),
            (Sharing::Trial, sight(false, false), PortAction::Move),
            (Sharing::Trial, sight(false, true), PortAction::None),
            (Sharing::Alone, sight(false, true), PortAction::None),
            (Sharing::Alone, sight(false, false), PortAction::Move),
            (Sharing::Shared, sight(false, true), PortAction::None),
            (Sharing::Shared, sight(true, true), PortAction::Move),
            (Sharing::Shared, foreign.clone(), PortAction::GiveUp),
            (Sharing::Unknown, foreign.clone(), PortAction::GiveUp),
            (Sharing::Alone, PortSight { is_ours: false, ..foreign }, PortAction::GiveUp),
        ] {
            let decided = policy(sharing, PortChoice::Auto, Mode::Start).decide(1, &sight);
            assert_eq!(decided, expected, "{sharing:?} {sight:?}");
        }
    }

    #[test]
    fn a_port_that_must_stay_is_given_up_and_so_is_the_server_of_a_client() {
        let (fixed, auto) = (PortChoice::Fixed(1), PortChoice::Auto);
        for (choice, mode, sight, expected) in [
            (fixed, Mode::Start, sight(true, true), PortAction::GiveUp),
            (fixed, Mode::Start, sight(false, true), PortAction::LetGo),
            (auto, Mode::Run, sight(true, true), PortAction::GiveUp),
            (auto, Mode::Run, sight(false, true), PortAction::None),
        ] {
            let decided = policy(Sharing::Unknown, choice, mode).decide(1, &sight);
            assert_eq!(decided, expected, "{choice:?} {mode:?} {sight:?}");
        }
    }

    #[test]
    fn the_sixth_move_in_a_row_is_not_made() {
        let mut policy = policy(Sharing::Unknown, PortChoice::Auto, Mode::Start);
        let moves: Vec<PortAction> = (1..=6).map(|number| policy.decide(number, &sight(true, true))).collect();
        assert_eq!(moves[..MOST], [PortAction::Move; MOST]);
        assert_eq!(moves[MOST], PortAction::GiveUp);
        assert_eq!(policy.lost, [1, 2, 3, 4, 5]);
        policy.confirm();
        assert_eq!(policy.decide(6, &sight(true, true)), PortAction::Move, "it was ready meanwhile");
    }
}
