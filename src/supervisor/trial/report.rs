//! What came of a trial.

use serde::{Deserialize, Serialize};

use crate::mcp::check::finding::{Code, Finding, Level, Stage};
use crate::mcp::check::learned::Learned;
use crate::server::launch::Launch;
use crate::server::secrets::Secrets;
use crate::sys::wait::Exit;

/// What a checker tells, a line each.
#[derive(Serialize, Deserialize)]
pub enum Message {
    /// What the server does while no answer comes; in words that follow "it".
    Doing(String),
    Report(Box<TrialReport>),
}

/// What is known of a server once it was spoken to. Times in milliseconds, sizes in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialReport {
    pub protocol: Option<String>,
    pub server: Option<ServerInfo>,
    pub tools: Option<usize>,
    pub prompts: Option<usize>,
    pub resources: Option<usize>,
    pub list_bytes: Option<usize>,
    pub timings_ms: Timings,
    /// How it was started, if its command is one of a launcher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch: Option<Launch>,
    /// Of its whole tree; pages that processes share are divided among them where the system tells.
    pub memory: Option<u64>,
    pub exit: Option<Exit>,
    /// Its last lines on standard error.
    pub stderr: Vec<String>,
    pub findings: Vec<Finding>,
    /// The stages that were not reached.
    pub skipped: Vec<Stage>,
}

/// What a server calls itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    pub name: Option<String>,
    pub version: Option<String>,
}

/// How long the stages took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    pub handshake: Option<u64>,
    pub list: Option<u64>,
    pub lifecycle: Option<u64>,
}

/// The worst of what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Ok,
    Warning,
    Failed,
}

impl TrialReport {
    /// What a conversation has told of a server.
    pub fn of(learned: Learned, findings: Vec<Finding>) -> Self {
        let (protocol, server) =
            learned.introduction.map(|it| (it.protocol, ServerInfo { name: it.name, version: it.version })).unzip();
        Self {
            protocol,
            server,
            tools: learned.counts.map(|it| it.tools),
            prompts: learned.counts.map(|it| it.prompts),
            resources: learned.counts.map(|it| it.resources),
            list_bytes: learned.counts.map(|it| it.list_bytes),
            timings_ms: Timings {
                handshake: Learned::millis(learned.handshake),
                list: Learned::millis(learned.list),
                lifecycle: None,
            },
            findings,
            ..Self::default()
        }
    }

    /// The same without what must not be shown.
    pub fn masked(mut self, secrets: &Secrets) -> Self {
        let mask = |text: &mut String| *text = secrets.masked(text);
        self.findings = self.findings.into_iter().map(|it| it.masked(|text| secrets.masked(text))).collect();
        if let Some(server) = &mut self.server {
            server.name.iter_mut().chain(&mut server.version).for_each(mask);
        }
        self.protocol.as_mut().map(mask);
        self
    }

    /// Of a server that was not started.
    pub fn unstarted(findings: Vec<Finding>) -> Self {
        Self { findings, ..Self::default() }.with_skipped()
    }

    /// The same with what was found before it was started.
    pub fn with_findings(mut self, before: Vec<Finding>) -> Self {
        self.findings.extend(before);
        self.with_skipped()
    }

    pub fn outcome(&self) -> Outcome {
        match self.findings.iter().map(|finding| finding.level).max() {
            Some(Level::Error) => Outcome::Failed,
            Some(Level::Warning) => Outcome::Warning,
            Some(Level::Info) | None => Outcome::Ok,
        }
    }

    /// The stages after the first one that failed are not reached, and none of a server that is not asked.
    pub(super) fn with_skipped(mut self) -> Self {
        self.findings.sort_by_key(|finding| finding.stage);
        let is_unasked = self.findings.iter().any(|finding| finding.code == Code::NotAsked);
        let errors = self.findings.iter().filter(|finding| finding.level == Level::Error);
        let failed = errors.map(|finding| finding.stage).min().or(is_unasked.then_some(Stage::Config));
        self.skipped =
            failed.map_or_else(Vec::new, |failed| Stage::ALL.into_iter().filter(|&stage| stage > failed).collect());
        self
    }
}
