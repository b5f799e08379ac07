//! How and why a server's tree ended.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::settings::{ReadyWhen, Settings};
use crate::context;
use crate::mcp::check::finding::{Code, Finding};
use crate::sys::wait::Exit;
use crate::terminate::escaped::EscapedProcess;
use crate::units::{size, time};

/// How a tree ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub reason: Reason,
    /// How its first process ended, if its supervisor saw it.
    pub exit: Option<Exit>,
    /// When it was over.
    pub at: u64,
    /// How long the ending took, in milliseconds.
    pub took: u64,
    /// Whether something had to be killed.
    pub killed: bool,
    /// Whether it ended before it counted as started.
    pub early: bool,
    /// The watched file that changed, if that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    /// Why it did not serve its client, if that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complaint: Option<String>,
    /// What was found wrong with it, if that is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Processes that asked to be let go and were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<i32>,
    /// Processes that had left the server's group and ended with it.
    #[serde(default, rename = "outside", skip_serializing_if = "Vec::is_empty")]
    pub escaped: Vec<EscapedProcess>,
}

/// Why a tree is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Its first process ended by itself.
    Exited,
    /// It did not become ready in time.
    NotReady,
    /// Its tree used too much memory for too long.
    OverMemory,
    /// Somebody else listened on its port.
    PortTaken,
    /// It lived, but did not serve its client any more.
    Unusable,
    /// It did not answer any more when it was asked whether it does.
    Unhealthy,
    Stopped,
    Restarted,
    /// A file changed that is watched for it.
    FileChanged,
    /// Its client had not needed it for long.
    Idle,
    /// The session's owner has ended.
    SessionEnded,
    /// The client closed its end or has ended.
    ClientGone,
    /// The client sent a signal that ends programs.
    ClientSignal,
    /// The keeper was killed.
    KeeperLost,
    /// The supervisor was killed.
    SupervisorLost,
    /// Both were killed, and another call found what was left.
    WatchersLost,
}

impl End {
    /// The end of one that was not even executed, with what a shell would report of that if it was tried.
    pub fn unstarted(code: Option<i32>) -> Self {
        Self {
            reason: Reason::Exited,
            exit: code.map(Exit::Code),
            at: context::wall_millis(),
            took: 0,
            killed: false,
            early: true,
            changed: None,
            complaint: None,
            finding: None,
            kept: Vec::new(),
            escaped: Vec::new(),
        }
    }

    /// Whether somebody wanted it, or nobody the server.
    pub fn is_wanted(&self) -> bool {
        matches!(self.reason, Reason::Stopped | Reason::Restarted | Reason::FileChanged | Reason::Idle)
    }

    /// Why it ended, with the limits that were set for the server and the file that changed.
    pub fn explain(&self, settings: &Settings) -> Cow<'static, str> {
        let reason = self.reason.explain(settings);
        let more = if self.reason == Reason::Unusable { &self.complaint } else { &self.changed };
        match (self.reason, more, &self.finding) {
            (Reason::Unusable, Some(complaint), _) => format!("{reason} ({complaint})").into(),
            (Reason::FileChanged, Some(file), _) => format!("{reason} ({file})").into(),
            (Reason::NotReady, _, Some(finding)) => {
                format!("it did not answer the handshake ({}): {}", finding.code, finding.message).into()
            }
            (Reason::Exited, _, Some(finding)) => finding.in_error().into(),
            (Reason::Unhealthy, _, Some(finding)) => {
                let most = settings.health.map_or(1, |health| health.failures);
                let times = if most == 1 { String::new() } else { format!(", {most} times in a row") };
                format!("{reason} ({}{times})", finding.message).into()
            }
            _ => reason,
        }
    }
}

impl Reason {
    /// The reason in words, to stand behind "because".
    pub fn text(self) -> &'static str {
        match self {
            Self::Exited => "it ended by itself",
            Self::NotReady => "it was not ready in time",
            Self::OverMemory => "its memory stayed above the limit",
            Self::PortTaken => "another program listens on its port",
            Self::Unusable => "it did not serve its client any more",
            Self::Unhealthy => "it was not healthy",
            Self::Stopped => "it was stopped",
            Self::Restarted => "it was restarted",
            Self::FileChanged => "a watched file changed",
            Self::Idle => "it was idle",
            Self::SessionEnded => "the session ended",
            Self::ClientGone => "the client went away",
            Self::ClientSignal => "the client ended it",
            Self::KeeperLost => "its keeper was killed",
            Self::SupervisorLost => "its supervisor was killed",
            Self::WatchersLost => "its supervisor and keeper were killed",
        }
    }

    /// The same with the limits that were set for the server.
    pub fn explain(self, settings: &Settings) -> Cow<'static, str> {
        match (self, settings.memory) {
            (Self::NotReady, _) => {
                let limit = Duration::from_millis(settings.ready.timeout_ms);
                let listens =
                    settings.port.is_some() && matches!(settings.ready.when, ReadyWhen::Usual | ReadyWhen::Mcp);
                let what = if listens { "did not listen on its port" } else { "was not ready" };
                let text = format!("it {what} within {} s", limit.as_secs_f64());
                if listens { Code::NoAnswer.behind(text).into() } else { text.into() }
            }
            (Self::Idle, _) => {
                let limit = settings.idle_ms.map(|limit| time::exact(Duration::from_millis(limit)));
                limit.map_or(self.text().into(), |limit| format!("it was idle for {limit}").into())
            }
            (Self::OverMemory, Some(limit)) => format!("its memory stayed above {}", size::exact(limit)).into(),
            _ => self.text().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::{PortChoice, PortWish};
    use super::*;

    #[test]
    fn reasons_say_which_limit_was_passed() {
        let mut settings = Settings { memory: Some(2 << 30), ..Settings::default() };
        insta::assert_snapshot!(Reason::OverMemory.explain(&settings), @"its memory stayed above 2 GiB");
        insta::assert_snapshot!(Reason::NotReady.explain(&settings), @"it was not ready within 30 s");
        settings.ready.timeout_ms = 1500;
        insta::assert_snapshot!(Reason::NotReady.explain(&settings), @"it was not ready within 1.5 s");
        settings.port = Some(PortWish { number: PortChoice::Auto, variable: None });
        insta::assert_snapshot!(Reason::NotReady.explain(&settings), @"it did not listen on its port within 1.5 s (no-answer)");
        settings.idle_ms = Some(1_800_000);
        insta::assert_snapshot!(Reason::Idle.explain(&settings), @"it was idle for 30m");
        let end = End { reason: Reason::FileChanged, changed: Some("src/x.py".to_owned()), ..End::unstarted(None) };
        insta::assert_snapshot!(end.explain(&settings), @"a watched file changed (src/x.py)");
    }
}
