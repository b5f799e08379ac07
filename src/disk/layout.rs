//! The names of all files, in one place.
//!
//! ```text
//! RUNTIME/pids/ID/session.json   RUNTIME/pids/ID/session.pid
//! RUNTIME/pids/ID/NAME.json      RUNTIME/pids/ID/NAME.lock      RUNTIME/pids/ID/NAME.pid
//! RUNTIME/configs/ID/            LOGS/ID/NAME.log               RUNTIME/ports/NUMBER.lock
//! LOGS/main.log                  LOGS/error.log
//! ```

use std::path::{Path, PathBuf};

use super::names::{ServerName, SessionId};

/// The root of one user's files. Made by `Root::open`, which checks it.
#[derive(Clone, Debug)]
pub struct Root {
    runtime: PathBuf,
    logs: PathBuf,
}

impl Root {
    /// A root that has not been checked.
    pub(super) fn new(runtime: PathBuf, logs: PathBuf) -> Self {
        Self { runtime, logs }
    }

    /// Where everything but the logs is.
    #[must_use]
    pub fn runtime(&self) -> &Path {
        &self.runtime
    }

    /// Where the logs of all sessions are.
    #[must_use]
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// The logs that all sessions share.
    #[must_use]
    pub fn central(&self) -> CentralLogs {
        CentralLogs::below(&self.logs)
    }

    /// The directory with one directory per session, named by its id.
    #[must_use]
    pub fn pids(&self) -> PathBuf {
        self.runtime.join("pids")
    }

    /// The directory with the config copies of all sessions.
    #[must_use]
    pub fn configs(&self) -> PathBuf {
        self.runtime.join("configs")
    }

    /// The directory with one lock file per port that a session has.
    #[must_use]
    pub fn ports(&self) -> PathBuf {
        self.runtime.join("ports")
    }

    /// Where the bounded clean-up of `open` goes on next time.
    #[must_use]
    pub fn cursor(&self) -> PathBuf {
        self.runtime.join("cleanup-cursor")
    }

    /// Written when the logs of ended sessions were looked through last.
    #[must_use]
    pub fn last_look(&self) -> PathBuf {
        self.logs.join(".last-look")
    }

    /// The files of one session.
    #[must_use]
    pub fn session(&self, id: &SessionId) -> SessionPaths {
        SessionPaths {
            pids: self.pids().join(id.as_str()),
            configs: self.configs().join(id.as_str()),
            logs: self.logs.join(id.as_str()),
            ports: self.ports(),
        }
    }
}

/// The files of one session.
#[derive(Clone, Debug)]
pub struct SessionPaths {
    /// `pids/ID`: records, locks and pid files.
    pub pids: PathBuf,
    /// `configs/ID`: `MCP_CONFIG_DIR`.
    pub configs: PathBuf,
    /// `logs/ID`: `MCP_LOG_DIR`, made once something is logged.
    pub logs: PathBuf,
    /// `ports`: the locks on the ports of all sessions.
    pub ports: PathBuf,
}

impl SessionPaths {
    /// The session's record.
    #[must_use]
    pub fn record(&self) -> PathBuf {
        self.pids.join("session.json")
    }

    /// The owner's pid, for people and scripts: `MCP_PID_FILE`.
    #[must_use]
    pub fn pid(&self) -> PathBuf {
        self.pids.join("session.pid")
    }

    /// The files of one server.
    #[must_use]
    pub fn server(&self, name: &ServerName) -> ServerPaths {
        let at = |suffix| self.pids.join(format!("{name}.{suffix}"));
        ServerPaths {
            record: at("json"),
            lock: at("lock"),
            pid: at("pid"),
            configs: self.configs.clone(),
            ports: self.ports.clone(),
            log: self.logs.join(format!("{name}.log")),
            central: CentralLogs::below(self.logs.parent().unwrap_or(&self.logs)),
        }
    }
}

/// A session's copy of the configuration of the server that is defined as `name`, in the session's `configs`. Servers
/// that run under `NAME.2` and so on share it.
#[must_use]
pub fn config_copy(configs: &Path, name: &ServerName) -> PathBuf {
    configs.join(format!("{name}-config.json"))
}

/// The files of one server.
#[derive(Clone, Debug)]
pub struct ServerPaths {
    /// The record, replaced by rename.
    pub record: PathBuf,
    /// Held for as long as somebody of ours answers for the tree.
    pub lock: PathBuf,
    /// The server's pid, for people and scripts.
    pub pid: PathBuf,
    /// The session's config copies.
    pub configs: PathBuf,
    /// The locks on the ports of all sessions.
    pub ports: PathBuf,
    /// What the server printed.
    pub log: PathBuf,
    /// The logs that all sessions share.
    pub central: CentralLogs,
}

/// The logs that all sessions share.
#[derive(Clone, Debug)]
pub struct CentralLogs {
    /// Everything that happened.
    pub main: PathBuf,
    /// The warnings and errors of it.
    pub errors: PathBuf,
    /// Held while one of both is put aside.
    pub lock: PathBuf,
}

impl CentralLogs {
    /// The logs of the directory in which those of the sessions are.
    fn below(logs: &Path) -> Self {
        Self { main: logs.join("main.log"), errors: logs.join("error.log"), lock: logs.join(".rotation.lock") }
    }
}
