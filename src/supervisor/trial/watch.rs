//! Trials side by side, as the command sees them that waits for them.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};

use super::checker::Checker;
use super::http_checker::{self, HttpTarget};
use super::report::{Message, TrialReport};
use super::terms::Terms;
use crate::context;
use crate::port::lease::Lease;
use crate::server::end::End;
use crate::server::record::ServerState;
use crate::supervisor::contained;
use crate::supervisor::plan::{Plan, is_kept};
use crate::sys::fork::{self, Side};
use crate::sys::poll::Poller;
use crate::sys::signals::Interrupts;
use crate::sys::{Pid, children, exit, fd, orphans, wait};
use crate::terminate::stages::StopTimeouts;
use crate::terminate::tree::{Ending, Progress};

/// How often is shown how long it takes.
const SHOW_EVERY: Duration = Duration::from_secs(1);

/// A server that is being checked.
pub struct Trial {
    pub name: String,
    checker: Pid,
    /// From the checker, until it has ended.
    messages: Option<File>,
    heard: Vec<u8>,
    pub began: Instant,
    pub doing: Option<String>,
    pub report: Option<TrialReport>,
    /// Held and recorded for as long as anything of the server may live; none for one that runs somewhere.
    plan: Option<Plan>,
}

/// The trials of one command. Dropping it leaves nothing of them.
pub struct Trials {
    pub all: Vec<Trial>,
    /// Children that this process had before: background jobs of a shell that executed it.
    strangers: Vec<Pid>,
}

impl Trials {
    /// None yet. Whatever is orphaned below this process comes to it from now on.
    pub fn new() -> Self {
        let strangers = children::ours();
        let _ = orphans::adopt();
        Self { all: Vec::new(), strangers }
    }

    /// Splits off a checker for a copy of a server.
    pub fn start(&mut self, name: String, mut plan: Plan, terms: Terms) -> io::Result<()> {
        plan.sign();
        let _ = plan.record.write(&plan.paths);
        match self.split(name)? {
            None => {
                // Only the checker holds its port, so that it can let it go.
                plan.lease.as_mut().map(Lease::let_go);
                self.all.last_mut().expect("it was just added").plan = Some(plan);
                Ok(())
            }
            Some(told) => {
                plan.watched.renew();
                become_checker(|| Checker::new(plan, terms, told).map(|checker| checker.run(terms.limit)))
            }
        }
    }

    /// Splits off a checker for a server that is asked over HTTP where it runs.
    pub fn ask(&mut self, name: String, target: HttpTarget, limit: Duration) -> io::Result<()> {
        let command = Pid::this();
        match self.split(name)? {
            None => Ok(()),
            Some(told) => become_checker(|| {
                orphans::die_with(command)?;
                fd::silence_standard();
                fork::unblock_signals()?;
                http_checker::run(target, limit, told);
                Ok(())
            }),
        }
    }

    /// Forks. In the checker this returns where it tells what comes of it.
    fn split(&mut self, name: String) -> io::Result<Option<File>> {
        let (messages, told) = fd::pipe()?;
        match fork::split()? {
            Side::Parent(checker) => {
                fork::unblock_signals()?;
                fd::make_nonblocking(&messages)?;
                let (messages, began) = (Some(messages), context::now());
                let (heard, doing, report, plan) = (Vec::new(), None, None, None);
                self.all.push(Trial { name, checker, messages, heard, began, doing, report, plan });
                Ok(None)
            }
            Side::Child => Ok(Some(told)),
        }
    }

    /// Waits until all are done, and calls `show` whenever there is something new; or until somebody wants to wait no longer.
    pub fn wait(&mut self, mut show: impl FnMut(&[Trial])) -> Result<(), Signal> {
        let mut interrupts = Interrupts::listen().ok();
        while self.all.iter().any(|trial| trial.messages.is_some()) {
            show(&self.all);
            let mut poller = Poller::new(Some(SHOW_EVERY));
            for (index, trial) in self.all.iter().enumerate() {
                if let Some(messages) = &trial.messages {
                    poller.readable(Some(index), messages.as_fd());
                }
            }
            if let Some(interrupts) = &interrupts {
                poller.readable(None, interrupts.as_poll_fd());
            }
            for index in poller.wait().into_iter().flatten() {
                self.all[index].read();
            }
            if let Some(signal) = interrupts.as_mut().and_then(Interrupts::pending) {
                return Err(signal);
            }
        }
        show(&self.all);
        Ok(())
    }

    /// Has checkers end that are not done, and what they should have ended.
    fn end(&mut self) {
        for trial in &self.all {
            if wait::is_child(trial.checker) {
                let _ = kill(trial.checker, Signal::SIGTERM);
                let _ = kill(trial.checker, Signal::SIGCONT);
            }
        }
        for trial in &mut self.all {
            while trial.messages.is_some() {
                let mut poller = Poller::new(None);
                if let Some(messages) = &trial.messages {
                    poller.readable((), messages.as_fd());
                }
                poller.wait();
                trial.read();
            }
        }
        self.end_orphans();
        self.all.iter_mut().for_each(Trial::close);
    }

    /// What a checker left that was killed has come to us.
    fn end_orphans(&self) {
        let mut ending = Ending::begin(None, StopTimeouts::AT_ONCE, context::now());
        let is_spared = |pid| self.strangers.contains(&pid) || is_kept(pid);
        while let Progress::Wait(limit) = ending.advance(context::now(), is_spared) {
            Poller::<()>::new(limit.or(Some(SHOW_EVERY)).map(|limit| limit.min(LOOK_EVERY))).wait();
        }
    }
}

fn become_checker(run: impl FnOnce() -> io::Result<()>) -> ! {
    exit::now(i32::from(!matches!(catch_unwind(AssertUnwindSafe(run)), Ok(Ok(())))));
}

/// How often one looks whether orphans have ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);

impl Drop for Trials {
    fn drop(&mut self) {
        self.end();
    }
}

impl Trial {
    fn read(&mut self) {
        let mut chunk = [0; 16 << 10];
        let Some(file) = &mut self.messages else { return };
        match file.read(&mut chunk) {
            Ok(0) => self.messages = None,
            Ok(length) => self.heard.extend(&chunk[..length]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => self.messages = None,
        }
        while let Some(end) = self.heard.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Message::Doing(words)) => self.doing = Some(words),
                Ok(Message::Report(report)) => self.report = Some(*report),
                Err(_) => {}
            }
        }
    }

    /// Nothing of the server lives any more: its record says so.
    fn close(&mut self) {
        let was_killed = self.report.is_none();
        let Some(plan) = &mut self.plan else { return };
        if let Some(container) = plan.container.as_mut().filter(|_| was_killed) {
            contained::end_lost(container, StopTimeouts::AT_ONCE);
        }
        if let Some(lease) = plan.lease.take() {
            lease.give_back();
        }
        plan.record.state = ServerState::Ended(End::unstarted(None));
        let _ = plan.record.write(&plan.paths);
    }
}
