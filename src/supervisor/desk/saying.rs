//! What a supervisor says: to the log, the record, whoever waits for the start, and the client.

use std::time::Duration;

use super::Desk;
use crate::context;
use crate::log::central::Level;
use crate::mcp::check::finding::Code;
use crate::server::end::{End, Reason};
use crate::server::health::{Health, HealthState};
use crate::server::record::ServerState;
use crate::server::unkillable;
use crate::supervisor::end_report;
use crate::supervisor::instance::Instance;
use crate::terminate::survivors::Survivors;

impl Desk {
    pub fn become_ready(&mut self, instance: &Instance) {
        let (server, since) = (instance.child.identity, instance.child.since);
        let took = Duration::from_millis(context::wall_millis().saturating_sub(since));
        self.note(Level::Info, &format!("ready after {:.1} s", took.as_secs_f64()));
        self.record(ServerState::Running { server, since, ready: true });
        if let Some(announcer) = self.announcer.take() {
            announcer.say_ready();
        }
    }

    /// Notes what has changed of a server's health.
    pub fn note_health(&mut self, health: &Health) {
        let most = self.plan.record.settings.health.map_or(u32::MAX, |check| check.failures);
        let before = self.plan.record.health.replace(health.clone());
        let was_failing = before.is_some_and(|before| before.state == HealthState::Failing);
        if let Some(why) = health.complaint(most) {
            self.note(Level::Warn, &format!("not healthy: {why}"));
        } else if was_failing {
            self.note(Level::Info, "healthy again");
        }
        self.write_record();
    }

    pub fn report_end(&mut self, end: &End, level: Level) {
        let record = &self.plan.record;
        let lines = end_report::lines(end, record, level);
        let is_unanswered = end.reason == Reason::Exited && self.link().is_some_and(|link| !link.has_answered());
        let code = is_unanswered.then_some(Code::Exited);
        let text = end_report::failure_for_client(end, record, code, &self.plan.paths.log);
        for (level, line) in lines {
            self.note(level, &line);
        }
        if level == Level::Error {
            self.say_to_client(&text);
        }
    }

    pub fn report_unkillable(&mut self, survivors: &Survivors, reason: Reason) {
        if let ServerState::Unkillable { .. } = self.plan.record.state {
            return;
        }
        self.record(ServerState::unkillable(survivors, reason));
        if let ServerState::Unkillable { pids, refused, .. } = &self.plan.record.state {
            let text = format!("{}; still waiting", unkillable::describe(pids, refused));
            self.note(Level::Error, &text);
        }
    }

    pub fn note_change(&mut self, reason: Reason) {
        if let Some(file) = self.changed.take().filter(|_| reason == Reason::FileChanged) {
            self.note(Level::Info, &format!("started again because {} ({file})", reason.text()));
        }
    }

    /// Writes down what is waited for, and says it to whoever waits too.
    pub fn tell(&mut self, text: &str) {
        self.note(Level::Info, text);
        if let Some(announcer) = &mut self.announcer {
            announcer.tell(text);
        }
    }

    /// Notes what people should know at once, and says it to who waits for the start and to the client.
    pub fn warn(&mut self, text: &str) {
        let text = self.log.masked(&format!("warning: {text}"));
        self.note(Level::Warn, &text);
        if let Some(announcer) = &mut self.announcer {
            announcer.tell(&text);
        }
        self.say_to_client(&format!("{}: {text}", self.plan.record.name));
    }

    pub fn say_to_client(&mut self, text: &str) {
        if let Some(client) = &mut self.sources.client {
            client.say(text);
        }
    }

    pub fn note(&mut self, level: Level, text: &str) {
        self.log.note(level, context::wall_clock(), text);
    }

    pub fn record(&mut self, state: ServerState) {
        self.plan.record.state = state;
        self.write_record();
    }

    pub fn write_record(&mut self) {
        if let Some(link) = self.sources.client.as_mut().and_then(|client| client.link.as_mut()) {
            link.save_to(&mut self.plan.record);
        }
        // A runtime directory that vanished costs the server nothing but its record.
        let _ = self.plan.record.write(&self.plan.paths);
    }
}
