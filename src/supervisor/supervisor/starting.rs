//! How a server is started: when it is its turn, with its port and its container made ready.

use super::Supervisor;
use crate::log::STARTED;
use crate::log::central::Level;
use crate::server::end::Reason;
use crate::server::health::Health;
use crate::server::record::ServerState;
use crate::supervisor::child::StartError;
use crate::supervisor::instance::Instance;
use crate::supervisor::launcher_queue::{LauncherQueue, Turn};
use crate::supervisor::restart_policy::Order;
use crate::supervisor::shortcut;
use crate::sys::fd;
use crate::{context, failpoint};

impl Supervisor {
    /// Waits until no other server is being started by the same launcher with the same cache; or until the server is not to
    /// be started any more, with the reason as an error.
    pub(super) fn take_turn(&mut self) -> Result<(), Reason> {
        shortcut::choose(&mut self.desk.plan);
        let Some(queue) = LauncherQueue::of(&self.desk.plan, context::now()) else { return Ok(()) };
        let mut has_told = false;
        loop {
            let pause = match queue.take_turn(&self.desk.plan.paths.launchers, context::now()) {
                Turn::Taken(lock) => {
                    self.turn = Some(lock);
                    if has_told {
                        self.choose_again();
                    }
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

    /// Who had the turn may have fetched what this server needs.
    fn choose_again(&mut self) {
        shortcut::choose(&mut self.desk.plan);
        if self.desk.plan.shortcut.direct.is_some() {
            self.end_turn();
        }
    }

    /// Lets the next one have its turn.
    pub(super) fn end_turn(&mut self) {
        if let Some(turn) = self.turn.take() {
            turn.give_back();
        }
    }

    pub(super) fn start(&mut self) -> Result<Instance, StartError> {
        self.desk.plan.record.history.samples.clear();
        self.desk.plan.record.differences.clear();
        self.desk.plan.record.health = self.desk.plan.record.health.as_ref().map(Health::begin_anew);
        // With who watches it: a server may keep both from running before they get to write again.
        self.desk.record(ServerState::Starting);
        if let Some(port) = &mut self.port {
            port.prepare();
        }
        self.containment.prepare(self.desk.plan.container.as_ref());
        failpoint::kill("before-fork");
        let mut started = Instance::start(&self.desk.plan, self.terminal.as_ref());
        if started.is_err() && shortcut::mistrust(&mut self.desk.plan) {
            shortcut::choose(&mut self.desk.plan);
            started = Instance::start(&self.desk.plan, self.terminal.as_ref());
        }
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
                if let Some(launch) = &self.desk.plan.record.launch {
                    let text = format!("started {}", launch.text());
                    self.desk.note(Level::Info, &text);
                }
                self.desk.record(ServerState::Running { server, since, ready: false });
                self.desk.connect(&mut instance);
                Ok(instance)
            }
            Err(mut error) => {
                error.cause = self.desk.log.masked(&error.cause);
                error.finding = error.finding.map(|it| Box::new(it.masked(|text| self.desk.log.masked(text))));
                Err(error)
            }
        }
    }
}
