//! What is done while a server runs: its tree is looked at, and so is the time that its client has not used it.

use std::time::Duration;

use super::{Outcome, Supervisor};
use crate::context;
use crate::log::central::Level;
use crate::port::probe::ListenAddress;
use crate::server::end::Reason;
use crate::server::launch::Launch;
use crate::supervisor::action::Action;
use crate::supervisor::client_link::ClientLink;
use crate::supervisor::execution;
use crate::supervisor::instance::Instance;
use crate::supervisor::probes::sooner;
use crate::supervisor::renewal::Renewal;
use crate::supervisor::savings;
use crate::supervisor::shortcut;
use crate::sys::fork;

/// How much of what a server says of its refusal is shown, in letters.
const LONGEST_COMPLAINT: usize = 200;

impl Supervisor {
    /// The loop: waits for events and acts on them until the server's tree is gone.
    pub(super) fn supervise(&mut self, mut instance: Instance) -> Outcome {
        loop {
            let limit = sooner(instance.look_again, self.due_in().filter(|_| instance.stop.is_none()));
            if let Some(reason) = self.desk.wait(Some(&mut instance), limit) {
                self.stop(&mut instance, reason);
            }
            if instance.runs()
                && let Some(why) = self.desk.link_mut().and_then(|link| link.complaint(context::now()))
            {
                self.desk.note(Level::Warn, &why);
                self.desk.complaint = Some(self.desk.log.masked(&why).chars().take(LONGEST_COMPLAINT).collect());
                self.stop(&mut instance, Reason::Unusable);
            }
            if self.idle_in() == Some(Duration::ZERO) && instance.runs() {
                self.stop(&mut instance, Reason::Idle);
            }
            if self.desk.link().is_some_and(ClientLink::has_answered) {
                self.measure(&instance, true);
            }
            let aside = self.desk.sources.renewal.as_ref().map(Renewal::pid);
            for action in instance.look(&self.desk.plan.record, aside) {
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
            Action::BecomeReady => {
                self.desk.become_ready(instance);
                if self.desk.link().is_none() {
                    self.measure(instance, false);
                }
                shortcut::learn(&self.desk.plan);
                let variables = execution::environment(&self.desk.plan);
                self.desk.sources.renewal = Renewal::begin_if_due(&self.desk.plan, instance.child.pid(), variables);
            }
            Action::AddSample(sample) => {
                self.desk.plan.record.history.push(sample);
                self.desk.write_record();
            }
            Action::NoteHealth(health) => self.desk.note_health(&health),
            Action::TrimMemory => fork::trim_memory(),
            Action::Stop(reason) => self.stop(instance, reason),
        }
    }

    /// Sees what the start of the first instance has cost or saved, which works now.
    fn measure(&mut self, instance: &Instance, has_answered: bool) {
        if std::mem::replace(&mut self.is_measured, true) {
            return;
        }
        let since = instance.child.since;
        let answer_ms = has_answered.then(|| context::wall_millis().saturating_sub(since));
        let aside = self.desk.sources.renewal.as_ref().map(Renewal::pid);
        savings::measure(&mut self.desk.plan, since, answer_ms, aside);
        if let Some(saved) = self.desk.plan.record.launch.as_ref().and_then(Launch::saved) {
            let text = format!("saved: {}", saved.text());
            self.desk.note(Level::Info, &text);
            self.desk.write_record();
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
}
