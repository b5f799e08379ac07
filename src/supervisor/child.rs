//! A server's first process and the pipes to it.

use std::fs::File;
use std::io;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};

use super::client::Client;
use super::connection::ServerEnds;
use super::events::Source;
use super::execution;
use super::plan::Plan;
use super::program;
use super::streams::OutputPipe;
use crate::log::{LogWriter, Stream};
use crate::mcp::check::finding::{Finding, Level};
use crate::mcp::check::words;
use crate::server::record::Mode;
use crate::server::secrets::Secrets;
use crate::sys::execution::Streams;
use crate::sys::handle::ProcessHandle;
use crate::sys::poll::Poller;
use crate::sys::pty::Pty;
use crate::sys::waits::Input;
use crate::sys::{Identity, Pid, fd, spawn, wait};
use crate::{context, failpoint};

/// A server's first process.
pub struct Child {
    pub identity: Identity,
    /// When it was started, on the wall clock, in milliseconds.
    pub since: u64,
    /// Its input.
    pub input: Option<Input>,
    /// Our ends of what it reads and writes, where they are relayed.
    pub ends: Option<ServerEnds>,
    outputs: Vec<OutputPipe>,
    /// Never written to and never closed while the server lives: its input has no end.
    _input: Option<File>,
}

/// Why a server could not be started.
pub struct StartError {
    /// In words.
    pub cause: String,
    /// What is wrong with it, unless the system refused.
    pub finding: Option<Box<Finding>>,
    /// As a shell would report it.
    pub code: i32,
    /// Whether the system may do better in a moment: it had no process, memory or descriptor left.
    pub may_pass: bool,
}

impl Child {
    /// Starts it, in the foreground of the terminal. A client that is not relayed to it hands it our standard input
    /// and output as they are.
    pub fn start(plan: &Plan, terminal: Option<&Pty>) -> Result<Self, StartError> {
        let words = plan.words();
        Self::spawn(plan, terminal, &words).map_err(|error| start_error(&error, plan))
    }

    fn spawn(plan: &Plan, terminal: Option<&Pty>, words: &[String]) -> io::Result<Self> {
        failpoint::fail_io("spawn")?;
        let execution = execution::of(plan, words);
        let mut streams = Streams::default();
        let secrets = Secrets::new(&plan.invocation.secrets);
        let mut outputs = Vec::new();
        let (mut kept, mut ends) = (None, None);
        let input;
        let (reader, writer) = fd::pipe()?;
        streams.error = Some(writer);
        outputs.push(OutputPipe::new(reader, Stream::Err, secrets.clone())?);
        if plan.record.mode == Mode::Start {
            let (reader, writer) = fd::pipe()?;
            streams.output = Some(writer);
            outputs.push(OutputPipe::new(reader, Stream::Out, secrets)?);
            let (reader, writer) = fd::pipe()?;
            streams.input = Some(reader);
            input = Input::of(&writer);
            kept = Some(writer);
        } else if plan.record.settings.relay {
            let (reader, writer) = fd::pipe()?;
            streams.input = Some(reader);
            input = Input::of(&writer);
            let (output, printed) = fd::pipe()?;
            streams.output = Some(printed);
            fd::make_nonblocking(&writer)?;
            fd::make_nonblocking(&output)?;
            ends = Some(ServerEnds { input: writer, output });
        } else {
            input = Input::of(io::stdin());
        }
        let pid = spawn::start(&execution, &streams, terminal.map(Pty::foreground), plan.ignored)?;
        let Some(identity) = ProcessHandle::open(pid).map(|handle| handle.identity()) else {
            // Nobody is to run of whom we could not say who it is.
            wait::end(pid);
            return Err(io::Error::other("its process could not be looked at"));
        };
        let since = context::wall_millis();
        Ok(Self { identity, since, input, ends, outputs, _input: kept })
    }

    /// The number of the first process, which is also that of its group.
    pub fn pid(&self) -> Pid {
        self.identity.pid()
    }

    /// Registers the output pipes with a poller, unless the client has to catch up first.
    pub fn register<'fd>(&'fd self, poller: &mut Poller<'fd, Source>, client: Option<&Client>) {
        if let Some(pause) = client.and_then(|client| client.catches_up_in(context::now())) {
            return poller.within(pause);
        }
        for pipe in &self.outputs {
            if let Some(fd) = pipe.as_poll_fd() {
                poller.readable(Source::Output(pipe.stream()), fd);
            }
        }
    }

    /// The pipe on which this stream arrives.
    pub fn output(&mut self, stream: Stream) -> Option<&mut OutputPipe> {
        self.outputs.iter_mut().find(|pipe| pipe.stream() == stream)
    }

    /// Sends signals of the client to the server's group, but for SIGTERM, which ends the whole tree.
    pub fn forward(&self, signals: &[Signal]) {
        // Once it has been collected, its number may be that of a stranger's group.
        if wait::is_child(self.pid()) {
            for &signal in signals.iter().filter(|&&signal| signal != Signal::SIGTERM) {
                let _ = killpg(self.pid(), signal);
            }
        }
    }

    /// Hands on the rest, after the tree has ended.
    pub fn drain(&mut self, log: &mut LogWriter, mut client: Option<&mut Client>) {
        for pipe in &mut self.outputs {
            pipe.drain(log, client.as_deref_mut());
        }
    }
}

/// What the system may have again in a moment: processes, memory, descriptors, a program that is being written.
const PASSES: [Errno; 5] = [Errno::EAGAIN, Errno::ENOMEM, Errno::EMFILE, Errno::ENFILE, Errno::ETXTBSY];

/// What is seen of the program says more than the system does.
fn start_error(error: &io::Error, plan: &Plan) -> StartError {
    let may_pass = error.raw_os_error().is_some_and(|code| PASSES.contains(&Errno::from_raw(code)));
    let seen = || program::of_plan(plan).filter(|finding| finding.level == Level::Error);
    let finding = (!may_pass).then(|| seen().unwrap_or_else(|| words::unstartable(&error.to_string())));
    let is_missing = error.kind() == io::ErrorKind::NotFound && plan.record.directory.is_dir();
    let why = finding.as_ref().map_or_else(|| error.to_string(), Finding::in_error);
    let finding = finding.map(Box::new);
    let cause = format!("could not {} {}: {why}", plan.record.mode.verb(), plan.record.name);
    StartError { cause, finding, code: if is_missing { 127 } else { 126 }, may_pass }
}
