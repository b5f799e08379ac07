//! Asking an engine for something, by the same client with the same options and variables that its container was
//! started with.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, killpg};
use serde::{Deserialize, Serialize};

use crate::context;
use crate::sys::handle::ProcessHandle;
use crate::sys::wait::{self, Exit};
use crate::sys::{Pid, fd, spawn};
use crate::terminate::orphans;

/// An engine, as its client is told which one is meant. Holds no secrets: it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    pub program: PathBuf,
    /// Options in front of its command.
    pub options: Vec<String>,
    /// The variables among [`VARIABLES`] that were set.
    pub environment: BTreeMap<String, String>,
    /// Where relative paths begin.
    pub directory: PathBuf,
}

/// The variables that say which engine is meant and how it is reached.
pub const VARIABLES: [&str; 22] = [
    "CONTAINERD_ADDRESS",
    "CONTAINERD_NAMESPACE",
    "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF",
    "CONTAINER_CONNECTION",
    "CONTAINER_HOST",
    "CONTAINER_SSHKEY",
    "DOCKER_API_VERSION",
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "HOME",
    "NERDCTL_TOML",
    "SSH_AUTH_SOCK",
    "STORAGE_DRIVER",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "_CONTAINERS_USERNS_CONFIGURED",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done; what it printed.
    Yes(String),
    /// No; why not, in a line.
    No(String),
    /// Nothing in time.
    Silence,
}

/// A question that was asked: a child of ours.
pub struct Call {
    pid: Pid,
    stdout: File,
    stderr: File,
}

impl Engine {
    /// Asks; does not wait for the answer.
    pub fn ask(&self, words: &[&str]) -> io::Result<Call> {
        let directory = if self.directory.is_dir() { &self.directory } else { Path::new("/") };
        let mut command = Command::new(&self.program);
        command.args(&self.options).args(words).current_dir(directory).stdin(Stdio::null());
        for name in VARIABLES {
            match self.environment.get(name) {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let (stdout, writer) = fd::pipe()?;
        command.stdout(writer);
        let (stderr, writer) = fd::pipe()?;
        command.stderr(writer);
        let child = spawn::spawn(&mut command, SigSet::empty())?;
        for pipe in [&stdout, &stderr] {
            fd::make_nonblocking(pipe)?;
        }
        Ok(Call { pid: Pid::from_raw(child.id().cast_signed()), stdout, stderr })
    }

    /// The command that asks it, to be typed.
    pub fn text(&self, words: &[&str]) -> String {
        let is_shown = |name: &str| name.starts_with("DOCKER_") || name.starts_with("CONTAINER");
        let variables = self.environment.iter().filter(|(name, _)| is_shown(name));
        let variables = variables.map(|(name, value)| format!("{name}={}", quoted(value)));
        let program = quoted(&self.program.to_string_lossy());
        let words = self.options.iter().map(String::as_str).chain(words.iter().copied()).map(quoted);
        variables.chain([program]).chain(words).collect::<Vec<_>>().join(" ")
    }

    pub fn name(&self) -> String {
        self.program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Call {
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits for the answer until `limit`. `pause` waits for a child to end, not longer than it is told to.
    pub fn answer(mut self, limit: Instant, pause: &mut dyn FnMut(Pid, Duration)) -> Answer {
        loop {
            if let Some(exit) = wait::collect_one(self.pid) {
                return self.read(exit);
            }
            if !wait::is_child(self.pid) {
                return Answer::No("somebody else collected its client".to_owned());
            }
            let left = limit.saturating_duration_since(context::now());
            if left.is_zero() {
                self.abandon();
                return Answer::Silence;
            }
            pause(self.pid, left);
        }
    }

    /// Does not wait for the answer any more.
    pub fn abandon(&self) {
        // Until it has been collected, its number is that of its group.
        if wait::is_child(self.pid) {
            let _ = killpg(self.pid, Signal::SIGKILL);
        }
    }

    fn read(&mut self, exit: Exit) -> Answer {
        if exit == Exit::Code(0) {
            return Answer::Yes(text_of(&mut self.stdout));
        }
        let stderr = text_of(&mut self.stderr);
        let line = stderr.lines().map(str::trim).find(|line| !line.is_empty());
        Answer::No(
            line.map_or_else(|| format!("its client ended with {exit}"), |line| line.chars().take(200).collect()),
        )
    }
}

/// Waits until the process that asks has ended, not longer than `limit`: the `pause` of whoever has nothing else to do.
pub fn wait_for_call(pid: Pid, limit: Duration) {
    let process = ProcessHandle::open(pid);
    orphans::wait_for_all(process.as_slice(), limit);
}

/// What is there to read, without waiting for more.
fn text_of(pipe: &mut File) -> String {
    let mut text = Vec::new();
    let _ = pipe.take(64 << 10).read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_to_be_typed_means_the_same_engine() {
        let environment = [("DOCKER_HOST", "unix:///a b"), ("HOME", "/home/me")];
        let engine = Engine {
            program: "/usr/bin/docker".into(),
            options: vec!["--context".into(), "it's".into()],
            environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            directory: "/".into(),
        };
        let expected = r"DOCKER_HOST='unix:///a b' /usr/bin/docker --context 'it'\''s' stop abc";
        assert_eq!(engine.text(&["stop", "abc"]), expected);
        assert_eq!(engine.name(), "docker");
    }
}
