//! The process that starts the server, speaks to it and ends it. It leaves when nothing of the server is left.

use std::fs::File;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use nix::unistd::setsid;

use super::activity::Activity;
use super::allowance::Allowance;
use super::events::Events;
use super::farewell;
use super::life::{End, Life};
use super::litter::Litter;
use super::report::{Message, TrialReport};
use super::terms::Terms;
use crate::context;
use crate::disk::lock_file::LockFile;
use crate::mcp::check::conversation::Conversation;
use crate::mcp::check::doing::Doing;
use crate::mcp::check::ending;
use crate::mcp::check::finding::{Finding, Level};
use crate::mcp::check::verdict::{Opening, Verdict};
use crate::mcp::check::words::{self, Exited};
use crate::server::secrets::Secrets;
use crate::server::usage::Usage;
use crate::supervisor::instance::collect_orphans;
use crate::supervisor::launcher_queue::{LauncherQueue, Turn};
use crate::supervisor::plan::Plan;
use crate::supervisor::program;
use crate::supervisor::shortcut;
use crate::sys::{children, fd, mark, orphans, title};

/// What `ps -o comm` shows of it.
const TITLE: &str = "mcp-checker";

pub struct Checker {
    pub(super) events: Events,
    told: File,
    turn: Option<LockFile>,
    pub(super) litter: Option<Litter>,
}

impl Checker {
    /// Becomes the checker; `told` is where the command hears of it.
    pub fn new(plan: Plan, terms: Terms, told: File) -> io::Result<Self> {
        let _ = setsid();
        title::set_short(TITLE);
        let _ = mark::set(plan.record.token.mark());
        let _ = orphans::adopt();
        fd::silence_standard();
        let litter = Litter::begin(&plan.record.directory, terms.is_alone);
        Ok(Self { events: Events::new(plan)?, told, turn: None, litter })
    }

    /// Checks the server, which has `limit` for its first answer.
    pub fn run(mut self, limit: Duration) {
        let secrets = Secrets::new(&self.events.plan.invocation.secrets);
        let mut report = self.check(limit).with_skipped().masked(&secrets);
        report.launch = self.events.plan.record.launch.take();
        if let (Some(launch), Some(answer_ms)) = (&mut report.launch, report.timings_ms.handshake) {
            launch.note_answer(answer_ms, &self.events.plan.shortcut.cost);
        }
        self.give_turn_back();
        self.tell(&Message::Report(Box::new(report)));
    }

    fn check(&mut self, limit: Duration) -> TrialReport {
        let mut findings = Vec::new();
        if let Some(finding) = program::of_plan(&self.events.plan) {
            let is_over = finding.level == Level::Error;
            findings.push(finding);
            if is_over {
                return TrialReport::unstarted(findings);
            }
        }
        shortcut::choose(&mut self.events.plan);
        self.take_turn();
        if let Some(number) = self.events.plan.port() {
            return self.check_port(number, limit, findings);
        }
        for opening in [Opening::Discover, Opening::Initialize] {
            if let Some(container) = &self.events.plan.container {
                container.make_room(None);
            }
            let mut life = match Life::start(&self.events.plan) {
                Ok(life) => life,
                Err(error) => {
                    findings.push(words::unstartable(&error.to_string()));
                    return TrialReport::unstarted(findings);
                }
            };
            let conversation = self.converse(&mut life, opening, limit);
            if conversation.verdict() == Some(Verdict::Again) && !self.events.is_called_off {
                farewell::end_at_once(&mut self.events, &mut life);
                continue;
            }
            return self.conclude(life, conversation, findings);
        }
        TrialReport::unstarted(findings)
    }

    /// Two that are fetched at the same time may break the launcher's cache.
    fn take_turn(&mut self) {
        let Some(queue) = LauncherQueue::of(&self.events.plan, context::now()) else { return };
        let mut has_told = false;
        while !self.events.is_called_off {
            match queue.take_turn(&self.events.plan.paths.launchers, context::now()) {
                Turn::Taken(lock) => {
                    self.turn = Some(lock);
                    return;
                }
                Turn::Skip(_) => return,
                Turn::Wait(pause) => {
                    if !std::mem::replace(&mut has_told, true) {
                        let doing = Doing::Queued(queue.launcher.name());
                        self.tell_doing(doing.words().unwrap_or_default());
                    }
                    self.events.wait_for(None, Some(pause));
                }
            }
        }
    }

    pub(super) fn give_turn_back(&mut self) {
        if let Some(turn) = self.turn.take() {
            turn.give_back();
        }
    }

    fn converse(&mut self, life: &mut Life, opening: Opening, limit: Duration) -> Conversation {
        let mut conversation = Conversation::begin(opening, limit, context::now());
        let mut activity = Activity::begin(context::now());
        let mut allowance = Allowance::begin(life.pid, limit);
        loop {
            life.send(&conversation.take_outgoing());
            if conversation.verdict().is_some() || self.events.is_called_off {
                return conversation;
            }
            let ready = self.events.wait(Some(life), conversation.wakes_at().min(activity.due()));
            collect_orphans(life.pid);
            let now = context::now();
            hear(life, &ready, &mut conversation, now);
            if now >= conversation.wakes_at().min(activity.due()) {
                conversation.put_off(allowance.more());
            }
            if let Some(doing) = activity.look(life, now) {
                self.tell_doing(doing);
            }
            if activity.is_launched || conversation.learned.introduction.is_some() {
                self.give_turn_back();
            }
            if now >= conversation.wakes_at() {
                conversation.pass_time(&activity.seen(life, now), now);
            }
        }
    }

    /// Ends the server, and tells what was learned of it.
    fn conclude(&mut self, mut life: Life, conversation: Conversation, mut findings: Vec<Finding>) -> TrialReport {
        let answers = conversation.verdict() == Some(Verdict::Answers) && !self.events.is_called_off;
        let (learned, found) = conversation.into_findings();
        findings.extend(found);
        let memory = if answers { memory() } else { None };
        let began = context::now();
        let (exit, lifecycle) = if answers {
            self.litter.iter_mut().for_each(Litter::look);
            let (exit, course) = farewell::take_leave(&mut self.events, &mut life);
            findings.extend(ending::examine(&course));
            findings.extend(self.litter.as_ref().and_then(Litter::finding));
            (exit, Some(context::elapsed_millis(began)))
        } else {
            (farewell::end_at_once(&mut self.events, &mut life), None)
        };
        let mut report = TrialReport { memory, exit, stderr: life.last_words(), ..TrialReport::of(learned, findings) };
        report.timings_ms.lifecycle = lifecycle;
        report
    }

    pub(super) fn tell_doing(&mut self, words: String) {
        self.tell(&Message::Doing(words));
    }

    fn tell(&mut self, message: &Message) {
        let line = serde_json::to_string(message).unwrap_or_default() + "\n";
        let _ = self.told.write_all(line.as_bytes());
    }
}

/// Hands on what the server has said, and that it has ended.
fn hear(life: &mut Life, ready: &[End], conversation: &mut Conversation, now: Instant) {
    life.read_error();
    // After the end of its first process all that it wrote is to be heard, before that is told.
    let exit = life.exit();
    while life.has_output() && (ready.contains(&End::Output) || exit.is_some()) {
        let bytes = life.read_output();
        if bytes.is_empty() {
            break;
        }
        conversation.hear(&bytes, now);
        if exit.is_none() {
            break;
        }
    }
    match exit {
        Some(exit) if !life.has_output() => {
            let last_words = life.last_words();
            conversation.end(&Exited { exit: &exit.to_string(), last_words: &last_words });
        }
        None if !life.has_output() => conversation.close_output(now),
        _ => {}
    }
}

/// What the server's tree takes.
pub(super) fn memory() -> Option<u64> {
    let usage = Usage::of_all(children::ours());
    (!usage.pids.is_empty()).then(|| Usage::proportional(&usage.pids).unwrap_or(usage.memory))
}
