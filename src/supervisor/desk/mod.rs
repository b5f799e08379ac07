//! What a supervisor hears and says: it waits for events here, and what it has to tell goes from here to the record, the
//! log, whoever waits for the start, and the client. It decides nothing.

mod patience;
mod saying;

use std::time::Duration;

use self::patience::Patience;
use super::announcement::Announcer;
use super::client::{Client, ClientStreams};
use super::client_link::{ClientLink, LinkAction};
use super::end_report;
use super::events::{self, Event, REQUESTS, REWRITE, Source, Sources};
use super::file_watch::FileWatch;
use super::instance::Instance;
use super::lifeline::SupervisorEnd;
use super::plan::Plan;
use super::probes::sooner;
use super::restart_policy::Order;
use super::stop_timeouts::stop_timeouts;
use crate::context;
use crate::log::LogWriter;
use crate::log::central::Level;
use crate::mcp::relay::{Death, Next as Successor};
use crate::server::end::{End, Reason};
use crate::server::record::{Mode, Watchers};
use crate::server::secrets::Secrets;
use crate::sys::handle::ProcessHandle;
use crate::sys::poll::Poller;
use crate::sys::signals::Inbox;
use crate::sys::{Identity, Pid, children, title};

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

pub struct Desk {
    pub plan: Box<Plan>,
    pub sources: Sources,
    pub log: LogWriter,
    /// To `start`, until the server is ready.
    announcer: Option<Announcer>,
    /// What has changed that the server is started again for.
    pub changed: Option<String>,
    /// Why the server that is being ended was of no use to its client.
    pub complaint: Option<String>,
}

impl Desk {
    /// Fails because signals cannot be received.
    pub fn new(mut plan: Box<Plan>, channels: Channels) -> std::io::Result<Self> {
        let inbox = Inbox::new(&REQUESTS).inspect_err(|error| plan.fail(error))?;
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
                renewal: None,
            },
            announcer: channels.announcer,
            log: LogWriter::new(&plan.paths, &plan.record, secrets),
            changed: None,
            complaint: None,
            plan,
        })
    }

    /// What people may see of us: nothing that the server has to wait for.
    pub fn introduce(&mut self, is_adopting: bool) {
        let record = &self.plan.record;
        title::set(&format!("mcp-hook: supervisor {} {}", record.token.session(), record.name));
        let has_handles = self.sources.watched.owner.as_ref().is_none_or(|owner| owner.as_poll_fd().is_some());
        for (is_there, what) in [
            (is_adopting, "orphans cannot be adopted; escaped processes are searched for instead"),
            (has_handles, "there are no pidfds; the session's owner is looked at regularly instead"),
            (children::are_listed(), "children are not listed; all processes are searched instead"),
        ] {
            if !is_there {
                self.note(Level::Warn, what);
            }
        }
    }

    /// What is made while the server starts is a change, so this comes first.
    pub fn watch_files(&mut self) {
        match FileWatch::of(&self.plan.record) {
            Ok(files) => self.sources.files = files,
            Err(why) => self.warn(&why),
        }
    }

    /// Waits a moment for files that are just being written: what is started is not to be half of it.
    pub fn let_files_settle(&mut self) -> Result<(), Reason> {
        let until = context::now() + UNSETTLED;
        while context::now() < until && self.sources.files.as_ref().is_some_and(FileWatch::is_unsettled) {
            let left = until.saturating_duration_since(context::now());
            if let Some(reason) = self.wait(None, Some(left)).filter(|&reason| Order::after(reason) >= Order::Stop) {
                return Err(reason);
            }
        }
        Ok(())
    }

    /// Waits for what happens next, at most for `limit`, and does what needs no decision. Returns the reason to end the
    /// server, if one has come up.
    pub fn wait(&mut self, mut instance: Option<&mut Instance>, limit: Option<Duration>) -> Option<Reason> {
        let until = limit.map(|limit| context::now() + limit);
        let mut left = limit;
        loop {
            let before = self.link().map(ClientLink::standing);
            let events = self.wait_once(instance.as_deref_mut(), left);
            left = until.map(|until| until.saturating_duration_since(context::now()));
            let is_time = left.is_some_and(|left| left.is_zero());
            if is_time
                || !self.is_mere_traffic(&events, instance.as_deref())
                || before != self.link().map(ClientLink::standing)
            {
                return events::reason_to_end(&events, self.plan.record.is_restartable());
            }
        }
    }

    /// Whether nothing but messages has passed of a server that runs: nobody else has to look at that, and messages are many.
    fn is_mere_traffic(&self, events: &[Event], instance: Option<&Instance>) -> bool {
        let is_running = instance.is_some_and(|instance| instance.stop.is_none());
        // Whether it is idle is to be seen after each message.
        let may_rest = self.plan.record.settings.idle_ms.is_some();
        let is_traffic = |event: &Event| matches!(event, Event::Connection(_));
        is_running && !may_rest && !events.is_empty() && events.iter().all(is_traffic)
    }

    fn wait_once(&mut self, mut instance: Option<&mut Instance>, limit: Option<Duration>) -> Vec<Event> {
        let mut poller = Poller::new(sooner(limit, self.save_due()));
        self.sources.register(&mut poller);
        if let Some(instance) = &instance {
            instance.child.register(&mut poller, self.sources.client.as_ref());
            instance.probes.register(&mut poller);
        }
        let ready = poller.wait();
        let mut events: Vec<Event> = ready.into_iter().filter_map(|source: Source| self.sources.read(source)).collect();
        for event in &events {
            self.handle(event, instance.as_deref_mut());
        }
        events.extend(self.take_file_change());
        if self.save_due() == Some(Duration::ZERO) {
            self.write_record();
        }
        events
    }

    /// How long until it has to be written down what has passed between client and server.
    fn save_due(&self) -> Option<Duration> {
        self.link()?.save_due(context::now())
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
            (Event::Renewed(text), _) => self.note(Level::Info, text),
            _ => {}
        }
    }

    /// Connects the client with a server that has just been started, and tells a successor where its predecessor was.
    pub fn connect(&mut self, instance: &mut Instance) {
        let limit = Duration::from_millis(self.plan.record.settings.ready.timeout_ms);
        let Some((ends, link)) = instance.child.ends.take().zip(self.link_mut()) else { return };
        let actions = link.connect(ends, limit, context::now());
        self.carry_out(Some(actions));
    }

    /// Tells the client of the end of a server, and what follows.
    pub fn bury(&mut self, end: &End, next: Successor) {
        let death: Death = end_report::death(end, &self.plan.record, &self.plan.paths);
        let actions = self.link_mut().map(|link| link.server_ended(&death, next, context::now()));
        self.carry_out(actions);
    }

    pub fn carry_out(&mut self, actions: Option<Vec<LinkAction>>) {
        for action in actions.unwrap_or_default() {
            match action {
                LinkAction::Differs(text) => {
                    self.note(Level::Warn, &text);
                    self.plan.record.differences.push(text);
                    self.write_record();
                }
                LinkAction::Stray(line) => {
                    if let Some(client) = &mut self.sources.client {
                        client.push_stray(&line, &mut self.log);
                    }
                }
            }
        }
    }

    pub fn link(&self) -> Option<&ClientLink> {
        self.sources.client.as_ref()?.link.as_ref()
    }

    pub fn link_mut(&mut self) -> Option<&mut ClientLink> {
        self.sources.client.as_mut()?.link.as_mut()
    }

    /// Waits until the client has taken what the server said last; if it takes nothing, no longer than a server is waited
    /// for whose client has gone.
    pub fn deliver(&mut self) {
        let limit = stop_timeouts(Reason::ClientGone, Mode::Run, None).longest();
        let mut patience = Patience::new(limit, context::now());
        while let Some(left) = self.link().map(ClientLink::undelivered).filter(|&bytes| bytes > 0)
            && let Some(pause) = patience.lasts(left, context::now())
        {
            let reason = self.wait(None, Some(pause));
            if reason.is_some_and(|reason| reason != Reason::ClientGone) {
                return;
            }
        }
    }
}
