//! What is to be done with a session: decided without touching anything.

/// What is known of a session before anything is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// What has become of its owner.
    pub owner: OwnerFact,
    /// Whether somebody of ours still answers for one of its servers.
    pub is_busy: bool,
    /// Whether there is a server that has not ended and for which nobody answers.
    pub has_lost: bool,
}

/// What is known of a session's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerFact {
    /// It lives.
    Alive,
    /// It has ended.
    Gone,
    /// It is on another machine or in another container, or nobody can tell.
    Elsewhere,
    /// There is no record yet: the session is being made.
    Unborn,
    /// There is no record, and nothing of ours: the directory is somebody else's.
    Foreign,
    /// There has been no readable record for a while.
    Unreadable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Leave,
    /// Remind its servers' watchers that it is over: somebody may have stopped them.
    Remind,
    /// End the servers for which nobody answers; the session lives.
    EndLost,
    /// End what is left of it and remove its files.
    Remove,
}

/// Decides, without touching anything.
pub fn decide(facts: SessionFacts) -> Decision {
    match facts.owner {
        OwnerFact::Elsewhere | OwnerFact::Unborn | OwnerFact::Foreign => Decision::Leave,
        OwnerFact::Alive if facts.has_lost => Decision::EndLost,
        OwnerFact::Alive => Decision::Leave,
        OwnerFact::Gone | OwnerFact::Unreadable if facts.is_busy && facts.has_lost => Decision::EndLost,
        OwnerFact::Gone if facts.is_busy => Decision::Remind,
        OwnerFact::Unreadable if facts.is_busy => Decision::Leave,
        OwnerFact::Gone | OwnerFact::Unreadable => Decision::Remove,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_with_a_session_follows_from_its_owner_and_its_servers() {
        use Decision::{EndLost, Leave, Remind, Remove};
        use OwnerFact::{Alive, Elsewhere, Foreign, Gone, Unborn, Unreadable};
        for (owner, is_busy, has_lost, decision) in [
            (Alive, false, false, Leave),
            (Alive, true, false, Leave),
            (Alive, true, true, EndLost),
            (Alive, false, true, EndLost),
            (Gone, false, false, Remove),
            (Gone, true, false, Remind),
            (Gone, true, true, EndLost),
            (Gone, false, true, Remove),
            (Unreadable, false, false, Remove),
            (Unreadable, true, false, Leave),
            (Unborn, false, false, Leave),
            (Foreign, false, false, Leave),
            (Elsewhere, false, true, Leave),
        ] {
            assert_eq!(decide(SessionFacts { owner, is_busy, has_lost }), decision, "{owner:?} {is_busy} {has_lost}");
        }
    }
}
