//! The supervisor: starts a server's tree, watches it, ends it, and leaves only when nothing of it is left.
//!
//! This is its state, its loop, and all that it does. What is to be done it asks the policies beside it; what happens it
//! hears, and what it has to tell it says, at its [`Desk`].

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::setsid;

use super::action::Action;
use super::child::StartError;
use super::client_link::{ClientLink, Rest};
use super::client_policy::ClientVerdict;
use super::contained::{self, Containment};
use super::desk::{Channels, Desk};
use super::held_port::{HeldPort, PortOutcome};
use super::instance::{EndedInstance, Instance, Stop};
use super::launcher_queue::{LauncherQueue, Turn};
use super::plan::{Plan, is_kept, trace};
use super::port_policy::PortPolicy;
use super::probes::sooner;
use super::restart_policy::{Order, RestartPolicy, RunEnd, Verdict};
use super::{end_report, titles};
use crate::disk::lock_file::LockFile;
use crate::log::STARTED;
use crate::log::central::Level;
use crate::mcp::relay::Next as Successor;
use crate::port::probe::ListenAddress;
use crate::server::end::{End, Reason};
use crate::server::record::{Mode, ServerState};
use crate::server::settings::{PortChoice, Restart};
use crate::sys::handle::ProcessHandle;
use crate::sys::pty::Pty;
use crate::sys::wait::{self, Collected, Exit};
use crate::sys::{Pid, fd, fork, orphans, title};
use crate::terminate::survivors::Survivors;
use crate::terminate::tree::Progress;
use crate::terminate::{group, orphans as lost};
use crate::units::time;
use crate::{context, failpoint};

pub struct Supervisor {
    desk: Desk,
    terminal: Option<Pty>,
    is_adopting: bool,
    restart: RestartPolicy,
    port: Option<HeldPort>,
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
        let is_adopting = orphans::adopt().is_ok();
        let lease = plan.lease.take();
        let desk = Desk::new(plan, channels)?;
        let record = &desk.plan.record;
        let settings = &record.settings;
        // A client that talks to a server has a state that a new one would not know.
        let restart = if record.mode == Mode::Start { settings.restart } else { Restart::No };
        let choice = settings.port.as_ref().map(|wish| wish.number);
        let policy = PortPolicy::new(choice, record.mode);
        let port = lease.map(|lease| HeldPort::new(lease, choice.unwrap_or(PortChoice::Auto), policy));
        let terminal = if settings.terminal { Pty::take_as_controlling().ok() } else { None };
        Ok(Self {
            terminal,
            is_adopting,
            restart: RestartPolicy::new(restart, record.autostart),
            port,
            turn: None,
            containment: Containment::default(),
            desk,
        })
    }

    /// Runs the server until it is over, starting it again when asked to or when it fails. Returns what a shell would
    /// report of it.
    pub fn run(mut self) -> i32 {
        let mut is_first = true;
        self.desk.watch_files();
        loop {
            let turn = self.desk.let_files_settle().and_then(|()| self.take_turn());
            let started = turn.map(|()| self.start());
            if std::mem::take(&mut is_first) && started.is_ok() {
                self.desk.introduce(self.is_adopting);
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

    /// Waits until no other server is being started by the same launcher with the same cache; or until the server is not to
    /// be started any more, with the reason as an error.
    fn take_turn(&mut self) -> Result<(), Reason> {
        let Some(queue) = LauncherQueue::of(&self.desk.plan.invocation, context::now()) else { return Ok(()) };
        let mut has_told = false;
        loop {
            let pause = match queue.take_turn(&self.desk.plan.paths.launchers, context::now()) {
                Turn::Taken(lock) => {
                    self.turn = Some(lock);
                    return Ok(());
                }
                Turn::Skip(why) => {
                    self.desk.note(Level::Warn, &why);
                    return Ok(());
                }
                Turn::Wait(pause) => pause,
            };
            if !std::mem::replace(&mut has_told, true) {
                self.desk.record(ServerState::Starting);
                self.desk
                    .tell(&format!("waiting for another server that {} fetches to be done", queue.launcher.name()));
            }
            if let Some(reason) = self.desk.wait(None, Some(pause))
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
        self.desk.plan.record.history.samples.clear();
        self.desk.plan.record.differences.clear();
        self.desk.record(ServerState::Starting);
        if let Some(port) = &mut self.port {
            port.prepare();
        }
        self.containment.prepare(self.desk.plan.container.as_ref());
        failpoint::kill("before-fork");
        let started = Instance::start(&self.desk.plan, self.terminal.as_ref());
        if let Some(files) = &mut self.desk.sources.files {
            files.server_started(context::now());
        }
        failpoint::kill("after-fork");
        // From here on only the server has the client's streams.
        fd::silence_standard();
        match started {
            Ok(mut instance) => {
                let (server, since) = (instance.child.identity, instance.child.since);
                self.desk.note(Level::Info, &format!("{STARTED}{}", server.pid()));
                self.desk.record(ServerState::Running { server, since, ready: false });
                self.desk.connect(&mut instance);
                Ok(instance)
            }
            Err(mut error) => {
                error.cause = self.desk.log.masked(&error.cause);
                Err(error)
            }
        }
    }

    /// The loop: waits for events and acts on them until the server's tree is gone.
    fn supervise(&mut self, mut instance: Instance) -> Outcome {
        loop {
            let limit = sooner(instance.look_again, self.due_in().filter(|_| instance.stop.is_none()));
            if let Some(reason) = self.desk.wait(Some(&mut instance), limit) {
                self.stop(&mut instance, reason);
            }
            if instance.stop.is_none()
                && let Some(why) = self.desk.link().and_then(|link| link.complaint(context::now()))
            {
                self.desk.note(Level::Warn, &why);
                self.stop(&mut instance, Reason::Unusable);
            }
            if instance.stop.is_none() && self.idle_in() == Some(Duration::ZERO) {
                self.stop(&mut instance, Reason::Idle);
            }
            for action in instance.look(&self.desk.plan.record) {
                self.act(action, &mut instance);
            }
            if let Some(outcome) = self.go_on_stopping(&mut instance) {
                return outcome;
            }
        }
    }

    /// Does what a look at the server asks for.
    fn act(&mut self, action: Action, instance: &mut Instance) {
        match action {
            Action::EndTurn => self.end_turn(),
            Action::Tell(text) => self.desk.tell(&text),
            Action::Warn(text) => self.desk.note(Level::Warn, &text),
            Action::ConfirmPort(address) => self.confirm_port(address),
            Action::BlamePort(stranger) => {
                if let Some(port) = &mut self.port {
                    port.blame(stranger);
                }
            }
            Action::WriteRecord => self.desk.write_record(),
            Action::BecomeReady => self.desk.become_ready(instance),
            Action::AddSample(sample) => {
                self.desk.plan.record.history.push(sample);
                self.desk.write_record();
            }
            Action::TrimMemory => fork::trim_memory(),
            Action::Stop(reason) => self.stop(instance, reason),
        }
    }

    fn confirm_port(&mut self, address: ListenAddress) {
        if let Some(port) = &mut self.port {
            port.confirm();
        }
        let Some(port) = &mut self.desk.plan.record.port else { return };
        let is_news = address.public && (port.address, port.public) != (Some(address.address), true);
        (port.address, port.public) = (Some(address.address), address.public);
        let number = port.number;
        if is_news {
            self.desk.note(Level::Warn, &format!("warning: other machines can reach it on port {number}"));
        }
    }

    /// How long until its client's connection may ask for the end of the server.
    fn due_in(&self) -> Option<Duration> {
        sooner(self.desk.link().and_then(|link| link.limit(context::now())), self.idle_in())
    }

    /// How long until the server is ended because its client needs nothing of it.
    fn idle_in(&self) -> Option<Duration> {
        let limit = Duration::from_millis(self.desk.plan.record.settings.idle_ms?);
        self.desk.link()?.idle_in(limit, context::now())
    }

    /// Begins to end the tree, or goes on doing so for one more reason.
    fn stop(&mut self, instance: &mut Instance, reason: Reason) {
        if instance.stop.is_none()
            && let Some(port) = &mut self.port
        {
            port.hold();
        }
        let record = &self.desk.plan.record;
        if let Some(reason) = instance.begin_stop(reason, record.mode, &record.settings) {
            self.desk.record(ServerState::Stopping { server: instance.child.identity, reason });
        }
        let is_followed = instance.stop.as_ref().is_some_and(|stop| stop.reason == Reason::Idle || stop.is_restart());
        if let Some(link) = self.desk.link_mut().filter(|_| is_followed) {
            link.hold();
        }
        failpoint::kill("while-stopping");
    }

    /// Does what is due to end the tree, if it is being ended. Returns how it is over.
    fn go_on_stopping(&mut self, instance: &mut Instance) -> Option<Outcome> {
        let leader = instance.child.pid();
        let stop = instance.stop.as_ref()?;
        let container = self.desk.plan.container.as_ref();
        let asking = container.and_then(|container| self.containment.tell(container, &stop.ending, leader));
        match instance.go_on_stopping(asking)? {
            Progress::Wait(_) => None,
            Progress::Unkillable(survivors) => {
                let stop = instance.stop.as_ref()?;
                if self.may_hang_up(leader, &survivors) {
                    return Some(Outcome::HangUp(stop.ending.leader_exit.unwrap_or(Exit::Code(1))));
                }
                self.desk.report_unkillable(&survivors, stop.reason);
                None
            }
            Progress::Done { mut kept } => {
                kept.retain(|&pid| Some(pid) != asking);
                let mut stop = instance.stop.take()?;
                self.end_container(&mut stop);
                stop.ending.killed |= self.end_escaped();
                instance.child.drain(&mut self.desk.log, self.desk.sources.client.as_mut());
                let said = self.desk.link_mut().map(|link| link.drain(context::now()));
                self.desk.carry_out(said);
                // Later than all that it said.
                let mut ended = instance.describe(&stop, &kept);
                ended.end.changed = self.desk.changed.take().filter(|_| ended.end.reason == Reason::FileChanged);
                Some(Outcome::Ended(ended))
            }
        }
    }

    /// Ends what is left of the container after its client has gone.
    fn end_container(&mut self, stop: &mut Stop) {
        let Some(mut container) = self.desk.plan.container.take() else { return };
        let mut containment = std::mem::take(&mut self.containment);
        let mut reasons = Vec::new();
        containment.end(&mut container, &stop.ending, &mut |limit| reasons.extend(self.desk.wait(None, Some(limit))));
        self.containment = containment;
        if container.is_left() {
            let text = contained::complaint(&container);
            self.desk.note(Level::Error, &text);
            self.desk.say_to_client(&format!("{}: {text}", self.desk.plan.record.name));
        }
        if self.desk.plan.record.container.is_some() {
            self.desk.plan.record.container = Some(container.clone());
        }
        self.desk.plan.container = Some(container);
        for reason in reasons {
            stop.overrule(reason);
        }
    }

    /// Ends what is nobody's child any more where orphans are not adopted; true if there was something.
    fn end_escaped(&self) -> bool {
        !self.is_adopting && lost::end(&trace(&self.desk.plan.record).in_session(Pid::this())).0 > 0
    }

    /// Whether our own end would reach what our signals do not: the kernel hangs up on the group in the foreground of our
    /// terminal, whoever runs there. The keeper adopts what is left.
    fn may_hang_up(&self, leader: Pid, survivors: &Survivors) -> bool {
        self.terminal.is_some() && self.is_adopting && group::may_be_hung_up_on(leader, survivors, &is_kept)
    }

    /// Leaves what is left to the hang-up of our terminal, and to the keeper.
    fn hang_up(mut self, code: i32) -> i32 {
        self.desk.note(Level::Warn, "hangs up the terminal: what is left may not be signalled");
        self.desk.log.drain();
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
        let order = if self.desk.link().is_some() { Order::Leave } else { ended.order };
        let verdict = self.restart.decide(order, run, context::now(), jitter());
        self.desk.report_end(end, end_report::level(end, run, verdict));
        if let Some(text) = end_report::for_client(end, &self.desk.plan.record) {
            self.desk.say_to_client(&text);
        }
        let code = end.exit.map_or(1, Exit::shell_code);
        failpoint::kill("before-end");
        // Whoever waits for the end reads the log next.
        self.desk.log.drain();
        let next = match verdict {
            Verdict::Leave | Verdict::GiveUp if self.awaits_change(order) => {
                let cause = match verdict {
                    Verdict::GiveUp => end_report::give_up_cause(end, &self.desk.plan.record.settings),
                    _ => end_report::why_and_how(end, &self.desk.plan.record.settings),
                };
                self.await_change(end, Some(cause).filter(|_| run.is_failure()))
            }
            Verdict::Leave => {
                self.desk.record(ServerState::Ended(end.clone()));
                Next::Leave(code)
            }
            Verdict::GiveUp => {
                let cause = end_report::give_up_cause(end, &self.desk.plan.record.settings);
                self.desk.note(Level::Error, &format!("not started again: {cause}"));
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
        let link = self.desk.link_mut().filter(|link| link.has_client())?;
        let verdict = link.decide(order, run, context::now());
        let level = match verdict {
            ClientVerdict::Leave => return None,
            ClientVerdict::GiveUp => Level::Error,
            _ if order == Order::Decide && run.is_failure() => Level::Warn,
            _ => Level::Info,
        };
        self.desk.report_end(end, level);
        if let Some(text) = end_report::for_client(end, &self.desk.plan.record) {
            self.desk.say_to_client(&text);
        }
        // What it said last is read from there.
        self.desk.log.drain();
        let rest = Rest::after(&verdict, end, &self.desk.plan.record, context::now());
        self.desk.bury(end, rest.as_ref().map_or(Successor::Now, Rest::next));
        Some(match (verdict, rest) {
            (_, Some(rest)) => self.rest(end, rest),
            (ClientVerdict::Again(pause), None) => self.pause(end, pause),
            (_, None) => self.pause(end, Duration::ZERO),
        })
    }

    /// Keeps the client's connection without a server until one is wanted again.
    fn rest(&mut self, end: &End, mut rest: Rest) -> Next {
        if let Some(cause) = &rest.cause {
            let level = if rest.until.is_some() { Level::Error } else { Level::Info };
            self.desk.note(level, &format!("not started again: {cause}"));
        }
        self.desk.plan.record.last_end = Some(end.clone());
        self.desk.record(ServerState::Idle { end: end.clone(), cause: rest.cause.clone() });
        while !self.desk.link().is_some_and(ClientLink::is_wanted) {
            let left = rest.left(context::now());
            if left == Some(Duration::ZERO) {
                rest = Rest { cause: None, until: None };
                self.desk.link_mut().map(ClientLink::await_request);
                self.desk.record(ServerState::Idle { end: end.clone(), cause: None });
            }
            if let Some(next) = self.idle(end, left) {
                return next;
            }
        }
        self.start_again()
    }

    fn start_again(&mut self) -> Next {
        self.desk.plan.record.restarts += 1;
        Next::Start
    }

    /// Waits while no server runs, at most for `limit`. Returns what follows, if somebody has said so.
    fn idle(&mut self, end: &End, limit: Option<Duration>) -> Option<Next> {
        let reason = self.desk.wait(None, limit);
        // One that was let go may have ended.
        while matches!(wait::collect(), Collected::One(..)) {}
        let has_left = self.desk.link().is_some_and(|link| !link.has_client());
        let reason = reason.or(has_left.then_some(Reason::ClientGone))?;
        match Order::after(reason) {
            Order::Decide => None,
            // The next message will find what has changed.
            _ if reason == Reason::FileChanged && matches!(end.reason, Reason::Idle | Reason::Stopped) => None,
            Order::Again => {
                self.desk.note_change(reason);
                self.restart.forget();
                self.desk.link_mut().map(ClientLink::revive);
                Some(self.start_again())
            }
            Order::Stop | Order::Leave => Some(self.call_off(end, reason)),
        }
    }

    /// The same for a server that could not be executed: final if it never was ready, else a failure as others.
    fn follow_unstarted(&mut self, error: &StartError) -> Next {
        self.desk.note(Level::Error, &error.cause);
        self.desk.say_to_client(&error.cause);
        self.desk.log.drain();
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
                self.desk.record(ServerState::Failed { cause: error.cause.clone(), code: error.code });
                Next::Leave(error.code)
            }
        }
    }

    /// Sees to the port of a server that has ended, if that is the reason; then what follows is known.
    fn see_to_port(&mut self, ended: &EndedInstance) -> Option<Next> {
        let outcome = self.port.as_mut()?.see_to(ended);
        if !matches!(outcome, PortOutcome::NotTheReason) {
            self.desk.report_end(&ended.end, Level::Warn);
        }
        if matches!(outcome, PortOutcome::LetGo | PortOutcome::Moved { .. }) {
            self.desk.bury(&ended.end, Successor::Now);
        }
        match outcome {
            PortOutcome::NotTheReason => None,
            PortOutcome::LetGo => {
                self.desk.note(Level::Info, "trying once more with the port let go, in case that it does not share it");
                Some(Next::Start)
            }
            PortOutcome::Moved { from, to, by } => {
                self.desk.plan.record.port = Some(self.desk.plan.invocation.port(to));
                let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
                self.desk.note(Level::Warn, &format!("warning: port {from} was taken{by}; moving to port {to}"));
                Some(Next::Start)
            }
            PortOutcome::Lost(cause) => {
                self.desk.note(Level::Error, &cause);
                self.desk.say_to_client(&format!("could not run {}: {cause}", self.desk.plan.record.name));
                Some(self.fail(&ended.end, cause, 1))
            }
        }
    }

    /// Gives the server up; a client that one has answered keeps its connection.
    fn fail(&mut self, end: &End, cause: String, code: i32) -> Next {
        if self.desk.link().is_some_and(ClientLink::is_bound) {
            let rest = Rest::given_up(cause, context::now());
            self.desk.bury(end, rest.next());
            return self.rest(end, rest);
        }
        self.desk.plan.record.last_end = Some(end.clone());
        self.desk.record(ServerState::Failed { cause, code });
        Next::Leave(code)
    }

    /// Waits until the server is to be started again or somebody does not want that any more.
    fn pause(&mut self, end: &End, pause: Duration) -> Next {
        let until = context::now() + pause;
        let millis = time::millis(pause);
        if !pause.is_zero() {
            self.desk.note(Level::Info, &format!("will be started again in {:.2} s", pause.as_secs_f64()));
        }
        self.desk.plan.record.last_end = Some(end.clone());
        self.desk
            .record(ServerState::Waiting { end: end.clone(), until: context::wall_millis().saturating_add(millis) });
        failpoint::kill("waiting");
        self.await_start(end, Some(until))
    }

    /// Whether a server that has ended by itself stays there to be started again when a file changes: if it has ever been
    /// ready. A first start that fails is final.
    fn awaits_change(&self, order: Order) -> bool {
        self.desk.sources.files.is_some() && order == Order::Decide && self.restart.was_ready()
    }

    /// The developer will mend it.
    fn await_change(&mut self, end: &End, cause: Option<String>) -> Next {
        self.desk.note(Level::Info, "will be started again when a watched file changes");
        self.desk.plan.record.last_end = Some(end.clone());
        self.desk.record(ServerState::Idle { end: end.clone(), cause });
        self.await_start(end, None)
    }

    fn await_start(&mut self, end: &End, until: Option<Instant>) -> Next {
        loop {
            let left = until.map(|until| until.saturating_duration_since(context::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return self.start_again();
            }
            if let Some(next) = self.idle(end, left) {
                return next;
            }
        }
    }

    /// Does not start the server any more; or, if somebody has stopped it under its client, not until it is asked for.
    fn call_off(&mut self, end: &End, reason: Reason) -> Next {
        let end = End { reason, at: context::wall_millis(), took: 0, killed: false, ..end.clone() };
        if Order::after(reason) == Order::Stop && self.desk.link().is_some_and(ClientLink::has_client) {
            let rest = Rest::stopped(&self.desk.plan.record.name);
            self.desk.bury(&end, rest.next());
            return self.rest(&end, rest);
        }
        let text = reason.explain(&self.desk.plan.record.settings);
        let again = if self.desk.plan.record.last_end.is_some() { " again" } else { "" };
        self.desk.note(Level::Info, &format!("not started{again} because {text}"));
        let code = end.exit.map_or(1, Exit::shell_code);
        self.desk.record(ServerState::Ended(end));
        Next::Leave(code)
    }

    fn leave(mut self, code: i32) -> i32 {
        self.desk.deliver();
        failpoint::kill("before-leaving");
        if let Some(port) = self.port.take() {
            port.give_back();
        }
        if let Some(terminal) = &self.terminal {
            terminal.release();
        }
        if let Some(client) = &mut self.desk.sources.client {
            client.finish();
        }
        // A keeper that somebody stopped could not collect us, and would hold the lock.
        let keeper = self.desk.plan.record.watchers.and_then(|both| ProcessHandle::reopen(&both.keeper));
        let _ = keeper.map(|keeper| keeper.signal(Signal::SIGCONT));
        code
    }
}

/// Any number: servers that fell together are not to rise together.
fn jitter() -> u64 {
    fd::random().unwrap_or_default()
}
