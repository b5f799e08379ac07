//! What is to be done with a session: decided without touching anything.

/// What is known of a session before anything is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
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

/// What is to be done with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Leave,
    /// Remind its servers' watchers that it is over: somebody may have stopped them.
    Remind,
    /// End the servers for which nobody answers; the session lives.
    Sweep,
    /// End what is left of it and remove its files.
    Retire,
}

/// Decides, without touching anything.
pub fn judge(facts: Facts) -> Verdict {
    match facts.owner {
        OwnerFact::Elsewhere | OwnerFact::Unborn | OwnerFact::Foreign => Verdict::Leave,
        OwnerFact::Alive if facts.has_lost => Verdict::Sweep,
        OwnerFact::Alive => Verdict::Leave,
        OwnerFact::Gone | OwnerFact::Unreadable if facts.is_busy && facts.has_lost => Verdict::Sweep,
        OwnerFact::Gone if facts.is_busy => Verdict::Remind,
        OwnerFact::Unreadable if facts.is_busy => Verdict::Leave,
        OwnerFact::Gone | OwnerFact::Unreadable => Verdict::Retire,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_with_a_session_follows_from_its_owner_and_its_servers() {
        use OwnerFact::{Alive, Elsewhere, Foreign, Gone, Unborn, Unreadable};
        use Verdict::{Leave, Remind, Retire, Sweep};
        for (owner, is_busy, has_lost, verdict) in [
            (Alive, false, false, Leave),
            (Alive, true, false, Leave),
            (Alive, true, true, Sweep),
            (Alive, false, true, Sweep),
            (Gone, false, false, Retire),
            (Gone, true, false, Remind),
            (Gone, true, true, Sweep),
            (Gone, false, true, Retire),
            (Unreadable, false, false, Retire),
            (Unreadable, true, false, Leave),
            (Unborn, false, false, Leave),
            (Foreign, false, false, Leave),
            (Elsewhere, false, true, Leave),
        ] {
            assert_eq!(judge(Facts { owner, is_busy, has_lost }), verdict, "{owner:?} {is_busy} {has_lost}");
        }
    }
}
