//! The supervisor: starts a server's tree, watches it, ends it, and leaves only when nothing of it is left.
//!
//! This is its state and its loop; what it does is in the rooms beside it, one for each time of a server. What is to be done
//! it asks the policies; what happens it hears, and what it has to tell it says, at its [`Desk`].

mod ending;
mod following;
mod running;
mod starting;
mod waiting;

use nix::sys::signal::Signal;
use nix::unistd::setsid;

use super::contained::Containment;
use super::desk::{Channels, Desk};
use super::held_port::HeldPort;
use super::instance::EndedInstance;
use super::plan::Plan;
use super::port_policy::PortPolicy;
use super::restart_policy::RestartPolicy;
use super::titles;
use crate::disk::lock_file::LockFile;
use crate::failpoint;
use crate::server::end::End;
use crate::server::record::Mode;
use crate::server::settings::{PortChoice, Restart};
use crate::sys::handle::ProcessHandle;
use crate::sys::pty::Pty;
use crate::sys::wait::Exit;
use crate::sys::{orphans, title};

pub struct Supervisor {
    desk: Desk,
    terminal: Option<Pty>,
    is_adopting: bool,
    restart: RestartPolicy,
    port: Option<HeldPort>,
    /// Its turn among those that the same launcher starts, until that is done.
    turn: Option<LockFile>,
    containment: Containment,
    /// Whether it was seen what the start has cost or saved.
    is_measured: bool,
}

/// How the run of an instance is over.
enum Outcome {
    /// The tree is gone.
    Ended(Box<EndedInstance>),
    /// What is left may not be signalled, but hung up on by the end of this process.
    HangUp(Exit),
}

/// What follows.
enum Next {
    /// The server is to be started now.
    Start,
    /// The supervisor leaves with what a shell would report of the server.
    Leave(i32),
}

impl Supervisor {
    /// Becomes the supervisor of `plan`, or fails because signals cannot be received. Nearly all else that can go wrong here
    /// only takes away a safety net.
    pub fn new(mut plan: Box<Plan>, channels: Channels) -> std::io::Result<Self> {
        let _ = setsid();
        title::set_short(titles::SUPERVISOR);
        let is_adopting = orphans::adopt().is_ok();
        let lease = plan.lease.take();
        let desk = Desk::new(plan, channels)?;
        let record = &desk.plan.record;
        let settings = &record.settings;
        // A client that talks to a server has a state that a new one would not know.
        let restart = if record.mode == Mode::Start { settings.restart } else { Restart::No };
        let choice = settings.port.as_ref().map(|wish| wish.number);
        let policy = PortPolicy::new(choice, record.mode);
        let port = lease.map(|lease| HeldPort::new(lease, choice.unwrap_or(PortChoice::Auto), policy));
        let terminal = if settings.terminal { Pty::take_as_controlling().ok() } else { None };
        Ok(Self {
            terminal,
            is_adopting,
            restart: RestartPolicy::new(restart, record.autostart),
            port,
            turn: None,
            containment: Containment::default(),
            is_measured: false,
            desk,
        })
    }

    /// Runs the server until it is over, starting it again when asked to or when it fails. Returns what a shell would
    /// report of it.
    pub fn run(mut self) -> i32 {
        let mut is_first = true;
        self.desk.watch_files();
        loop {
            let turn = self.desk.let_files_settle().and_then(|()| self.take_turn());
            let started = turn.map(|()| self.start());
            if std::mem::take(&mut is_first) && started.is_ok() {
                self.desk.introduce(self.is_adopting);
            }
            let next = match started {
                Ok(Ok(instance)) => {
                    let outcome = self.supervise(instance);
                    self.end_turn();
                    match outcome {
                        Outcome::Ended(ended) => self.follow(&ended),
                        Outcome::HangUp(exit) => return self.hang_up(exit.shell_code()),
                    }
                }
                Ok(Err(error)) => {
                    self.end_turn();
                    self.follow_unstarted(&error)
                }
                Err(reason) => self.call_off(&End::unstarted(None), reason),
            };
            if let Next::Leave(code) = next {
                return self.leave(code);
            }
        }
    }

    fn leave(mut self, code: i32) -> i32 {
        self.desk.deliver();
        failpoint::kill("before-leaving");
        if let Some(port) = self.port.take() {
            port.give_back();
        }
        if let Some(terminal) = &self.terminal {
            terminal.release();
        }
        if let Some(client) = &mut self.desk.sources.client {
            client.finish();
        }
        // A keeper that somebody stopped could not collect us, and would hold the lock.
        let keeper = self.desk.plan.record.watchers.and_then(|both| ProcessHandle::reopen(&both.keeper));
        let _ = keeper.map(|keeper| keeper.signal(Signal::SIGCONT));
        code
    }
}
