//! A server's first process and the pipes to it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};

use super::client::Client;
use super::connection::ServerEnds;
use super::events::Source;
use super::plan::Plan;
use super::streams::OutputPipe;
use crate::log::{LogWriter, Stream};
use crate::mcp::check::finding::Code;
use crate::server::environment;
use crate::server::record::Mode;
use crate::server::secrets::Secrets;
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
        Self::spawn(plan, terminal, &words).map_err(|error| start_error(&error, &words[0], plan))
    }

    fn spawn(plan: &Plan, terminal: Option<&Pty>, words: &[String]) -> io::Result<Self> {
        failpoint::fail_io("spawn")?;
        let mut command = command(plan, words);
        let secrets = Secrets::new(&plan.invocation.secrets);
        let mut outputs = Vec::new();
        let (mut kept, mut ends) = (None, None);
        let input;
        let (reader, writer) = fd::pipe()?;
        command.stderr(writer);
        outputs.push(OutputPipe::new(reader, Stream::Err, secrets.clone())?);
        if plan.record.mode == Mode::Start {
            let (reader, writer) = fd::pipe()?;
            command.stdout(writer);
            outputs.push(OutputPipe::new(reader, Stream::Out, secrets)?);
            let (reader, writer) = fd::pipe()?;
            command.stdin(reader);
            input = Input::of(&writer);
            kept = Some(writer);
        } else if plan.record.settings.relay {
            let (reader, writer) = fd::pipe()?;
            command.stdin(reader);
            input = Input::of(&writer);
            let (output, printed) = fd::pipe()?;
            command.stdout(printed);
            fd::make_nonblocking(&writer)?;
            fd::make_nonblocking(&output)?;
            ends = Some(ServerEnds { input: writer, output });
        } else {
            input = Input::of(io::stdin());
            command.stdin(Stdio::inherit()).stdout(Stdio::inherit());
        }
        let mut child = spawn::spawn(&mut command, terminal.map(Pty::foreground), plan.ignored)?;
        let pid = Pid::from_raw(child.id().cast_signed());
        let Some(identity) = ProcessHandle::open(pid).map(|handle| handle.identity()) else {
            // Nobody is to run of whom we could not say who it is.
            let _ = child.kill().and_then(|()| child.wait());
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

/// What is executed, without its streams.
pub(super) fn command(plan: &Plan, words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).current_dir(&plan.record.directory);
    command.env_clear().envs(environment(plan));
    if let Some(direct) = &plan.shortcut.direct {
        command.envs(direct.variables.iter().map(|(name, value)| (name, value)));
        // Launchers find it by its name.
        command.arg0(direct.program.file_name().unwrap_or_default());
    }
    command
}

/// All variables that the server gets, but for those of a launcher that is passed by.
pub(super) fn environment(plan: &Plan) -> BTreeMap<OsString, OsString> {
    let port = plan.port();
    let mut variables: BTreeMap<OsString, OsString> = context::variables().collect();
    for name in &plan.invocation.withheld {
        variables.remove(OsStr::new(name));
    }
    let mut set = |name: &str, value: OsString| drop(variables.insert(name.into(), value));
    if let Some((name, value)) = environment::unbuffered(plan.record.mode) {
        set(name, value.into());
    }
    for (name, value) in &plan.invocation.environment {
        set(name, value.render(port).into());
    }
    for (name, value) in environment::additions(&plan.record.token, &plan.paths) {
        set(name, value);
    }
    for (name, value) in environment::port(port, plan.record.settings.port.as_ref()) {
        set(&name, value.into());
    }
    for name in environment::REMOVED {
        variables.remove(OsStr::new(name));
    }
    variables
}

/// Names the program and the directory as they are defined: what variables hold is not shown.
fn start_error(error: &io::Error, program: &str, plan: &Plan) -> StartError {
    let is_path = program.contains('/');
    let words = plan.record.command.words();
    let program = words.first().copied().unwrap_or(program);
    let directory = &plan.record.directory;
    if !directory.is_dir() {
        let directory = plan.invocation.cwd.clone().unwrap_or_else(|| directory.display().to_string());
        let cause = format!("could not start {program}: the directory {directory} is not there");
        return StartError { cause, code: 126, may_pass: false };
    }
    let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
    let why = match error.kind() {
        io::ErrorKind::NotFound if is_path => format!("no such file ({})", Code::NotFound),
        io::ErrorKind::NotFound => format!("command not found ({})", Code::NotFound),
        io::ErrorKind::PermissionDenied => format!("permission denied ({})", Code::NotExecutable),
        _ => error.to_string(),
    };
    let may_pass = error.raw_os_error().is_some_and(|code| PASSES.contains(&Errno::from_raw(code)));
    StartError { cause: format!("could not start {program}: {why}"), code, may_pass }
}
