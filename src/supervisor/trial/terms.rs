//! How a copy of a server is checked.

use std::time::Duration;

/// What a copy of a server is started under.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// For its first answer.
    pub limit: Duration,
    /// Whether no other server is started meanwhile.
    pub is_alone: bool,
}
