//! Speaking to servers: a copy of each is started, asked, and ended, all side by side.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use serde::Serialize;

use super::subject::{self, Goal, Subject};
use crate::app::free_name::FreeName;
use crate::app::plan;
use crate::app::target::ResolvedTarget;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::mcp::check::finding::{Code, Finding};
use crate::server::command::CommandLine;
use crate::server::record::Mode;
use crate::session::live::{self, Session};
use crate::session::{self, find, sweep};
use crate::supervisor::plan::Plan;
use crate::supervisor::trial::report::{Outcome, TrialReport};
use crate::supervisor::trial::watch::{Trial, Trials};
use crate::sys::Pid;

/// What is to be checked.
pub enum Request {
    /// Servers that are defined here, all if none is named.
    Defined(Vec<ServerName>),
    Typed(CommandLine),
    /// A server at an address, and what is sent with each request.
    Url {
        url: String,
        headers: Vec<(String, String)>,
    },
}

/// A server that was checked.
#[derive(Clone, Debug, Serialize)]
pub struct Connected {
    pub name: String,
    pub state: Outcome,
    #[serde(flatten)]
    pub report: TrialReport,
}

/// Who is told meanwhile.
pub trait TrialProgress {
    /// How far the servers are: called whenever something is new, and every second.
    fn show(&self, trials: &[Trial]);
}

/// Somebody wants to wait no longer.
pub struct Interrupted(pub Signal);

/// Checks servers, each of which has `limit` for its first answer. When this returns, nothing of them is left.
pub fn connect(
    request: Request,
    limit: Duration,
    progress: &impl TrialProgress,
) -> Result<Result<Vec<Connected>, Interrupted>> {
    let in_session = find::adopt_current().map(|(root, session)| root.session(&session.record.id));
    let subjects = match request {
        Request::Defined(names) => subject::defined(&names, in_session.as_ref())?,
        Request::Typed(command) => vec![subject::typed(command)?],
        Request::Url { url, headers } => vec![subject::at(&url, headers, &[])],
    };
    let place = Place::make()?;
    let asked = ask(subjects, &place, limit, progress);
    place.remove();
    asked
}

fn ask(
    subjects: Vec<Subject>,
    place: &Place,
    limit: Duration,
    progress: &impl TrialProgress,
) -> Result<Result<Vec<Connected>, Interrupted>> {
    let mut trials = Trials::new();
    let mut all: Vec<(String, Vec<Finding>, Option<String>)> = Vec::new();
    for Subject { name, findings, goal } in subjects {
        let could_not = || format!("could not check {name}");
        let trial = match goal {
            None => None,
            Some(Goal::Start(server, target)) => {
                let plan = place.plan(&server, target).with_context(could_not)?;
                trials.start(plan, limit).with_context(could_not)?;
                Some(server.to_string())
            }
            Some(Goal::Ask(target)) => {
                trials.ask(name.clone(), target, limit).with_context(could_not)?;
                Some(name.clone())
            }
        };
        all.push((name, findings, trial));
    }
    if let Err(signal) = trials.wait(|trials| progress.show(trials)) {
        return Ok(Err(Interrupted(signal)));
    }
    let connected = all.into_iter().map(|(name, findings, trial)| {
        let trial = trial.and_then(|name| trials.all.iter_mut().find(|trial| trial.name == name));
        connected(name, findings, trial)
    });
    Ok(Ok(connected.collect()))
}

fn connected(name: String, findings: Vec<Finding>, trial: Option<&mut Trial>) -> Connected {
    let report = match trial {
        None => TrialReport::unstarted(findings),
        Some(trial) => match trial.report.take() {
            Some(report) => report.with_findings(findings),
            None => {
                let killed = Finding::new(Code::Exited, "its checker was killed; what it had started was ended");
                TrialReport::unstarted(vec![killed.hint("check it again")])
            }
        },
    };
    Connected { name, state: report.outcome(), report }
}

/// Where the servers find what a server finds in its session: a session of this process, which is removed afterwards.
struct Place {
    root: Root,
    id: SessionId,
}

impl Place {
    fn make() -> Result<Self> {
        let (root, session) = match Root::open() {
            Err(_) if !Root::is_chosen() => (Root::nowhere(), session::unrecorded(Pid::this())?),
            root => {
                let root = root?;
                let session = session::create(&root, Pid::this())?;
                (root, session)
            }
        };
        Ok(Self { root, id: session.record.id })
    }

    fn paths(&self) -> SessionPaths {
        self.root.session(&self.id)
    }

    fn session(&self) -> Result<Session> {
        match live::find(&self.root, &self.id) {
            Some(session) => Ok(session),
            None => session::unrecorded(Pid::this()),
        }
    }

    /// A plan for a copy of a server.
    fn plan(&self, name: &ServerName, target: ResolvedTarget) -> Result<Plan> {
        let paths = self.paths().server(name);
        let prepared = target.bind(&self.id, name, &paths)?;
        let free_name = match FreeName::take(name, &paths) {
            Ok(Some(free_name)) => free_name,
            _ => FreeName::unrecorded(name).context("could not open /dev/null")?,
        };
        let mut plan = plan::plan(&self.root, self.session()?, free_name, Mode::Run, prepared)?;
        plan.watched.client = None;
        Ok(plan)
    }

    fn remove(&self) {
        if !self.root.is_nowhere() {
            let _ = sweep::remove_files(&self.paths());
        }
    }
}

/// What `check --connect --json` prints.
#[derive(Debug, Serialize)]
pub struct ConnectReport {
    version: u32,
    servers: Vec<Connected>,
}

pub fn report(servers: Vec<Connected>) -> ConnectReport {
    ConnectReport { version: 1, servers }
}
