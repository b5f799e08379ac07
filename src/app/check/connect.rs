//! Speaking to servers: a copy of each is started, asked, and ended, all side by side.

use std::cell::RefCell;
use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use serde::Serialize;

use super::of_client;
use super::subject::{self, Goal, Subject};
use crate::app::free_name::FreeName;
use crate::app::plan;
use crate::app::target::ResolvedTarget;
use crate::client::table::Client;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::failure;
use crate::mcp::check::finding::{Code, Finding};
use crate::mcp::check::reach::{self, Reach};
use crate::port::lease::Lease;
use crate::server::command::CommandLine;
use crate::server::record::Mode;
use crate::session::live::{self, Session};
use crate::session::{self, find, sweep};
use crate::supervisor::plan::Plan;
use crate::supervisor::trial::report::{Outcome, TrialReport};
use crate::supervisor::trial::terms::Terms;
use crate::supervisor::trial::watch::{Trial, Trials};
use crate::sys::Pid;

/// What is to be checked.
pub enum Request {
    /// Servers that are defined here, all if none is named.
    Defined(Vec<ServerName>),
    Typed(CommandLine),
    /// Servers in a client's files, all if none is named.
    OfClient {
        client: &'static Client,
        names: Vec<ServerName>,
    },
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
    /// Where it works and where not, if that differs.
    pub clients: Option<Reach>,
}

impl From<(String, TrialReport)> for Connected {
    fn from((name, report): (String, TrialReport)) -> Self {
        Self { name, state: report.outcome(), clients: reach::reach(&report.findings), report }
    }
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
        Request::OfClient { client, names } => of_client::subjects(client, &names, in_session.as_ref())?,
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
    let started = subjects.iter().filter(|subject| matches!(subject.goal, Some(Goal::Start(..)))).count();
    let terms = Terms { limit, is_alone: started == 1 };
    let mut asked = Vec::new();
    for Subject { name, mut findings, goal, if_mentioned } in subjects {
        let could_not = || format!("could not check {name}");
        let mut is_asked = goal.is_some();
        match goal {
            None => {}
            Some(Goal::Start(server, target)) => match plan::lease(&place.root, target.settings(), None) {
                Ok(lease) => {
                    let plan = place.plan(&server, target, lease).with_context(could_not)?;
                    trials.start(name.clone(), plan, terms).with_context(could_not)?;
                }
                Err(error) => {
                    findings.push(portless(&error));
                    is_asked = false;
                }
            },
            Some(Goal::Ask(target)) => trials.ask(name.clone(), target, limit).with_context(could_not)?,
        }
        let trial = is_asked.then(|| trials.all.len() - 1);
        asked.push(Asked { name, findings, if_mentioned, trial });
    }
    if let Err(signal) = trials.wait(|trials| progress.show(trials)) {
        return Ok(Err(Interrupted(signal)));
    }
    Ok(Ok(asked.into_iter().map(|asked| asked.connected(&mut trials.all)).collect()))
}

/// That its port cannot be had, so that no copy of it can be started.
fn portless(error: &anyhow::Error) -> Finding {
    let finding = Finding::new(Code::NotAsked, format!("no copy of it was started: {error:#}"));
    finding.hint(failure::hint_of(error).unwrap_or("mcp-hook status --all shows the ports of servers"))
}

/// A server that was looked at before it was asked.
struct Asked {
    name: String,
    findings: Vec<Finding>,
    if_mentioned: Vec<(String, Finding)>,
    /// Which of the trials it is.
    trial: Option<usize>,
}

impl Asked {
    fn connected(mut self, trials: &mut [Trial]) -> Connected {
        let report = match self.trial.map(|at| trials[at].report.take()) {
            None => TrialReport::unstarted(self.findings),
            Some(Some(report)) => {
                self.findings.extend(mentioned(&report, self.if_mentioned));
                report.with_findings(self.findings)
            }
            Some(None) => {
                let killed = Finding::new(Code::Exited, "its checker was killed; what it had started was ended");
                TrialReport::unstarted(vec![killed.hint("check it again")])
            }
        };
        Connected::from((self.name, report))
    }
}

/// What is to be said of the words that a server has used which does not work.
fn mentioned(report: &TrialReport, words: Vec<(String, Finding)>) -> impl Iterator<Item = Finding> {
    let has_failed = report.outcome() == Outcome::Failed;
    let texts = report.stderr.iter().chain(report.findings.iter().map(|finding| &finding.message));
    let said: Vec<String> = texts.filter(|_| has_failed).cloned().collect();
    let is_name = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let says = move |word: &str| said.iter().any(|text| text.split(|it| !is_name(it)).any(|it| it == word));
    words.into_iter().filter(move |(word, _)| says(word)).map(|(_, finding)| finding)
}

/// Where the servers find what a server finds in its session: a session of this process, which is removed afterwards.
struct Place {
    root: Root,
    id: SessionId,
    /// The names that were given: two servers of a client may be called alike but for what a name cannot hold.
    used: RefCell<HashSet<ServerName>>,
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
        Ok(Self { root, id: session.record.id, used: RefCell::default() })
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
    fn plan(&self, wanted: &ServerName, target: ResolvedTarget, lease: Option<Lease>) -> Result<Plan> {
        let numbered = (2..).map(|n| wanted.numbered(n));
        let mut names = std::iter::once(wanted.clone()).chain(numbered);
        let name = &names.find(|name| self.used.borrow_mut().insert(name.clone())).expect("there is always another");
        let paths = self.paths().server(name);
        let prepared = target.bind(&self.id, name, &paths)?;
        let free_name = match FreeName::take(name, &paths) {
            Ok(Some(free_name)) => free_name,
            _ => FreeName::unrecorded(name).context("could not open /dev/null")?,
        };
        let mode = if lease.is_some() { Mode::Start } else { Mode::Run };
        let mut plan = plan::plan(&self.root, self.session()?, free_name, mode, prepared)?;
        plan.watched.client = None;
        if let Some(lease) = lease {
            plan.give(lease);
        }
        Ok(*plan)
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
