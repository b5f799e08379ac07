//! How a server's tree is ended, with its container, until nothing of it is left.

use super::{Outcome, Supervisor};
use crate::log::central::Level;
use crate::server::end::Reason;
use crate::server::record::ServerState;
use crate::supervisor::contained;
use crate::supervisor::instance::{Instance, Stop};
use crate::supervisor::plan::{is_kept, trace};
use crate::supervisor::program;
use crate::sys::Pid;
use crate::sys::wait::Exit;
use crate::terminate::survivors::Survivors;
use crate::terminate::tree::Progress;
use crate::terminate::{group, orphans as lost};
use crate::{context, failpoint};

impl Supervisor {
    /// Begins to end the tree, or goes on doing so for one more reason.
    pub(super) fn stop(&mut self, instance: &mut Instance, reason: Reason) {
        self.desk.sources.renewal = None;
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
    pub(super) fn go_on_stopping(&mut self, instance: &mut Instance) -> Option<Outcome> {
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
                if ended.end.finding.is_none() {
                    ended.end.finding = program::behind(&self.desk.plan, &ended.end);
                }
                ended.end.changed = self.desk.changed.take().filter(|_| ended.end.reason == Reason::FileChanged);
                ended.end.complaint = self.desk.complaint.take().filter(|_| ended.end.reason == Reason::Unusable);
                Some(Outcome::Ended(Box::new(ended)))
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
    pub(super) fn hang_up(mut self, code: i32) -> i32 {
        self.desk.note(Level::Warn, "hangs up the terminal: what is left may not be signalled");
        self.desk.log.drain();
        self.terminal = None;
        self.leave(code)
    }
}
