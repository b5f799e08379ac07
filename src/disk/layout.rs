//! The names of all files, in one place.
//!
//! ```text
//! RUNTIME/pids/ID/session.json   RUNTIME/pids/ID/session.pid
//! RUNTIME/pids/ID/NAME.json      RUNTIME/pids/ID/NAME.lock      RUNTIME/pids/ID/NAME.pid
//! RUNTIME/configs/ID/            LOGS/ID/NAME.log               RUNTIME/ports/NUMBER.lock
//! LOGS/main.log                  LOGS/error.log                 RUNTIME/launchers/NAME.lock
//! ```

use std::path::PathBuf;

use super::directory::Directory;
use super::file_at::FileAt;
use super::names::{ServerName, SessionId};

/// The name of the file that says that a directory is a root.
pub const MARKER: &str = ".mcp-hook-root";

/// The root of one user's files. Made by `Root::open`, which checks it.
#[derive(Clone, Debug)]
pub struct Root {
    runtime: Directory,
    logs: Directory,
    pids: Directory,
    configs: Directory,
    ports: Directory,
    launchers: Directory,
}

impl Root {
    /// A root that has not been checked. The logs are below it, or at a place of their own.
    pub(super) fn new(runtime: PathBuf, logs: Option<PathBuf>) -> Self {
        let runtime = Directory::at(runtime);
        let logs = logs.filter(|logs| *logs != runtime.path().join("logs"));
        let logs = logs.map_or_else(|| runtime.below("logs"), Directory::at);
        let [pids, configs, ports, launchers] =
            ["pids", "configs", "ports", "launchers"].map(|name| runtime.below(name));
        Self { runtime, logs, pids, configs, ports, launchers }
    }

    /// Where everything but the logs is.
    pub fn runtime(&self) -> &Directory {
        &self.runtime
    }

    /// Where the logs of all sessions are.
    pub fn logs(&self) -> &Directory {
        &self.logs
    }

    pub fn central(&self) -> CentralLogs {
        CentralLogs::below(&self.logs)
    }

    /// The directory with one directory per session, named by its id.
    pub fn pids(&self) -> &Directory {
        &self.pids
    }

    /// The directory with the config copies of all sessions.
    pub fn configs(&self) -> &Directory {
        &self.configs
    }

    /// The directory with one lock file per port that a session has.
    pub fn ports(&self) -> &Directory {
        &self.ports
    }

    /// Says that the directory is ours.
    pub fn marker(&self) -> FileAt {
        self.runtime.file(MARKER)
    }

    /// The directory with one lock file per launcher and cache by which a server is being started.
    pub fn launchers(&self) -> &Directory {
        &self.launchers
    }

    /// Where the bounded clean-up of `open` goes on next time.
    pub fn cursor(&self) -> FileAt {
        self.runtime.file("cleanup-cursor")
    }

    /// Written when the logs of ended sessions were looked through last.
    pub fn last_look(&self) -> FileAt {
        self.logs.file(".last-look")
    }

    pub fn session(&self, id: &SessionId) -> SessionPaths {
        SessionPaths {
            pids: self.pids.inner(id.as_str()),
            configs: self.configs.inner(id.as_str()),
            logs: self.logs.inner(id.as_str()),
            ports: self.ports.clone(),
            launchers: self.launchers.clone(),
            central: self.central(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct SessionPaths {
    /// `pids/ID`: records, locks and pid files.
    pub pids: Directory,
    /// `configs/ID`: `MCP_CONFIG_DIR`.
    pub configs: Directory,
    /// `logs/ID`: `MCP_LOG_DIR`, made once something is logged.
    pub logs: Directory,
    /// `ports`: the locks on the ports of all sessions.
    pub ports: Directory,
    /// `launchers`: the locks on what starts servers in all sessions.
    pub launchers: Directory,
    central: CentralLogs,
}

impl SessionPaths {
    /// The files of the only session there is in a directory.
    #[cfg(test)]
    pub fn alone_in(directory: PathBuf) -> Self {
        let directory = Directory::at(directory);
        let [pids, configs, logs, ports, launchers] =
            ["pids", "configs", "logs", "ports", "launchers"].map(|name| directory.below(name));
        let central = CentralLogs::below(&logs);
        Self { pids, configs, logs, ports, launchers, central }
    }

    pub fn record(&self) -> FileAt {
        self.pids.file("session.json")
    }

    /// The owner's pid, for people and scripts: `MCP_PID_FILE`.
    pub fn pid(&self) -> FileAt {
        self.pids.file("session.pid")
    }

    /// Closes the descriptors: whoever looks at a thousand sessions must not keep those of all open.
    pub fn release(&self) {
        [&self.pids, &self.configs, &self.logs].into_iter().for_each(Directory::release);
    }

    pub fn server(&self, name: &ServerName) -> ServerPaths {
        let at = |suffix| self.pids.file(format!("{name}.{suffix}"));
        ServerPaths {
            record: at("json"),
            lock: at("lock"),
            pid: at("pid"),
            cidfile: at("cid"),
            configs: self.configs.clone(),
            ports: self.ports.clone(),
            launchers: self.launchers.clone(),
            log: self.logs.file(format!("{name}.log")),
            central: self.central.clone(),
        }
    }
}

/// A session's copy of the configuration of the server that is defined as `name`, in the session's `configs`. Servers
/// that run under `NAME.2` and so on share it.
pub fn config_copy(configs: &Directory, name: &ServerName) -> FileAt {
    configs.file(format!("{name}-config.json"))
}

#[derive(Clone, Debug)]
pub struct ServerPaths {
    /// The record, replaced by rename.
    pub record: FileAt,
    /// Held for as long as somebody of ours answers for the tree.
    pub lock: FileAt,
    /// The server's pid, for people and scripts.
    pub pid: FileAt,
    /// Where the client of its container writes the container's id.
    pub cidfile: FileAt,
    pub configs: Directory,
    /// The locks on the ports of all sessions.
    pub ports: Directory,
    /// The locks on what starts servers in all sessions.
    pub launchers: Directory,
    pub log: FileAt,
    pub central: CentralLogs,
}

#[derive(Clone, Debug)]
pub struct CentralLogs {
    /// Everything that happened.
    pub main: FileAt,
    /// The warnings and errors of it.
    pub errors: FileAt,
    /// Held while one of both is put aside.
    pub lock: FileAt,
}

impl ServerPaths {
    /// The directory with the records of the session.
    pub fn pids(&self) -> &Directory {
        &self.record.directory
    }
}

impl CentralLogs {
    /// The logs of the directory in which those of the sessions are.
    fn below(logs: &Directory) -> Self {
        Self { main: logs.file("main.log"), errors: logs.file("error.log"), lock: logs.file(".rotation.lock") }
    }
}
