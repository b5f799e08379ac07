//! What a look at a running server asks its supervisor to do.

use crate::port::probe::ListenAddress;
use crate::server::end::Reason;
use crate::server::health::Health;
use crate::server::history::Sample;
use crate::sys::listeners::Listener;

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Others may be started by the same launcher from now on.
    EndTurn,
    /// To be said to those who wait for the server.
    Tell(String),
    Warn(String),
    /// It listens on its port.
    ConfirmPort(ListenAddress),
    /// Somebody else does.
    BlamePort(Listener),
    /// The record has changed.
    WriteRecord,
    /// It counts as started.
    BecomeReady,
    AddSample(Sample),
    /// It was asked whether it answers, and something has changed.
    NoteHealth(Health),
    /// Nothing of what it took to start is needed from here on.
    TrimMemory,
    Stop(Reason),
}
