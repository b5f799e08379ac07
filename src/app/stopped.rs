//! What became of a server that was asked to end.

use crate::disk::file_at::FileAt;
use crate::server::end::End;
use crate::server::record::{ServerRecord, ServerState};
use crate::server::settings::Settings;
use crate::supervisor::stop_error::StopError;
use crate::sys::wait::Exit;

/// What the end of a server was.
pub enum Stopped {
    /// It had ended before.
    NotRunning,
    /// It had ended before, but for its container, which an engine had kept.
    Container,
    /// It had ended before and was about to be started again.
    BeforeRestart { last: Option<Exit> },
    /// Its tree has ended.
    Ended { end: Box<End>, settings: Box<Settings> },
    /// It has ended, and how is not recorded.
    Untold,
    /// It has ended. Its record could not be read.
    Unreadable,
}

/// Why a server could not be ended.
#[derive(Debug, thiserror::Error)]
pub enum Unstopped {
    #[error("there is no server of this name in this session")]
    NoSuchServer,
    #[error("{error}")]
    Left { error: StopError, record: FileAt },
    #[error(transparent)]
    Unreadable(anyhow::Error),
}

impl Stopped {
    /// What the record of a server that has ended tells, compared with the one it had when it was asked.
    pub fn of(before: &ServerRecord, ended: ServerRecord) -> Self {
        if before.state.is_final() {
            return Self::Container;
        }
        let (ServerState::Ended(end) | ServerState::Idle { end, .. }) = ended.state else { return Self::Untold };
        if matches!(before.state, ServerState::Waiting { .. } | ServerState::Idle { .. })
            && ended.restarts == before.restarts
        {
            return Self::BeforeRestart { last: end.exit };
        }
        Self::Ended { end: Box::new(end), settings: Box::new(ended.settings) }
    }
}
