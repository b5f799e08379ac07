//! What a user may set for a server: from the command line, or under `hook` in a definition.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, bail};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::health::HealthCheck;

/// What the user set, or its default. Part of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// From the stop signal to SIGKILL, in milliseconds; the default of each occasion if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
    /// The signal that asks the server's process group to end; what escaped from it gets SIGTERM.
    pub stop_signal: StopSignal,
    /// Whether the tree gets a terminal of its own, to be hung up.
    pub terminal: bool,
    /// Whether `run` stands between the client and the server, so that the client keeps its connection when the server ends.
    pub relay: bool,
    /// Whether it then leaves even those answers alone in which a server says whether it tells of changed lists.
    pub exact: bool,
    /// When what a launcher would run is started without it.
    pub launcher: LauncherPolicy,
    /// What happens when the server ends by itself.
    pub restart: Restart,
    /// Files, directories and patterns; it is started again when one of them changes. Absolute once it is to be started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub watch: Vec<String>,
    /// How long its client may need nothing of it before it is ended until the next message, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u64>,
    /// When the server counts as started.
    pub ready: Ready,
    /// Whether it is asked every so often, and started again when it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthCheck>,
    /// The port that it is to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<PortWish>,
    /// The resident memory of the tree, in bytes, above which it is started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// When its log is put aside, and how often.
    pub log: LogLimits,
    /// How often CPU and memory are sampled, in milliseconds; never if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_ms: Option<u64>,
}

/// How often CPU and memory are sampled, if that is said.
#[derive(Clone, Copy, Debug)]
pub enum Sampling {
    Off,
    /// In milliseconds.
    Every(u64),
}

/// The signals that may ask a tree to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StopSignal {
    #[default]
    SigTerm,
    /// Interrupt, as Ctrl-C sends it.
    SigInt,
    SigHup,
    SigQuit,
    SigUsr1,
    SigUsr2,
}

/// When a server that has ended by itself is started again. Only one that was ready once ever is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    No,
    /// Unless it ended with exit status 0.
    OnFailure,
    Always,
}

/// When a server is started without the launcher (`npx` and its like) that its command begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LauncherPolicy {
    /// If the command says an exact version, and the launcher would run what is there.
    #[default]
    Pinned,
    /// Also if it says none: with what the launcher would have run when it was asked last, at most a day ago.
    Direct,
    /// Never.
    AsWritten,
}

/// When a server counts as started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ready {
    pub when: ReadyWhen,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

/// By what a server counts as started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadyWhen {
    /// With a port: it accepts a connection there. Without: it has lived for a moment.
    #[default]
    Usual,
    /// A line that it printed matches this regular expression.
    Log(String),
    /// It has lived this long, in milliseconds.
    Delay(u64),
    /// It answers the handshake of MCP on its port.
    Mcp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortWish {
    pub number: PortChoice,
    /// The environment variable that tells it to the server, beside `MCP_PORT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
}

/// Which number a port is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PortChoice {
    Auto,
    /// This one, or another if it is taken.
    Prefer(u16),
    /// This one and no other.
    Fixed(u16),
}

impl FromStr for PortChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) if number > 0 => Ok(Self::Fixed(number)),
            _ if text == "auto" => Ok(Self::Auto),
            _ => Err("it is neither auto nor a number from 1 to 65535".to_owned()),
        }
    }
}

/// When a log is put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogLimits {
    /// At this size, in bytes.
    pub size: u64,
    /// How many files are kept beside the current one.
    pub keep: u32,
}

impl Settings {
    /// From the stop signal to SIGKILL, if the user chose it.
    pub fn grace(&self) -> Option<Duration> {
        self.grace_ms.map(Duration::from_millis)
    }
}

impl StopSignal {
    /// All of them, by their names.
    pub const ALL: [(&'static str, Self); 6] = [
        ("SIGTERM", Self::SigTerm),
        ("SIGINT", Self::SigInt),
        ("SIGHUP", Self::SigHup),
        ("SIGQUIT", Self::SigQuit),
        ("SIGUSR1", Self::SigUsr1),
        ("SIGUSR2", Self::SigUsr2),
    ];

    pub fn signal(self) -> Signal {
        match self {
            Self::SigTerm => Signal::SIGTERM,
            Self::SigInt => Signal::SIGINT,
            Self::SigHup => Signal::SIGHUP,
            Self::SigQuit => Signal::SIGQUIT,
            Self::SigUsr1 => Signal::SIGUSR1,
            Self::SigUsr2 => Signal::SIGUSR2,
        }
    }
}

impl FromStr for StopSignal {
    type Err = anyhow::Error;

    /// `SIGINT` and `INT` are the same.
    fn from_str(text: &str) -> Result<Self> {
        let is_meant = |name: &str| name == text || name.strip_prefix("SIG") == Some(text);
        match Self::ALL.into_iter().find(|(name, _)| is_meant(name)) {
            Some((_, signal)) => Ok(signal),
            None => bail!("it must be one of {}", Self::ALL.map(|(name, _)| name).join(", ")),
        }
    }
}

impl Restart {
    /// All of them, by their names.
    pub const ALL: [(&'static str, Self); 3] =
        [("no", Self::No), ("on-failure", Self::OnFailure), ("always", Self::Always)];
}

impl LauncherPolicy {
    /// All of them, by their names.
    pub const ALL: [(&'static str, Self); 3] =
        [("pinned", Self::Pinned), ("direct", Self::Direct), ("as-written", Self::AsWritten)];
}

impl FromStr for LauncherPolicy {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|&(name, _)| name == text) {
            Some((_, policy)) => Ok(policy),
            None => bail!("it must be one of {}", Self::ALL.map(|(name, _)| name).join(", ")),
        }
    }
}

impl FromStr for Restart {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|&(name, _)| name == text) {
            Some((_, restart)) => Ok(restart),
            None => bail!("it must be one of {}", Self::ALL.map(|(name, _)| name).join(", ")),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            grace_ms: None,
            stop_signal: StopSignal::default(),
            terminal: true,
            relay: true,
            exact: false,
            launcher: LauncherPolicy::default(),
            restart: Restart::OnFailure,
            watch: Vec::new(),
            idle_ms: None,
            ready: Ready::default(),
            health: None,
            port: None,
            memory: None,
            log: LogLimits::default(),
            sample_ms: Some(60_000),
        }
    }
}

impl Default for Ready {
    fn default() -> Self {
        Self { when: ReadyWhen::Usual, timeout_ms: 30_000 }
    }
}

impl Default for LogLimits {
    fn default() -> Self {
        Self { size: 10 << 20, keep: 3 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_records_write_them() {
        for (name, signal) in StopSignal::ALL {
            assert_eq!(serde_json::to_value(signal).expect("JSON"), name);
            assert_eq!(name.parse::<StopSignal>().expect(name), signal);
            assert_eq!(name["SIG".len()..].parse::<StopSignal>().expect(name), signal);
        }
        for (name, policy) in LauncherPolicy::ALL {
            assert_eq!(serde_json::to_value(policy).expect("JSON"), name);
            assert_eq!(name.parse::<LauncherPolicy>().expect(name), policy);
        }
        for (name, restart) in Restart::ALL {
            assert_eq!(serde_json::to_value(restart).expect("JSON"), name);
            assert_eq!(name.parse::<Restart>().expect(name), restart);
        }
        insta::assert_snapshot!("KILL".parse::<StopSignal>().expect_err("refused"), @"it must be one of SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2");
        insta::assert_snapshot!("never".parse::<Restart>().expect_err("refused"), @"it must be one of no, on-failure, always");
    }
}
