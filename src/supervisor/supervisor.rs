//! The supervisor: starts a server's tree, watches it, ends it, and leaves only when nothing of it is left.
//!
//! This is its state, its loop, and all that it does: what it writes down, logs and tells others. What is to be done it
//! asks the policies beside it.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::setsid;

use super::action::Action;
use super::announcement::Announcer;
use super::child::StartError;
use super::client::{Client, ClientStreams};
use super::client_link::{ClientLink, LinkAction, Rest};
use super::client_policy::ClientVerdict;
use super::contained::{self, Containment};
use super::events::{self, Event, REQUESTS, REWRITE, Source, Sources};
use super::file_watch::FileWatch;
use super::held_port::{HeldPort, PortOutcome};
use super::instance::{EndedInstance, Instance, Stop};
use super::launcher_queue::{LauncherQueue, Turn};
use super::lifeline::SupervisorEnd;
use super::plan::{Plan, is_kept, trace};
use super::port_policy::PortPolicy;
use super::probes::sooner;
use super::restart_policy::{Order, RestartPolicy, RunEnd, Verdict};
use super::stop_timeouts::stop_timeouts;
use super::{end_report, titles};
use crate::disk::lock_file::LockFile;
use crate::log::central::Level;
use crate::log::{LogWriter, STARTED};
use crate::mcp::relay::{Death, Next as Successor};
use crate::port::probe::ListenAddress;
use crate::server::end::{End, Reason};
use crate::server::record::{Mode, ServerState, Watchers};
use crate::server::secrets::Secrets;
use crate::server::settings::{PortChoice, Restart};
use crate::server::unkillable;
use crate::sys::handle::ProcessHandle;
use crate::sys::poll::Poller;
use crate::sys::pty::Pty;
use crate::sys::signals::Inbox;
use crate::sys::wait::{self, Collected, Exit};
use crate::sys::{Identity, Pid, children, fd, fork, orphans, title};
use crate::terminate::survivors::Survivors;
use crate::terminate::tree::Progress;
use crate::terminate::{group, orphans as lost};
use crate::units::time;
use crate::{context, failpoint};

/// How long a start waits for files that go on changing.
const UNSETTLED: Duration = Duration::from_secs(2);

/// What a supervisor is given beside the plan.
pub struct Channels {
    /// Who the keeper is. Not asked of the system later on: a keeper that died has left us to another parent.
    pub keeper: Option<Identity>,
    /// From the keeper.
    pub lifeline: SupervisorEnd,
    /// To `start`.
    pub announcer: Option<Announcer>,
    /// For `run`.
    pub client: Option<ClientStreams>,
}

pub struct Supervisor {
    plan: Plan,
    sources: Sources,
    /// To `start`, until the server is ready.
    announcer: Option<Announcer>,
    log: LogWriter,
    terminal: Option<Pty>,
    is_adopting: bool,
    restart: RestartPolicy,
    port: Option<HeldPort>,
    /// What has changed that the server is started again for.
    changed: Option<String>,
    /// Its turn among those that the same launcher starts, until that is done.
    turn: Option<LockFile>,
    containment: Containment,
}

/// How the run of an instance is over.
enum Outcome {
    /// The tree is gone.
    Ended(EndedInstance),
    /// What is left may not be signalled, but hung up on by the end of this process.
    HangUp(Exit),
}

/// What follows.
enum Next {
    /// The server is to be started now.
    Start,
    /// The supervisor leaves with what a shell would report of the server.
    Leave(i32),
}

impl Supervisor {
    /// Becomes the supervisor of `plan`, or fails because signals cannot be received. Nearly all else that can go wrong here
    /// only takes away a safety net.
    pub fn new(mut plan: Plan, channels: Channels) -> std::io::Result<Self> {
        let _ = setsid();
        title::set_short(titles::SUPERVISOR);
        let inbox = Inbox::new(&REQUESTS).inspect_err(|error| plan.fail(error))?;
        let is_adopting = orphans::adopt().is_ok();
        let settings = &plan.record.settings;
        // A client that talks to a server has a state that a new one would not know.
        let restart = if plan.record.mode == Mode::Start { settings.restart } else { Restart::No };
        let choice = settings.port.as_ref().map(|wish| wish.number);
        let policy = PortPolicy::new(choice, plan.record.mode);
        let lease = plan.lease.take();
        let port = lease.map(|lease| HeldPort::new(lease, choice.unwrap_or(PortChoice::Auto), policy));
        let terminal = if settings.terminal { Pty::take_as_controlling().ok() } else { None };
        let me = ProcessHandle::open(Pid::this());
        let secrets = Secrets::new(&plan.invocation.secrets);
        plan.record.watchers =
            channels.keeper.zip(me).map(|(keeper, me)| Watchers { keeper, supervisor: me.identity() });
        Ok(Self {
            sources: Sources {
                inbox,
                lifeline: Some(channels.lifeline),
                watched: std::mem::take(&mut plan.watched),
                client: channels.client.map(|streams| Client::of(streams, &plan.record, secrets.clone())),
                files: None,
            },
            announcer: channels.announcer,
            log: LogWriter::new(&plan.paths, &plan.record, secrets),
            terminal,
            is_adopting,
            restart: RestartPolicy::new(restart, plan.record.autostart),
            port,
            changed: None,
            turn: None,
            containment: Containment::default(),
            plan,
        })
    }

    /// Runs the server until it is over, starting it again when asked to or when it fails. Returns what a shell would
    /// report of it.
    pub fn run(mut self) -> i32 {
        let mut is_first = true;
        self.watch_files();
        loop {
            let turn = self.let_files_settle().and_then(|()| self.take_turn());
            let started = turn.map(|()| self.start());
            if std::mem::take(&mut is_first) && started.is_ok() {
                self.introduce();
            }
            let next = match started {
                Ok(Ok(instance)) => {
                    let outcome = self.supervise(instance);
                    self.end_turn();
                    match outcome {
                        Outcome::Ended(ended) => self.follow(&ended),
                        Outcome::HangUp(exit) => return self.hang_up(exit.shell_code()),
                    }
                }
                Ok(Err(error)) => {
                    self.end_turn();
                    self.follow_unstarted(&error)
                }
                Err(reason) => self.call_off(&End::unstarted(None), reason),
            };
            if let Next::Leave(code) = next {
                return self.leave(code);
            }
        }
    }

    /// What people may see of us: nothing that the server has to wait for.
    fn introduce(&mut self) {
        let record = &self.plan.record;
        title::set(&format!("mcp-hook: supervisor {} {}", record.token.session(), record.name));
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

    /// What is made while the server starts is a change, so this comes first.
    fn watch_files(&mut self) {
        match FileWatch::of(&self.plan.record) {
            Ok(files) => self.sources.files = files,
            Err(why) => self.warn(&why),
        }
    }

    /// Waits a moment for files that are just being written: what is started is not to be half of it.
    fn let_files_settle(&mut self) -> Result<(), Reason> {
        let until = context::now() + UNSETTLED;
        while context::now() < until && self.sources.files.as_ref().is_some_and(FileWatch::is_unsettled) {
            let left = until.saturating_duration_since(context::now());
            if let Some(reason) = self.wait(None, Some(left)).filter(|&reason| Order::after(reason) >= Order::Stop) {
                return Err(reason);
            }
        }
        Ok(())
    }

    /// Waits until no other server is being started by the same launcher with the same cache; or until the server is not to
    /// be started any more, with the reason as an error.
    fn take_turn(&mut self) -> Result<(), Reason> {
        let Some(queue) = LauncherQueue::of(&self.plan.invocation, context::now()) else { return Ok(()) };
        let mut has_told = false;
        loop {
            let pause = match queue.take_turn(&self.plan.paths.launchers, context::now()) {
                Turn::Taken(lock) => {
                    self.turn = Some(lock);
                    return Ok(());
                }
                Turn::Skip(why) => {
                    self.note(Level::Warn, &why);
                    return Ok(());
                }
                Turn::Wait(pause) => pause,
            };
            if !std::mem::replace(&mut has_told, true) {
                self.record(ServerState::Starting);
                self.tell(&format!("waiting for another server that {} fetches to be done", queue.launcher.name()));
            }
            if let Some(reason) = self.wait(None, Some(pause))
                && Order::after(reason) >= Order::Stop
            {
                return Err(reason);
            }
        }
    }

    /// Lets the next one have its turn.
    fn end_turn(&mut self) {
        if let Some(turn) = self.turn.take() {
            turn.give_back();
        }
    }

    fn start(&mut self) -> Result<Instance, StartError> {
        self.plan.record.history.samples.clear();
        self.record(ServerState::Starting);
        if let Some(port) = &mut self.port {
            port.prepare();
        }
        self.containment.prepare(self.plan.container.as_ref());
        failpoint::kill("before-fork");
        let started = Instance::start(&self.plan, self.terminal.as_ref());
        if let Some(files) = &mut self.sources.files {
            files.server_started(context::now());
        }
        failpoint::kill("after-fork");
        // From here on only the server has the client's streams.
        fd::silence_standard();
        match started {
            Ok(mut instance) => {
                let (server, since) = (instance.child.identity, instance.child.since);
                self.note(Level::Info, &format!("{STARTED}{}", server.pid()));
                self.record(ServerState::Running { server, since, ready: false });
                self.connect(&mut instance);
                Ok(instance)
            }
            Err(mut error) => {
                error.cause = self.log.masked(&error.cause);
                Err(error)
            }
        }
    }

    /// The loop: waits for events and acts on them until the server's tree is gone.
    fn supervise(&mut self, mut instance: Instance) -> Outcome {
        loop {
            let limit = sooner(instance.look_again, self.link().and_then(|link| link.limit(context::now())));
            let limit = sooner(limit, self.idle_in());
            if let Some(reason) = self.wait(Some(&mut instance), limit) {
                self.stop(&mut instance, reason);
            }
            if instance.stop.is_none()
                && let Some(why) = self.link().and_then(|link| link.complaint(context::now()))
            {
                self.note(Level::Warn, &why);
                self.stop(&mut instance, Reason::Unusable);
            }
            if instance.stop.is_none() && self.idle_in() == Some(Duration::ZERO) {
                self.stop(&mut instance, Reason::Idle);
            }
            for action in instance.look(&self.plan.record) {
                self.act(action, &mut instance);
            }
            if let Some(outcome) = self.go_on_stopping(&mut instance) {
                return outcome;
            }
        }
    }

    /// Waits for what happens next, at most for `limit`, and does what needs no decision. Returns the reason to end the
    /// server, if one has come up.
    fn wait(&mut self, mut instance: Option<&mut Instance>, limit: Option<Duration>) -> Option<Reason> {
        let mut poller = Poller::new(limit);
        self.sources.register(&mut poller);
        if let Some(instance) = &instance {
            instance.child.register(&mut poller, self.sources.client.as_ref());
        }
        let ready = poller.wait();
        let mut events: Vec<Event> = ready.into_iter().filter_map(|source: Source| self.sources.read(source)).collect();
        for event in &events {
            self.handle(event, instance.as_deref_mut());
        }
        events.extend(self.take_file_change());
        events::reason_to_end(&events, self.plan.record.is_restartable())
    }

    fn take_file_change(&mut self) -> Option<Event> {
        let files = self.sources.files.as_mut()?;
        let change = files.take_due(context::now());
        for note in files.take_notes() {
            self.warn(&note);
        }
        self.changed = Some(self.log.masked(&change?));
        Some(Event::FilesChanged)
    }

    /// How long until the server is ended because its client needs nothing of it.
    fn idle_in(&self) -> Option<Duration> {
        let limit = Duration::from_millis(self.plan.record.settings.idle_ms?);
        self.link()?.idle_in(limit, context::now())
    }

    fn handle(&mut self, event: &Event, instance: Option<&mut Instance>) {
        let client = &mut self.sources.client;
        match (event, instance) {
            (Event::ClientReads, _) => {
                if let Some(client) = client {
                    client.write();
                }
            }
            (Event::Printed(stream), Some(instance)) => {
                if let Some(pipe) = instance.child.output(*stream) {
                    pipe.pump(&mut self.log, client.as_mut(), instance.probes.readiness.as_mut());
                }
            }
            (Event::Connection(end), _) => {
                let actions = self.link_mut().map(|link| link.serve(*end, context::now()));
                self.carry_out(actions);
            }
            (Event::Forwarded(signals), Some(instance)) => {
                instance.child.forward(signals);
                if let Some(link) = self.link_mut() {
                    link.note_signals(signals, context::now());
                }
            }
            (Event::Signals(signals), _) if signals.contains(&REWRITE) => self.plan.restore(),
            _ => {}
        }
    }

    /// Does what a look at the server asks for.
    fn act(&mut self, action: Action, instance: &mut Instance) {
        match action {
            Action::EndTurn => self.end_turn(),
            Action::Tell(text) => self.tell(&text),
            Action::Warn(text) => self.note(Level::Warn, &text),
            Action::ConfirmPort(address) => self.confirm_port(address),
            Action::BlamePort(stranger) => {
                if let Some(port) = &mut self.port {
                    port.blame(stranger);
                }
            }
            Action::WriteRecord => self.write_record(),
            Action::BecomeReady => self.become_ready(instance),
            Action::AddSample(sample) => {
                self.plan.record.history.push(sample);
                self.write_record();
            }
            Action::TrimMemory => fork::trim_memory(),
            Action::Stop(reason) => self.stop(instance, reason),
        }
    }

    fn become_ready(&mut self, instance: &Instance) {
        let (server, since) = (instance.child.identity, instance.child.since);
        let took = Duration::from_millis(context::wall_millis().saturating_sub(since));
        self.note(Level::Info, &format!("ready after {:.1} s", took.as_secs_f64()));
        self.record(ServerState::Running { server, since, ready: true });
        if let Some(announcer) = self.announcer.take() {
            announcer.say_ready();
        }
    }

    fn confirm_port(&mut self, address: ListenAddress) {
        if let Some(port) = &mut self.port {
            port.confirm();
        }
        let Some(port) = &mut self.plan.record.port else { return };
        let is_news = address.public && (port.address, port.public) != (Some(address.address), true);
        (port.address, port.public) = (Some(address.address), address.public);
        let number = port.number;
        if is_news {
            self.note(Level::Warn, &format!("warning: other machines can reach it on port {number}"));
        }
    }

    /// Begins to end the tree, or goes on doing so for one more reason.
    fn stop(&mut self, instance: &mut Instance, reason: Reason) {
        if instance.stop.is_none()
            && let Some(port) = &mut self.port
        {
            port.hold();
        }
        let record = &self.plan.record;
        if let Some(reason) = instance.begin_stop(reason, record.mode, &record.settings) {
            self.record(ServerState::Stopping { server: instance.child.identity, reason });
        }
        let is_followed = instance.stop.as_ref().is_some_and(|stop| stop.reason == Reason::Idle || stop.is_restart());
        if let Some(link) = self.link_mut().filter(|_| is_followed) {
            link.hold();
        }
        failpoint::kill("while-stopping");
    }

    /// Does what is due to end the tree, if it is being ended. Returns how it is over.
    fn go_on_stopping(&mut self, instance: &mut Instance) -> Option<Outcome> {
        let leader = instance.child.pid();
        let stop = instance.stop.as_ref()?;
        let container = self.plan.container.as_ref();
        let asking = container.and_then(|container| self.containment.tell(container, &stop.ending, leader));
        match instance.go_on_stopping(asking)? {
            Progress::Wait(_) => None,
            Progress::Unkillable(survivors) => {
                let stop = instance.stop.as_ref()?;
                if self.may_hang_up(leader, &survivors) {
                    return Some(Outcome::HangUp(stop.ending.leader_exit.unwrap_or(Exit::Code(1))));
                }
                self.report_unkillable(&survivors, stop.reason);
                None
            }
            Progress::Done { mut kept } => {
                kept.retain(|&pid| Some(pid) != asking);
                let mut stop = instance.stop.take()?;
                self.end_container(&mut stop);
                stop.ending.killed |= self.end_escaped();
                instance.child.drain(&mut self.log, self.sources.client.as_mut());
                let said = self.link_mut().map(|link| link.drain(context::now()));
                self.carry_out(said);
                // Later than all that it said.
                let mut ended = instance.describe(&stop, &kept);
                ended.end.changed = self.changed.take().filter(|_| ended.end.reason == Reason::FileChanged);
                Some(Outcome::Ended(ended))
            }
        }
    }

    /// Ends what is left of the container after its client has gone.
    fn end_container(&mut self, stop: &mut Stop) {
        let Some(mut container) = self.plan.container.take() else { return };
        let mut containment = std::mem::take(&mut self.containment);
        let mut reasons = Vec::new();
        containment.end(&mut container, &stop.ending, &mut |limit| reasons.extend(self.wait(None, Some(limit))));
        self.containment = containment;
        if container.is_left() {
            let text = contained::complaint(&container);
            self.note(Level::Error, &text);
            self.say_to_client(&format!("{}: {text}", self.plan.record.name));
        }
        if self.plan.record.container.is_some() {
            self.plan.record.container = Some(container.clone());
        }
        self.plan.container = Some(container);
        for reason in reasons {
            stop.overrule(reason);
        }
    }

    /// Ends what is nobody's child any more where orphans are not adopted; true if there was something.
    fn end_escaped(&self) -> bool {
        !self.is_adopting && lost::end(&trace(&self.plan.record).in_session(Pid::this())).0 > 0
    }

    fn report_unkillable(&mut self, survivors: &Survivors, reason: Reason) {
        if let ServerState::Unkillable { .. } = self.plan.record.state {
            return;
        }
        self.record(ServerState::unkillable(survivors, reason));
        if let ServerState::Unkillable { pids, refused, .. } = &self.plan.record.state {
            let text = format!("{}; still waiting", unkillable::describe(pids, refused));
            self.note(Level::Error, &text);
        }
    }

    /// Whether our own end would reach what our signals do not: the kernel hangs up on the group in the foreground of our
    /// terminal, whoever runs there. The keeper adopts what is left.
    fn may_hang_up(&self, leader: Pid, survivors: &Survivors) -> bool {
        self.terminal.is_some() && self.is_adopting && group::may_be_hung_up_on(leader, survivors, &is_kept)
    }

    /// Leaves what is left to the hang-up of our terminal, and to the keeper.
    fn hang_up(mut self, code: i32) -> i32 {
        self.note(Level::Warn, "hangs up the terminal: what is left may not be signalled");
        self.log.drain();
        self.terminal = None;
        self.leave(code)
    }

    /// Records the end of a tree and sees to what follows.
    fn follow(&mut self, ended: &EndedInstance) -> Next {
        if let Some(next) = self.see_to_port(ended) {
            return next;
        }
        let end = &ended.end;
        let run = RunEnd { reason: end.reason, exit: end.exit, ready_for: ended.ready_for };
        if let Some(next) = self.follow_for_client(end, ended.order, run) {
            return next;
        }
        // For a client that has left nothing is started again.
        let order = if self.link().is_some() { Order::Leave } else { ended.order };
        let verdict = self.restart.decide(order, run, context::now(), jitter());
        self.report_end(end, end_report::level(end, run, verdict));
        if let Some(text) = end_report::for_client(end, &self.plan.record) {
            self.say_to_client(&text);
        }
        let code = end.exit.map_or(1, Exit::shell_code);
        failpoint::kill("before-end");
        // Whoever waits for the end reads the log next.
        self.log.drain();
        let next = match verdict {
            Verdict::Leave | Verdict::GiveUp if self.awaits_change(order) => {
                let cause = match verdict {
                    Verdict::GiveUp => end_report::give_up_cause(end, &self.plan.record.settings),
                    _ => end_report::why_and_how(end, &self.plan.record.settings),
                };
                self.await_change(end, Some(cause).filter(|_| run.is_failure()))
            }
            Verdict::Leave => {
                self.record(ServerState::Ended(end.clone()));
                Next::Leave(code)
            }
            Verdict::GiveUp => {
                let cause = end_report::give_up_cause(end, &self.plan.record.settings);
                self.note(Level::Error, &format!("not started again: {cause}"));
                self.fail(end, cause, code)
            }
            Verdict::Again(pause) => self.pause(end, pause),
        };
        failpoint::kill("after-end");
        next
    }

    /// The same for a server whose client is still there: it keeps its connection, unless nothing ever answered, or
    /// nobody wants that.
    fn follow_for_client(&mut self, end: &End, order: Order, run: RunEnd) -> Option<Next> {
        let link = self.link_mut().filter(|link| link.has_client())?;
        let verdict = link.decide(order, run, context::now());
        let level = match verdict {
            ClientVerdict::Leave => return None,
            ClientVerdict::GiveUp => Level::Error,
            _ if order == Order::Decide && run.is_failure() => Level::Warn,
            _ => Level::Info,
        };
        self.report_end(end, level);
        if let Some(text) = end_report::for_client(end, &self.plan.record) {
            self.say_to_client(&text);
        }
        // What it said last is read from there.
        self.log.drain();
        let rest = Rest::after(&verdict, end, &self.plan.record, context::now());
        self.bury(end, rest.as_ref().map_or(Successor::Now, Rest::next));
        Some(match (verdict, rest) {
            (_, Some(rest)) => self.rest(end, rest),
            (ClientVerdict::Again(pause), None) => self.pause(end, pause),
            (_, None) => self.pause(end, Duration::ZERO),
        })
    }

    /// Tells the client of the end of a server, and what follows.
    fn bury(&mut self, end: &End, next: Successor) {
        let death: Death = end_report::death(end, &self.plan.record, &self.plan.paths);
        let actions = self.link_mut().map(|link| link.server_ended(&death, next, context::now()));
        self.carry_out(actions);
    }

    /// Keeps the client's connection without a server until one is wanted again.
    fn rest(&mut self, end: &End, mut rest: Rest) -> Next {
        if let Some(cause) = &rest.cause {
            let level = if rest.until.is_some() { Level::Error } else { Level::Info };
            self.note(level, &format!("not started again: {cause}"));
        }
        self.plan.record.last_end = Some(end.clone());
        self.record(ServerState::Idle { end: end.clone(), cause: rest.cause.clone() });
        while !self.link().is_some_and(ClientLink::is_wanted) {
            let left = rest.left(context::now());
            if left == Some(Duration::ZERO) {
                rest = Rest { cause: None, until: None };
                self.link_mut().map(ClientLink::await_request);
                self.record(ServerState::Idle { end: end.clone(), cause: None });
            }
            match self.idle(end, left) {
                Some(Next::Start) => break,
                Some(next) => return next,
                None => {}
            }
        }
        self.plan.record.restarts += 1;
        Next::Start
    }

    /// Waits while no server runs, at most for `limit`. Returns what follows, if somebody has said so.
    fn idle(&mut self, end: &End, limit: Option<Duration>) -> Option<Next> {
        let reason = self.wait(None, limit);
        // One that was let go may have ended.
        while matches!(wait::collect(), Collected::One(..)) {}
        let has_left = self.link().is_some_and(|link| !link.has_client());
        let reason = reason.or(has_left.then_some(Reason::ClientGone))?;
        match Order::after(reason) {
            Order::Decide => None,
            // The next message will find what has changed.
            _ if reason == Reason::FileChanged && matches!(end.reason, Reason::Idle | Reason::Stopped) => None,
            Order::Again => {
                self.note_change(reason);
                self.restart.forget();
                self.link_mut().map(ClientLink::revive);
                Some(Next::Start)
            }
            Order::Stop | Order::Leave => Some(self.call_off(end, reason)),
        }
    }

    fn link(&self) -> Option<&ClientLink> {
        self.sources.client.as_ref()?.link.as_ref()
    }

    fn link_mut(&mut self) -> Option<&mut ClientLink> {
        self.sources.client.as_mut()?.link.as_mut()
    }

    /// Connects the client with a server that has just been started, and tells a successor where its predecessor was.
    fn connect(&mut self, instance: &mut Instance) {
        let limit = Duration::from_millis(self.plan.record.settings.ready.timeout_ms);
        let Some((ends, link)) = instance.child.ends.take().zip(self.link_mut()) else { return };
        let actions = link.connect(ends, limit, context::now());
        self.carry_out(Some(actions));
    }

    fn carry_out(&mut self, actions: Option<Vec<LinkAction>>) {
        for action in actions.unwrap_or_default() {
            match action {
                LinkAction::Note(text) => self.note(Level::Warn, &text),
                LinkAction::Stray(line) => {
                    if let Some(client) = &mut self.sources.client {
                        client.push_stray(&line, &mut self.log);
                    }
                }
            }
        }
    }

    /// The same for a server that could not be executed: final if it never was ready, else a failure as others.
    fn follow_unstarted(&mut self, error: &StartError) -> Next {
        self.note(Level::Error, &error.cause);
        self.say_to_client(&error.cause);
        self.log.drain();
        // What has to pass for a first start is not what a shell would report of it.
        let exit = if error.may_pass { None } else { Some(Exit::Code(error.code)) };
        let run = RunEnd { reason: Reason::Exited, exit, ready_for: None };
        let end = End::unstarted(Some(error.code));
        if let Some(next) = self.follow_for_client(&end, Order::Decide, run) {
            return next;
        }
        match self.restart.decide(Order::Decide, run, context::now(), jitter()) {
            Verdict::Again(pause) => self.pause(&end, pause),
            Verdict::Leave | Verdict::GiveUp if self.awaits_change(Order::Decide) => {
                self.await_change(&end, Some(error.cause.clone()))
            }
            Verdict::Leave | Verdict::GiveUp => {
                self.record(ServerState::Failed { cause: error.cause.clone(), code: error.code });
                Next::Leave(error.code)
            }
        }
    }

    /// Sees to the port of a server that has ended, if that is the reason; then what follows is known.
    fn see_to_port(&mut self, ended: &EndedInstance) -> Option<Next> {
        let outcome = self.port.as_mut()?.see_to(ended);
        if !matches!(outcome, PortOutcome::NotTheReason) {
            self.report_end(&ended.end, Level::Warn);
        }
        if matches!(outcome, PortOutcome::LetGo | PortOutcome::Moved { .. }) {
            self.bury(&ended.end, Successor::Now);
        }
        match outcome {
            PortOutcome::NotTheReason => None,
            PortOutcome::LetGo => {
                self.note(Level::Info, "trying once more with the port let go, in case that it does not share it");
                Some(Next::Start)
            }
            PortOutcome::Moved { from, to, by } => {
                self.plan.record.port = Some(self.plan.invocation.port(to));
                let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
                self.note(Level::Warn, &format!("warning: port {from} was taken{by}; moving to port {to}"));
                Some(Next::Start)
            }
            PortOutcome::Lost(cause) => {
                self.note(Level::Error, &cause);
                self.say_to_client(&format!("could not run {}: {cause}", self.plan.record.name));
                Some(self.fail(&ended.end, cause, 1))
            }
        }
    }

    /// Gives the server up; a client that one has answered keeps its connection.
    fn fail(&mut self, end: &End, cause: String, code: i32) -> Next {
        if self.link().is_some_and(ClientLink::is_bound) {
            let rest = Rest::given_up(cause, context::now());
            self.bury(end, rest.next());
            return self.rest(end, rest);
        }
        self.plan.record.last_end = Some(end.clone());
        self.record(ServerState::Failed { cause, code });
        Next::Leave(code)
    }

    /// Waits until the server is to be started again or somebody does not want that any more.
    fn pause(&mut self, end: &End, pause: Duration) -> Next {
        let until = context::now() + pause;
        let millis = time::millis(pause);
        if !pause.is_zero() {
            self.note(Level::Info, &format!("will be started again in {:.2} s", pause.as_secs_f64()));
        }
        self.plan.record.last_end = Some(end.clone());
        self.record(ServerState::Waiting { end: end.clone(), until: context::wall_millis().saturating_add(millis) });
        failpoint::kill("waiting");
        self.await_start(end, Some(until))
    }

    /// Whether a server that has ended by itself stays there to be started again when a file changes: if it has ever been
    /// ready. A first start that fails is final.
    fn awaits_change(&self, order: Order) -> bool {
        self.sources.files.is_some() && order == Order::Decide && self.restart.was_ready()
    }

    /// The developer will mend it.
    fn await_change(&mut self, end: &End, cause: Option<String>) -> Next {
        self.note(Level::Info, "will be started again when a watched file changes");
        self.plan.record.last_end = Some(end.clone());
        self.record(ServerState::Idle { end: end.clone(), cause });
        self.await_start(end, None)
    }

    fn await_start(&mut self, end: &End, until: Option<Instant>) -> Next {
        loop {
            let left = until.map(|until| until.saturating_duration_since(context::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            match self.idle(end, left) {
                Some(Next::Start) => break,
                Some(next) => return next,
                None => {}
            }
        }
        self.plan.record.restarts += 1;
        Next::Start
    }

    fn note_change(&mut self, reason: Reason) {
        if let Some(file) = self.changed.take().filter(|_| reason == Reason::FileChanged) {
            self.note(Level::Info, &format!("started again because {} ({file})", reason.text()));
        }
    }

    /// Does not start the server any more; or, if somebody has stopped it under its client, not until it is asked for.
    fn call_off(&mut self, end: &End, reason: Reason) -> Next {
        let end = End { reason, at: context::wall_millis(), took: 0, killed: false, ..end.clone() };
        if Order::after(reason) == Order::Stop && self.link().is_some_and(ClientLink::has_client) {
            let rest = Rest::stopped(&self.plan.record.name);
            self.bury(&end, rest.next());
            return self.rest(&end, rest);
        }
        let text = reason.explain(&self.plan.record.settings);
        let again = if self.plan.record.last_end.is_some() { " again" } else { "" };
        self.note(Level::Info, &format!("not started{again} because {text}"));
        let code = end.exit.map_or(1, Exit::shell_code);
        self.record(ServerState::Ended(end));
        Next::Leave(code)
    }

    fn report_end(&mut self, end: &End, level: Level) {
        let record = &self.plan.record;
        let lines = end_report::lines(end, record, level);
        let text = end_report::failure_for_client(end, record, &self.plan.paths.log);
        for (level, line) in lines {
            self.note(level, &line);
        }
        if level == Level::Error {
            self.say_to_client(&text);
        }
    }

    /// Writes down what is waited for, and says it to whoever waits too.
    fn tell(&mut self, text: &str) {
        self.note(Level::Info, text);
        if let Some(announcer) = &mut self.announcer {
            announcer.tell(text);
        }
    }

    /// Notes what people should know at once, and says it to who waits for the start and to the client.
    fn warn(&mut self, text: &str) {
        let text = self.log.masked(&format!("warning: {text}"));
        self.note(Level::Warn, &text);
        if let Some(announcer) = &mut self.announcer {
            announcer.tell(&text);
        }
        self.say_to_client(&format!("{}: {text}", self.plan.record.name));
    }

    fn say_to_client(&mut self, text: &str) {
        if let Some(client) = &mut self.sources.client {
            client.say(text);
        }
    }

    fn note(&mut self, level: Level, text: &str) {
        self.log.note(level, context::wall_clock(), text);
    }

    fn record(&mut self, state: ServerState) {
        self.plan.record.state = state;
        self.write_record();
    }

    fn write_record(&self) {
        // A runtime directory that vanished costs the server nothing but its record.
        let _ = self.plan.record.write(&self.plan.paths);
    }

    /// Waits until the client has taken what the server said last; if it takes nothing, no longer than a server is waited
    /// for whose client has gone.
    fn deliver(&mut self) {
        let patience = stop_timeouts(Reason::ClientGone, Mode::Run, None).longest();
        let (mut left, mut since) = (usize::MAX, context::now());
        while let Some(undelivered) = self.link().map(ClientLink::undelivered).filter(|&bytes| bytes > 0) {
            if undelivered < left {
                (left, since) = (undelivered, context::now());
            }
            let pause = patience.saturating_sub(context::now() - since);
            let reason = self.wait(None, Some(pause));
            if pause.is_zero() || reason.is_some_and(|reason| reason != Reason::ClientGone) {
                return;
            }
        }
    }

    fn leave(mut self, code: i32) -> i32 {
        self.deliver();
        failpoint::kill("before-leaving");
        if let Some(port) = self.port.take() {
            port.give_back();
        }
        if let Some(terminal) = &self.terminal {
            terminal.release();
        }
        if let Some(client) = &mut self.sources.client {
            client.finish();
        }
        // A keeper that somebody stopped could not collect us, and would hold the lock.
        let keeper = self.plan.record.watchers.and_then(|both| ProcessHandle::reopen(&both.keeper));
        let _ = keeper.map(|keeper| keeper.signal(Signal::SIGCONT));
        code
    }
}

/// Any number: servers that fell together are not to rise together.
fn jitter() -> u64 {
    fd::random().unwrap_or_default()
}
