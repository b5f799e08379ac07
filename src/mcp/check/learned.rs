//! What a conversation tells of a server.

use std::time::Duration;

use super::answer::Introduction;
use super::lists::Counts;
use crate::units::time::millis;

/// What was learned of the server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    pub introduction: Option<Introduction>,
    /// Of its lists, as far as they were read.
    pub counts: Option<Counts>,
    /// Until the first good answer, and from there until the last list.
    pub handshake: Option<Duration>,
    pub list: Option<Duration>,
}

impl Learned {
    /// Milliseconds of a stage, as JSON has them.
    pub fn millis(time: Option<Duration>) -> Option<u64> {
        time.map(millis)
    }
}
