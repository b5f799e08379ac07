//! How a conversation begins, and how it is over.

/// Whether a life of the server begins with `server/discover`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    Discover,
    /// A server that ends on `server/discover` gets a second life without.
    Initialize,
}

/// How a conversation is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It answers; there may be findings all the same.
    Answers,
    /// One of the findings says why it does not.
    Fails,
    /// It is to be started anew, and asked by `initialize`.
    Again,
}
