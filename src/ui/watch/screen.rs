//! The terminal while it shows the live view: raw mode and the alternate screen, given back however the view ends.

use std::io::{self, IsTerminal, Stdin, Stdout};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};

use super::keys::{self, Key};
use super::{State, render};
use crate::context;
use crate::failure::hinted;
use crate::sys::{ready, signals, terminal};

/// What the terminal was like; there is one terminal, and a panic must find it.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// How long the rest of a key may take after its escape character.
const REST_OF_KEY: Duration = Duration::from_millis(25);

/// The terminal, taken over until this is dropped.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    stdin: Stdin,
    before: Termios,
}

impl Screen {
    pub fn open() -> Result<Self> {
        if let Some(why) = obstacle() {
            return Err(hinted(
                format!("could not show a live view: {why}"),
                "mcp-hook status shows the servers once, mcp-hook status --json for programs",
            ));
        }
        restore_after_panics();
        // Before its state is read: in the background it is that of another program.
        terminal::await_foreground(io::stdin()).context("could not take over the terminal")?;
        let before = tcgetattr(io::stdin()).context("could not read the state of the terminal")?;
        Self::begin(before).inspect_err(|_| restore()).context("could not take over the terminal")
    }

    fn begin(before: Termios) -> io::Result<Self> {
        take_over(&before)?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(Self { terminal, stdin: io::stdin(), before })
    }

    /// Whether the terminal is ours to draw on and to read from, and not that of the shell that put us into the background.
    pub fn is_ours(&self) -> bool {
        terminal::is_in_foreground(&self.stdin)
    }

    /// Gives the terminal back and stops this process, as Ctrl-Z does where programs leave it to the terminal; takes it over
    /// again when somebody has this process go on.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        signals::stop();
        self.resume()
    }

    /// Takes over the terminal again, whatever somebody else has done to it; waits until it is ours.
    pub fn resume(&mut self) -> io::Result<()> {
        terminal::await_foreground(&self.stdin)?;
        take_over(&self.before)?;
        execute!(io::stdout(), Clear(ClearType::All))?;
        // A new one knows of nothing that is drawn; to clear the old one would ask the terminal where its cursor is.
        self.terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(())
    }

    /// Draws what changed since the last time, at the size that the terminal has now.
    pub fn draw(&mut self, state: &State) -> io::Result<()> {
        self.terminal.draw(|frame| render::render(state, frame)).map(drop)
    }

    /// What to poll for: readable when something was typed, or when the terminal is gone.
    pub fn as_poll_fd(&self) -> BorrowedFd<'_> {
        self.stdin.as_fd()
    }

    /// What was typed; `None` if the terminal is gone.
    pub fn read_keys(&self) -> Option<Vec<Key>> {
        let mut bytes = self.read()?;
        if keys::is_open(&bytes) && ready::is_readable_within(self.as_poll_fd(), REST_OF_KEY) {
            bytes.extend(self.read()?);
        }
        Some(keys::parse(&bytes))
    }

    /// Past the buffer of the standard library, which would keep from `poll(2)` what it holds.
    fn read(&self) -> Option<Vec<u8>> {
        let mut buffer = [0; 256];
        match nix::unistd::read(&self.stdin, &mut buffer) {
            Err(Errno::EINTR | Errno::EAGAIN) => Some(Vec::new()),
            Ok(0) | Err(_) => None,
            Ok(length) => Some(buffer[..length].to_vec()),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Why there can be no live view.
fn obstacle() -> Option<&'static str> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Some("standard input and output must be a terminal");
    }
    let is_dumb = context::text_variable("TERM").is_none_or(|term| term == "dumb");
    is_dumb.then_some("the terminal can only print lines (TERM is dumb or not set)")
}

/// Puts the terminal into raw mode and shows the alternate screen.
fn take_over(before: &Termios) -> io::Result<()> {
    let mut raw = before.clone();
    cfmakeraw(&mut raw);
    *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before.clone());
    tcsetattr(io::stdin(), SetArg::TCSADRAIN, &raw)?;
    execute!(io::stdout(), EnterAlternateScreen)
}

/// Gives the terminal back as it was; twice is harmless, and so is a terminal that is gone.
fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        let _ = execute!(io::stdout(), LeaveAlternateScreen, Show);
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &before);
    }
}

/// Has a panic told on the terminal as it was, not on the screen that vanishes.
fn restore_after_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            report(panic);
        }));
    });
}
