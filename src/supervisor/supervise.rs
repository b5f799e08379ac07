//! The supervisor: starts a server's tree, watches it, ends it, and leaves only when nothing of it is left.

use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::setsid;

use super::child::{Failure, Running};
use super::contained::Containment;
use super::events::{self, Event, REQUESTS, Source, Sources};
use super::instance::Over;
use super::launch::Announcer;
use super::lifeline::SupervisorEnd;
use super::plan::Plan;
use super::port::History;
use super::recovery::unrecorded::REWRITE;
use super::restart_policy::Past;
use super::streams::ClientError;
use crate::disk::lock_file::LockFile;
use crate::log::central::Level;
use crate::log::{LogWriter, STARTED};
use crate::server::end::{End, Reason};
use crate::server::record::{ServerState, Watchers};
use crate::server::secrets::Secrets;
use crate::sys::handle::ProcessHandle;
use crate::sys::hangup::HangUp;
use crate::sys::poll::Poller;
use crate::sys::pty::Pty;
use crate::sys::signals::Inbox;
use crate::sys::{Identity, Pid, children, fd, orphans, title};
use crate::{context, failpoint};

/// What a supervisor is given beside the plan.
pub struct Channels {
    /// Who the keeper is. Not asked of the system later on: a keeper that died has left us to another parent.
    pub keeper: Option<Identity>,
    /// From the keeper.
    pub lifeline: SupervisorEnd,
    /// To `start`: what it waits for, and whether the server is ready.
    pub ready: Option<Announcer>,
    /// For `run`: the client's standard input and error.
    pub client: Option<(OwnedFd, ClientError)>,
}

/// The supervisor's state beside the server's.
pub struct Supervisor {
    pub(super) plan: Plan,
    pub(super) sources: Sources,
    pub(super) ready: Option<Announcer>,
    pub(super) client_error: Option<ClientError>,
    pub(super) log: LogWriter,
    pub(super) terminal: Option<Pty>,
    pub(super) is_adopting: bool,
    pub(super) past: Past,
    pub(super) port: History,
    /// Its turn among those that the same launcher starts, until that is done.
    pub(super) turn: Option<LockFile>,
    pub(super) containment: Containment,
}

impl Supervisor {
    /// Becomes the supervisor of `plan`. Nearly all that can go wrong here only takes away a safety net.
    ///
    /// # Errors
    /// When signals cannot be received.
    pub fn new(mut plan: Plan, channels: Channels) -> std::io::Result<Self> {
        let _ = setsid();
        title::set_short(SHORT_TITLE);
        let inbox = Inbox::new(&REQUESTS).inspect_err(|error| plan.fail(error))?;
        let is_adopting = orphans::adopt().is_ok();
        let terminal = plan.record.settings.terminal.then(Pty::take_as_controlling).and_then(Result::ok);
        let (client_input, client_error) = channels.client.unzip();
        let mut supervisor = Self {
            sources: Sources {
                inbox,
                lifeline: Some(channels.lifeline),
                watched: std::mem::take(&mut plan.watched),
                client_input: client_input.and_then(|stream| HangUp::of(stream).ok()),
            },
            ready: channels.ready,
            client_error,
            log: LogWriter::new(&plan.paths, &plan.record, Secrets::new(&plan.invocation.secrets)),
            terminal,
            is_adopting,
            past: Past::begin(plan.record.autostart),
            port: History::default(),
            turn: None,
            containment: Containment::default(),
            plan,
        };
        supervisor.plan.record.watchers = channels
            .keeper
            .zip(ProcessHandle::open(Pid::this()))
            .map(|(keeper, me)| Watchers { keeper, supervisor: me.identity() });
        Ok(supervisor)
    }

    /// Runs the server until it is over, starting it again when asked to or when it fails. Returns what a shell would
    /// report of it.
    pub fn run(mut self) -> i32 {
        let mut is_first = true;
        loop {
            if let Err(reason) = self.take_turn() {
                let code = self.call_off(End::unstarted(None), reason);
                return self.leave(code);
            }
            let started = self.start();
            if std::mem::take(&mut is_first) {
                self.introduce();
            }
            let code = match started {
                Ok(running) => {
                    let over = self.live(running);
                    self.end_turn();
                    match over {
                        Over::Ended(ended) => self.follow(ended),
                        Over::HangUp(exit) => return self.hang_up(exit.shell_code()),
                    }
                }
                Err(failure) => {
                    self.end_turn();
                    self.follow_unstarted(failure)
                }
            };
            if let Some(code) = code {
                return self.leave(code);
            }
        }
    }

    /// What people may see of us: nothing that the server has to wait for.
    fn introduce(&mut self) {
        let record = &self.plan.record;
        title::set(&format!("mcp-hook: supervisor {} {}", record.token.session(), record.name));
        self.warn_of_missing_nets();
    }

    fn start(&mut self) -> Result<Running, Failure> {
        self.plan.record.history.samples.clear();
        self.record(ServerState::Starting);
        self.prepare_port();
        self.prepare_container();
        failpoint::kill("before-fork");
        let started = Running::start(&self.plan, self.terminal.as_ref());
        failpoint::kill("after-fork");
        // From here on only the server has the client's streams.
        fd::silence_standard();
        match started {
            Ok(running) => {
                self.note(Level::Info, &format!("{STARTED}{}", running.pid()));
                self.record(ServerState::Running { server: running.identity, since: running.since, ready: false });
                Ok(running)
            }
            Err(mut failure) => {
                failure.cause = self.log.masked(&failure.cause);
                Err(failure)
            }
        }
    }

    /// Leaves what is left to the hang-up of our terminal, and to the keeper.
    fn hang_up(mut self, code: i32) -> i32 {
        self.note(Level::Warn, "hangs up the terminal: what is left may not be signalled");
        self.log.drain();
        self.terminal = None;
        self.leave(code)
    }

    fn leave(mut self, code: i32) -> i32 {
        failpoint::kill("before-leaving");
        self.give_port_back();
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

    pub(super) fn record(&mut self, state: ServerState) {
        self.plan.record.state = state;
        // A runtime directory that vanished costs the server nothing but its record.
        let _ = self.plan.record.write(&self.plan.paths);
    }

    pub(super) fn note(&mut self, level: Level, text: &str) {
        self.log.note(level, context::wall_clock(), text);
    }

    /// Waits for what happens next, at most for `limit`, and does what needs no decision. Returns the reason to end the
    /// server, if one has come up.
    pub(super) fn wait(&mut self, mut child: Option<&mut Running>, limit: Option<Duration>) -> Option<Reason> {
        let mut poller = Poller::new(limit);
        if let Some(fd) = self.client_error.as_ref().and_then(ClientError::as_poll_fd) {
            poller.writable(Source::ClientError, fd);
        }
        if let Some(child) = &child {
            child.register(&mut poller, self.client_error.as_ref());
        }
        self.sources.register(&mut poller);
        let ready = poller.wait();
        let events: Vec<Event> = ready.into_iter().filter_map(|source| self.sources.read(source)).collect();
        for event in &events {
            self.handle(event, child.as_deref_mut());
        }
        events::reason_to_end(&events, self.plan.record.mode)
    }

    fn handle(&mut self, event: &Event, child: Option<&mut Running>) {
        match (event, child) {
            (Event::ClientReads, _) => {
                if let Some(client) = &mut self.client_error {
                    client.write();
                }
            }
            (Event::Printed(stream), Some(child)) => child.pump(*stream, &mut self.log, self.client_error.as_mut()),
            (Event::Forwarded(signals), Some(child)) => child.forward(signals),
            (Event::Signals(signals), _) if signals.contains(&REWRITE) => self.plan.restore(),
            _ => {}
        }
    }

    fn warn_of_missing_nets(&mut self) {
        let has_handles = self.sources.watched.owner.as_ref().is_none_or(|owner| owner.as_poll_fd().is_some());
        for (is_there, what) in [
            (self.is_adopting, "orphans cannot be adopted; escaped processes are searched for instead"),
            (has_handles, "there are no pidfds; the session's owner is looked at regularly instead"),
            (children::are_listed(), "children are not listed; all processes are searched instead"),
        ] {
            if !is_there {
                self.note(Level::Warn, what);
            }
        }
    }
}

/// What `ps -o comm` shows, at most 15 bytes.
pub const SHORT_TITLE: &str = "mcp-supervisor";
