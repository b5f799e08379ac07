//! `status --watch`: the servers live, until a key or a signal ends it.

use std::collections::HashMap;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use super::{env, status};
use crate::cli::Status;
use crate::disk::file_at::FileAt;
use crate::disk::layout::Root;
use crate::log;
use crate::session::find;
use crate::session::open::Session;
use crate::session::view::SessionView;
use crate::sys::follow::Follower;
use crate::sys::poll::Poller;
use crate::sys::ready;
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
/// How many sessions are followed; the others are looked at every second only.
const FOLLOWED: usize = 16;

/// Signals that end the view, and the others that it heeds: a new size, and what shells do with their jobs.
const ENDS: [Signal; 4] = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT];
const HEEDS: [Signal; 3] = [Signal::SIGWINCH, Signal::SIGTSTP, Signal::SIGCONT];

/// Shows servers until a key or a signal ends it.
///
/// # Errors
/// When there is no session or no terminal to draw on.
pub fn watch(root: &Root, arguments: &Status) -> Result<ExitCode> {
    let found = if arguments.all { None } else { Some(find::find(root, arguments.session.session.as_ref())?) };
    let (root, session) = found.map_or((root.clone(), None), |(root, session)| (root, Some(session)));
    let mut view = View {
        root: &root,
        is_current: session.as_ref().is_some_and(|session| status::is_current(&root, session)),
        session,
        arguments,
        state: State::new(arguments.all, ui::is_coloured()),
        followers: HashMap::new(),
        request: None,
        due: context::now(),
    };
    // Before the terminal is taken over, so that no signal finds it taken and nobody to give it back.
    let mut inbox = Inbox::new(&[ENDS.as_slice(), &HEEDS].concat()).context("could not listen for signals")?;
    view.look()?;
    let mut screen = Screen::open()?;
    loop {
        if screen.draw(&view.state).is_err() {
            return Ok(ended_by(Signal::SIGHUP));
        }
        failpoint::panic("watch");
        view.wait(&screen, &inbox);
        let signals = inbox.drain();
        if let Some(&signal) = signals.iter().find(|signal| ENDS.contains(signal)) {
            return Ok(ended_by(signal));
        }
        if go_with_jobs(&mut screen, &signals).is_err() {
            return Ok(ended_by(Signal::SIGHUP));
        }
        match view.obey(&mut screen) {
            Next::Quit => return Ok(ExitCode::SUCCESS),
            Next::HangUp => return Ok(ended_by(Signal::SIGHUP)),
            Next::GoOn => view.look_if_due()?,
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

/// What is shown, and what it is seen with.
struct View<'r> {
    root: &'r Root,
    /// The session that is shown; `None` for all.
    session: Option<Session>,
    /// Whether that is the one that this process is in.
    is_current: bool,
    arguments: &'r Status,
    state: State,
    followers: HashMap<PathBuf, Follower>,
    request: Option<Request>,
    /// When everything is looked at next.
    due: Instant,
}

/// A command of ours that was started for the user.
struct Request {
    what: String,
    child: Child,
    said: Vec<u8>,
}

impl View<'_> {
    fn look(&mut self) -> Result<()> {
        self.due = context::now() + EVERY;
        let mut sessions = match &self.session {
            Some(session) => {
                let mut view = SessionView::of_live(self.root, session, self.is_current);
                env::add_stale(self.root, &mut view);
                vec![view]
            }
            None => status::all(self.root)?.0,
        };
        if let Some(name) = &self.arguments.name {
            for session in &mut sessions {
                session.servers.retain(|server| server.name == *name);
            }
        }
        self.follow(&sessions);
        self.state.update(sessions, context::wall_millis());
        self.read_log();
        Ok(())
    }

    fn look_if_due(&mut self) -> Result<()> {
        for follower in self.followers.values().filter(|follower| ready::is_readable(follower.as_poll_fd())) {
            follower.wait(Duration::ZERO);
            self.due = self.due.min(context::now() + AT_SOONEST);
        }
        if context::now() >= self.due { self.look() } else { Ok(()) }
    }

    /// Follows the directories with the records of these sessions.
    fn follow(&mut self, sessions: &[SessionView]) {
        let of_session =
            |session: &SessionView| Some(self.root.session(&session.id.parse().ok()?).pids.path().to_owned());
        let mut wanted: Vec<PathBuf> = sessions.iter().filter_map(of_session).take(FOLLOWED).collect();
        wanted.extend(self.session.is_none().then(|| self.root.pids().path().to_owned()));
        self.followers.retain(|known, _| wanted.contains(known));
        for directory in wanted {
            if !self.followers.contains_key(&directory)
                && let Ok(follower) = Follower::new(&directory)
            {
                self.followers.insert(directory, follower);
            }
        }
    }

    /// A session's log by its path.
    fn log_at(&self, path: &Path) -> Option<FileAt> {
        let name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
        Some(self.root.logs().inner(&name(path.parent()?)?).file(name(path)?))
    }

    fn read_log(&mut self) {
        let log = self.state.selected().and_then(|server| Some(server.record.as_ref()?.log.clone()));
        let lines = log.and_then(|log| log::tail(&self.log_at(&log)?, LOG_LINES, |_| true).ok());
        self.state.log = lines.unwrap_or_default();
    }

    /// Waits for a key, a signal, a change, the end of a request, or the next look.
    fn wait(&self, screen: &Screen, inbox: &Inbox) {
        let output = self.request.as_ref().and_then(|request| request.child.stderr.as_ref());
        let fds = [screen.as_poll_fd(), inbox.as_poll_fd()].into_iter();
        let fds = fds.chain(self.followers.values().map(Follower::as_poll_fd)).chain(output.map(AsFd::as_fd));
        let mut poller = Poller::new(Some(self.due.saturating_duration_since(context::now())));
        for fd in fds {
            poller.readable((), fd);
        }
        poller.wait();
    }

    fn obey(&mut self, screen: &mut Screen) -> Next {
        self.finish_request();
        if !ready::is_readable(screen.as_poll_fd()) {
            return Next::GoOn;
        }
        let Some(keys) = screen.read_keys() else { return Next::HangUp };
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
                Key::Stop => self.ask("stop"),
                Key::Restart => self.ask("restart"),
            }
        }
        Next::GoOn
    }

    fn select(&mut self, by: isize) {
        self.state.select(by);
        self.read_log();
    }

    /// Has the selected server ended, or started again, by a process of its own: nothing here waits for it.
    fn ask(&mut self, verb: &str) {
        let Some(Place { session, server }) = self.state.selected_place().cloned() else { return };
        let what = format!("{verb} {server}");
        self.state.message = Some(if self.state.selected().is_some_and(|server| !server.is_managed()) {
            Message::Failed(format!("could not {what}: mcp-hook did not start it"))
        } else if let Some(running) = &self.request {
            Message::Failed(format!("could not {what}: still waiting for {}", running.what))
        } else {
            match start(&[verb, "--session", &session, &server]) {
                Ok(child) => {
                    self.request = Some(Request { what: what.clone(), child, said: Vec::new() });
                    Message::Pending(format!("{what} …"))
                }
                Err(error) => Message::Failed(format!("could not {what}: {error}")),
            }
        });
    }

    /// Reads what a request has said so far, and tells it once that was all.
    fn finish_request(&mut self) {
        let Some(request) = &mut self.request else { return };
        let Some(output) = request.child.stderr.as_mut().filter(|output| ready::is_readable(output.as_fd())) else {
            return;
        };
        let mut buffer = [0; 4096];
        if let Ok(length @ 1..) = output.read(&mut buffer) {
            request.said.extend(&buffer[..length]);
            return;
        }
        let is_done = request.child.wait().is_ok_and(|status| status.success());
        let said = String::from_utf8_lossy(&request.said);
        let text = said.lines().map(str::trim).collect::<Vec<_>>().join("; ");
        self.state.message = Some(if is_done { Message::Done(text) } else { Message::Failed(text) });
        self.request = None;
        self.due = context::now();
    }
}

/// Runs this program with other arguments.
fn start(arguments: &[&str]) -> std::io::Result<Child> {
    let mut command = Command::new(context::executable()?);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
}
