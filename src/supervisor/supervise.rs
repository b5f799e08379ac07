//! The supervisor: starts a server's tree, watches it, ends it, and leaves only when nothing of it is left.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::setsid;

use super::events::{self, REQUESTS};
use super::lifeline::SupervisorEnd;
use super::pace::pace;
use super::plan::{Plan, is_kept, trace};
use super::running::Running;
use super::streams::ClientError;
use crate::cleanup::lost;
use crate::cleanup::tree::{Ending, Progress};
use crate::server::journal::Level;
use crate::server::log::LogWriter;
use crate::server::log::secrets::Secrets;
use crate::server::record::{End, Reason, State, Watchers};
use crate::sys::handle::ProcessHandle;
use crate::sys::hangup::HangUp;
use crate::sys::pty::Pty;
use crate::sys::signals::Inbox;
use crate::sys::wait::{self, Exit};
use crate::sys::{Identity, Pid, fd, orphans, process, title};
use crate::{context, failpoint};

/// A server that has lived this long counts as started.
const READY_AFTER: Duration = Duration::from_millis(300);

/// What a supervisor is given beside the plan.
pub struct Channels {
    /// Who the keeper is. Not asked of the system later on: a keeper that died has left us to another parent.
    pub keeper: Option<Identity>,
    /// From the keeper.
    pub lifeline: SupervisorEnd,
    /// To `start`: one byte when the server is ready, the end of the file when it is not going to be.
    pub ready: Option<File>,
    /// For `run`: the client's standard input and error.
    pub client: Option<(OwnedFd, ClientError)>,
}

/// The supervisor's state beside the server's.
pub struct Supervisor {
    pub(super) plan: Plan,
    pub(super) inbox: Inbox,
    pub(super) lifeline: Option<SupervisorEnd>,
    pub(super) ready: Option<File>,
    pub(super) client_input: Option<HangUp>,
    pub(super) client_error: Option<ClientError>,
    pub(super) log: LogWriter,
    pub(super) terminal: Option<Pty>,
    pub(super) is_adopting: bool,
}

/// What the server does.
enum Phase {
    /// It lives; `ready_at` is when it will count as started.
    Up { ready_at: Option<Instant> },
    /// It is being ended.
    Down { ending: Ending, reason: Reason, early: bool, look_again: Option<Duration> },
}

impl Supervisor {
    /// Becomes the supervisor of `plan`. Nearly all that can go wrong here only takes away a safety net.
    ///
    /// # Errors
    /// When signals cannot be received.
    pub fn new(plan: Plan, channels: Channels) -> std::io::Result<Self> {
        let _ = setsid();
        title::set_short(SHORT_TITLE);
        let inbox = Inbox::new(&REQUESTS)?;
        let is_adopting = orphans::adopt().is_ok();
        let terminal = plan.record.settings.terminal.then(Pty::take_as_controlling).and_then(Result::ok);
        let (client_input, client_error) = channels.client.unzip();
        let mut supervisor = Self {
            inbox,
            lifeline: Some(channels.lifeline),
            ready: channels.ready,
            // Watched for its hang-up without being read: the server has its own copy.
            client_input: client_input.and_then(|stream| HangUp::of(stream).ok()),
            client_error,
            log: LogWriter::new(&plan.paths, &plan.record, Secrets::new(&plan.invocation.secrets)),
            terminal,
            is_adopting,
            plan,
        };
        supervisor.plan.record.watchers = channels
            .keeper
            .zip(ProcessHandle::open(Pid::this()))
            .map(|(keeper, me)| Watchers { keeper, supervisor: me.identity() });
        Ok(supervisor)
    }

    /// Runs the server until it is over, starting it again when asked to. Returns what a shell would report of it.
    pub fn run(mut self) -> i32 {
        let mut started = self.start();
        self.introduce();
        loop {
            let code = match started {
                Ok(running) => self.supervise(running),
                Err(code) => Some(code),
            };
            match code {
                Some(code) => return self.leave(code),
                None => started = self.start(),
            }
        }
    }

    /// What people may see of us: nothing that the server has to wait for.
    fn introduce(&mut self) {
        let record = &self.plan.record;
        title::set(&format!("mcp-hook: supervisor {} {}", record.token.session(), record.name));
        self.warn_of_missing_nets();
    }

    fn start(&mut self) -> Result<Running, i32> {
        self.record(State::Starting);
        failpoint::kill("before-fork");
        let started = Running::start(&self.plan);
        failpoint::kill("after-fork");
        // From here on only the server has the client's streams.
        fd::silence_standard();
        match started {
            Ok(running) => {
                if let Some(terminal) = &self.terminal {
                    let _ = terminal.put_in_foreground(running.pid());
                }
                self.note(Level::Info, &format!("started, pid {}", running.pid()));
                self.record(State::Running { server: running.identity, since: running.since, ready: false });
                Ok(running)
            }
            Err(mut failure) => {
                failure.cause = self.log.masked(&failure.cause);
                self.note(Level::Error, &failure.cause);
                if let Some(client) = &mut self.client_error {
                    client.say(&format!("mcp-hook: {}\n", failure.cause));
                }
                self.log.drain();
                self.record(State::Failed { cause: failure.cause, code: failure.code });
                Err(failure.code)
            }
        }
    }

    /// Watches the server until its tree is gone; `None` if it is to be started again.
    fn supervise(&mut self, mut running: Running) -> Option<i32> {
        let mut phase = Phase::Up { ready_at: Some(context::now() + READY_AFTER) };
        loop {
            let limit = match &phase {
                Phase::Up { ready_at } => ready_at.map(|at| at.saturating_duration_since(context::now())),
                Phase::Down { look_again, .. } => *look_again,
            };
            if let Some(reason) = self.wait(&mut running, limit) {
                phase = self.end(phase, &running, reason);
            }
            if let Phase::Up { ready_at } = &mut phase {
                events::collect_orphans(running.pid());
                if wait::peek(running.pid()).is_some() {
                    phase = self.end(phase, &running, Reason::Exited);
                } else if ready_at.is_some_and(|at| context::now() >= at) {
                    *ready_at = None;
                    self.become_ready(&running);
                }
            }
            if let Phase::Down { ending, reason, early, look_again } = &mut phase {
                match ending.advance(context::now(), is_kept) {
                    Progress::Wait(limit) => *look_again = limit,
                    Progress::Unkillable(pids) => {
                        *look_again = None;
                        self.report_unkillable(pids, *reason);
                    }
                    Progress::Done { kept } => {
                        let end = self.describe(ending, *reason, *early, kept);
                        return self.finish(running, end);
                    }
                }
            }
        }
    }

    /// Begins to end the tree, or goes on doing so for one more reason. Only `restart` is overruled by a later one.
    fn end(&mut self, phase: Phase, running: &Running, new: Reason) -> Phase {
        let now = context::now();
        let pace = pace(new, self.plan.record.mode, self.plan.record.settings.grace());
        let (ending, reason, early, is_news) = match phase {
            Phase::Up { ready_at } => (Ending::begin(Some(running.pid()), pace, now), new, ready_at.is_some(), true),
            Phase::Down { mut ending, reason, early, .. } => {
                ending.hurry(pace, now);
                let overruled = reason == Reason::Restarted && !matches!(new, Reason::Exited | Reason::Restarted);
                (ending, if overruled { new } else { reason }, early, overruled)
            }
        };
        if is_news {
            self.record(State::Stopping { server: running.identity, reason });
        }
        failpoint::kill("while-stopping");
        Phase::Down { ending, reason, early, look_again: Some(Duration::ZERO) }
    }

    fn become_ready(&mut self, running: &Running) {
        self.record(State::Running { server: running.identity, since: running.since, ready: true });
        if let Some(mut ready) = self.ready.take() {
            let _ = ready.write_all(b"r");
        }
    }

    fn report_unkillable(&mut self, pids: Vec<Pid>, reason: Reason) {
        let pids: Vec<i32> = pids.into_iter().map(Pid::as_raw).collect();
        if !matches!(self.plan.record.state, State::Unkillable { .. }) {
            self.note(Level::Error, &format!("warning: not even SIGKILL ends {pids:?}; still waiting"));
            self.record(State::Unkillable { pids, reason });
        }
    }

    fn describe(&mut self, ending: &Ending, reason: Reason, early: bool, kept: Vec<Pid>) -> End {
        let mut killed = ending.killed;
        if !self.is_adopting {
            killed |= lost::end(&trace(&self.plan.record).in_session(Pid::this())).0 > 0;
        }
        End {
            reason,
            exit: ending.leader_exit,
            at: context::wall_millis(),
            took: context::elapsed_millis(ending.began()),
            killed,
            early,
            kept: kept.into_iter().map(Pid::as_raw).collect(),
        }
    }

    fn finish(&mut self, mut running: Running, end: End) -> Option<i32> {
        running.drain(&mut self.log, self.client_error.as_mut());
        let how = match end.exit {
            Some(Exit::Code(code)) => format!("exit status {code}"),
            Some(Exit::Signal(number)) => format!("signal {number}"),
            None => "unknown status".to_owned(),
        };
        self.note(Level::Info, &format!("ended because {}: {how}, after {} ms", end.reason.text(), end.took));
        for pid in &end.kept {
            self.note(Level::Info, &format!("let go of pid {pid}: it has MCP_HOOK_KEEP=1"));
        }
        let code = end.exit.map_or(1, Exit::shell_code);
        let is_restart = end.reason == Reason::Restarted;
        failpoint::kill("before-end");
        // Whoever waits for the end reads the log next.
        self.log.drain();
        self.record(State::Ended(end));
        failpoint::kill("after-end");
        if is_restart {
            self.plan.record.restarts += 1;
            return None;
        }
        Some(code)
    }

    fn leave(mut self, code: i32) -> i32 {
        failpoint::kill("before-leaving");
        if let Some(terminal) = &self.terminal {
            terminal.release();
        }
        if let Some(client) = &mut self.client_error {
            client.finish();
        }
        // A keeper that somebody stopped could not collect us, and would hold the lock.
        let keeper = self.plan.record.watchers.and_then(|both| ProcessHandle::reopen(&both.keeper));
        let _ = keeper.map(|keeper| keeper.signal(Signal::SIGCONT));
        code
    }

    fn record(&mut self, state: State) {
        self.plan.record.state = state;
        // A runtime directory that vanished costs the server nothing but its record.
        let _ = self.plan.record.write(&self.plan.paths);
    }

    fn note(&mut self, level: Level, text: &str) {
        self.log.note(level, context::wall_clock(), text);
    }

    fn warn_of_missing_nets(&mut self) {
        let has_handles = self.plan.watched.owner.as_ref().is_none_or(|owner| owner.as_poll_fd().is_some());
        for (is_there, what) in [
            (self.is_adopting, "orphans cannot be adopted; escaped processes are searched for instead"),
            (has_handles, "there are no pidfds; the session's owner is looked at regularly instead"),
            (process::lists_children(), "children are not listed; all processes are searched instead"),
        ] {
            if !is_there {
                self.note(Level::Warn, &format!("warning: {what}"));
            }
        }
    }
}

/// What `ps -o comm` shows, at most 15 bytes.
pub const SHORT_TITLE: &str = "mcp-supervisor";
