//! `status --watch`: the servers live, until a key or a signal ends it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::app::job::{Finished, Job, Verb};
use crate::app::live::Live;
use crate::app::status::Scope;
use crate::disk::names::ServerName;
use crate::sys::poll::Poller;
use crate::sys::signals::Inbox;
use crate::ui;
use crate::ui::watch::state::{Message, Place};
use crate::ui::watch::{Key, Screen, State};
use crate::{context, failpoint};

/// How often everything is looked at, whether or not a record has changed.
const EVERY: Duration = Duration::from_secs(1);
/// How soon after one look the next may follow: records change several times in a row.
const AT_SOONEST: Duration = Duration::from_millis(50);
/// How many lines of a log are read: what fits on a large screen.
const LOG_LINES: usize = 100;

/// Signals that end the view, and the others that it heeds: a new size, and what shells do with their jobs.
const ENDS: [Signal; 4] = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT];
const HEEDS: [Signal; 3] = [Signal::SIGWINCH, Signal::SIGTSTP, Signal::SIGCONT];

/// Shows servers until a key or a signal ends it.
pub fn watch(scope: Scope, only: Option<ServerName>) -> Result<ExitCode> {
    let state = State::new(matches!(scope, Scope::All(_)), ui::is_coloured());
    let mut view = View { live: Live::new(scope, only), state, job: None, due: context::now() };
    // Before the terminal is taken over, so that no signal finds it taken and nobody to give it back.
    let mut inbox = Inbox::new(&[ENDS.as_slice(), &HEEDS].concat()).context("could not listen for signals")?;
    view.look()?;
    let mut screen = Screen::open()?;
    loop {
        if screen.draw(&view.state).is_err() {
            return Ok(ended_by(Signal::SIGHUP));
        }
        failpoint::panic("watch");
        let events = view.wait(&screen, &inbox);
        let signals = inbox.drain();
        if let Some(&signal) = signals.iter().find(|signal| ENDS.contains(signal)) {
            return Ok(ended_by(signal));
        }
        if go_with_jobs(&mut screen, &signals).is_err() {
            return Ok(ended_by(Signal::SIGHUP));
        }
        view.read_job();
        match view.obey(if events.contains(&Event::Key) { screen.read_keys() } else { Some(Vec::new()) }, &mut screen) {
            Next::Quit => return Ok(ExitCode::SUCCESS),
            Next::HangUp => return Ok(ended_by(Signal::SIGHUP)),
            Next::GoOn => view.look_if_due(events.contains(&Event::Change))?,
        }
    }
}

/// Leaves the terminal to the shell when it asks for that, and takes it over again when it is ours again: somebody else may
/// have changed it.
fn go_with_jobs(screen: &mut Screen, signals: &[Signal]) -> std::io::Result<()> {
    if signals.contains(&Signal::SIGTSTP) {
        return screen.suspend();
    }
    if signals.contains(&Signal::SIGCONT) || !screen.is_ours() { screen.resume() } else { Ok(()) }
}

/// The exit code that a shell reports for a program that a signal ended.
fn ended_by(signal: Signal) -> ExitCode {
    ExitCode::from(128_u8.wrapping_add(u8::try_from(signal as i32).unwrap_or_default()))
}

/// What happens after keys.
enum Next {
    GoOn,
    Quit,
    HangUp,
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Key,
    Signal,
    /// A job has said something, or ended.
    Output,
    /// A record has changed.
    Change,
}

/// What is shown, and what it is seen with.
struct View {
    live: Live,
    state: State,
    /// What the user asked for and is not done yet, and in words.
    job: Option<(Job, String)>,
    /// When everything is looked at next.
    due: Instant,
}

impl View {
    fn look(&mut self) -> Result<()> {
        self.due = context::now() + EVERY;
        let sessions = self.live.look()?;
        self.state.update(sessions, context::wall_millis());
        self.read_log();
        Ok(())
    }

    fn look_if_due(&mut self, has_changed: bool) -> Result<()> {
        if has_changed {
            self.live.settle();
            self.due = self.due.min(context::now() + AT_SOONEST);
        }
        if context::now() >= self.due { self.look() } else { Ok(()) }
    }

    fn read_log(&mut self) {
        let record = self.state.selected().and_then(|server| server.record.as_ref());
        self.state.log = record.map(|record| self.live.log(&record.log, LOG_LINES)).unwrap_or_default();
    }

    /// Waits for a key, a signal, a change, the end of a job, or the next look.
    fn wait(&self, screen: &Screen, inbox: &Inbox) -> Vec<Event> {
        let mut poller = Poller::new(Some(self.due.saturating_duration_since(context::now())));
        poller.readable(Event::Key, screen.as_poll_fd());
        poller.readable(Event::Signal, inbox.as_poll_fd());
        if let Some(output) = self.job.as_ref().and_then(|(job, _)| job.output()) {
            poller.readable(Event::Output, output);
        }
        for change in self.live.changes() {
            poller.readable(Event::Change, change);
        }
        poller.wait()
    }

    /// Does what keys ask for. `None` says that there will be no more of them.
    fn obey(&mut self, keys: Option<Vec<Key>>, screen: &mut Screen) -> Next {
        let Some(keys) = keys else { return Next::HangUp };
        for key in keys {
            match key {
                Key::Quit => return Next::Quit,
                Key::Suspend if screen.suspend().is_err() => return Next::HangUp,
                Key::Suspend => {}
                Key::Up => self.select(-1),
                Key::Down => self.select(1),
                Key::First => self.select(isize::MIN),
                Key::Last => self.select(isize::MAX),
                Key::Sort => self.state.sort_by_next(),
                Key::Stop => self.ask(Verb::Stop),
                Key::Restart => self.ask(Verb::Restart),
            }
        }
        Next::GoOn
    }

    fn select(&mut self, by: isize) {
        self.state.select(by);
        self.read_log();
    }

    /// Has the selected server ended, or started again.
    fn ask(&mut self, verb: Verb) {
        let Some(Place { session, server }) = self.state.selected_place().cloned() else { return };
        let what = format!("{verb} {server}");
        self.state.message = Some(if self.state.selected().is_some_and(|server| !server.is_managed()) {
            Message::Failed(format!("could not {what}: mcp-hook did not start it"))
        } else if let Some((_, running)) = &self.job {
            Message::Failed(format!("could not {what}: still waiting for {running}"))
        } else {
            match Job::start(verb, &session, &server) {
                Ok(job) => {
                    self.job = Some((job, what.clone()));
                    Message::Pending(format!("{what} …"))
                }
                Err(error) => Message::Failed(format!("could not {what}: {error}")),
            }
        });
    }

    /// Tells how a job went, once it is done.
    fn read_job(&mut self) {
        let Some(finished) = self.job.as_mut().and_then(|(job, _)| job.read()) else { return };
        let Finished { is_done, said } = finished;
        self.state.message = Some(if is_done { Message::Done(said) } else { Message::Failed(said) });
        self.job = None;
        self.due = context::now();
    }
}
