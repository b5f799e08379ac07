//! A server's first process and the pipes to it.

use std::fs::File;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};

use super::events::Source;
use super::plan::Plan;
use super::readiness::Check;
use super::streams::{ClientError, Pipe};
use crate::log::{LogWriter, Stream};
use crate::port::probe::PortProbe;
use crate::server::environment;
use crate::server::launcher::Launcher;
use crate::server::record::Mode;
use crate::server::secrets::Secrets;
use crate::sys::handle::ProcessHandle;
use crate::sys::poll::Poller;
use crate::sys::pty::Pty;
use crate::sys::waits::Input;
use crate::sys::{Identity, Pid, fd, spawn, wait};
use crate::{context, failpoint};

/// A server that has been started.
pub struct Running {
    /// Its first process.
    pub identity: Identity,
    /// When it was started, on the wall clock, in milliseconds.
    pub since: u64,
    /// What is looked at until it counts as started.
    pub check: Option<Check>,
    /// What is remembered of the looks at its port, until it is seen to listen there or nobody expects that any more.
    pub port_probe: Option<PortProbe>,
    /// Since when it counts as started.
    pub ready_since: Option<Instant>,
    /// Whether it was seen to serve, or did what the user takes for that.
    pub has_served: bool,
    /// When to look again whether it serves, and how long the pause before was; none if that is known.
    pub doubt: Option<(Instant, Duration)>,
    /// Its input.
    pub input: Option<Input>,
    outputs: Vec<Pipe>,
    /// Never written to and never closed while the server lives: its input has no end.
    _input: Option<File>,
}

/// Why a server could not be started.
pub struct Failure {
    /// In words.
    pub cause: String,
    /// As a shell would report it.
    pub code: i32,
    /// Whether the system may do better in a moment: it had no process, memory or descriptor left.
    pub may_pass: bool,
}

impl Running {
    /// Starts the server, in the foreground of the terminal. For `run` it gets our standard input and output as they are.
    pub fn start(plan: &Plan, terminal: Option<&Pty>) -> Result<Self, Failure> {
        let port = plan.record.port.as_ref().map(|port| port.number);
        let words: Vec<String> = plan.invocation.words.iter().map(|word| word.render(port)).collect();
        let words = plan.container.as_ref().map_or(words.clone(), |container| container.mark(words));
        let record = &plan.record;
        let launcher = Launcher::of_command(&words);
        let check = Check::begin(&record.settings.ready, port.is_some(), launcher, context::now());
        let check = check.map_err(|error| Failure {
            cause: format!("could not start {}: ready.log is no regular expression: {error}", record.name),
            code: 125,
            may_pass: false,
        })?;
        let mut running =
            Self::spawn(plan, terminal, &words, port).map_err(|error| failure(&error, &words[0], plan))?;
        running.check = Some(check);
        let limit = Duration::from_millis(record.settings.ready.timeout_ms);
        running.port_probe = port.map(|port| PortProbe::new(port, context::now(), limit));
        Ok(running)
    }

    fn spawn(plan: &Plan, terminal: Option<&Pty>, words: &[String], port: Option<u16>) -> io::Result<Self> {
        failpoint::fail_io("spawn")?;
        let mut command = command(plan, words, port);
        let secrets = Secrets::new(&plan.invocation.secrets);
        let mut outputs = Vec::new();
        let mut kept = None;
        let input;
        let (reader, writer) = fd::pipe()?;
        command.stderr(writer);
        outputs.push(Pipe::new(reader, Stream::Err, secrets.clone())?);
        if plan.record.mode == Mode::Start {
            let (reader, writer) = fd::pipe()?;
            command.stdout(writer);
            outputs.push(Pipe::new(reader, Stream::Out, secrets)?);
            let (reader, writer) = fd::pipe()?;
            command.stdin(reader);
            input = Input::of(&writer);
            kept = Some(writer);
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
        Ok(Self {
            identity,
            since,
            check: None,
            port_probe: None,
            ready_since: None,
            has_served: false,
            doubt: None,
            input,
            outputs,
            _input: kept,
        })
    }

    /// The number of the first process, which is also that of its group.
    pub fn pid(&self) -> Pid {
        self.identity.pid()
    }

    /// Registers the output pipes with a poller, unless the client has to catch up first.
    pub fn register<'fd>(&'fd self, poller: &mut Poller<'fd, Source>, client: Option<&ClientError>) {
        if let Some(Err(pause)) = client.map(|client| client.accepts(context::now())) {
            return poller.within(pause);
        }
        for pipe in &self.outputs {
            if let Some(fd) = pipe.as_poll_fd() {
                poller.readable(Source::Output(pipe.stream()), fd);
            }
        }
    }

    /// Hands on what the server has printed.
    pub fn pump(&mut self, stream: Stream, log: &mut LogWriter, mut client: Option<&mut ClientError>) {
        for pipe in self.outputs.iter_mut().filter(|pipe| pipe.stream() == stream) {
            pipe.pump(log, client.as_deref_mut(), self.check.as_mut());
        }
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
    pub fn drain(&mut self, log: &mut LogWriter, mut client: Option<&mut ClientError>) {
        for pipe in &mut self.outputs {
            pipe.drain(log, client.as_deref_mut());
        }
    }
}

/// What the system may have again in a moment: processes, memory, descriptors, a program that is being written.
const PASSES: [Errno; 5] = [Errno::EAGAIN, Errno::ENOMEM, Errno::EMFILE, Errno::ENFILE, Errno::ETXTBSY];

/// What is executed, without its streams.
fn command(plan: &Plan, words: &[String], port: Option<u16>) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).current_dir(&plan.record.directory);
    command.envs(environment::unbuffered(plan.record.mode));
    command.envs(plan.invocation.environment.iter().map(|(name, value)| (name, value.render(port))));
    command.envs(environment::additions(&plan.record.token, &plan.paths));
    command.envs(environment::port(port, plan.record.settings.port.as_ref()));
    for name in environment::REMOVED {
        command.env_remove(name);
    }
    command
}

/// Names the program and the directory as they are defined: what variables hold is not shown.
fn failure(error: &io::Error, program: &str, plan: &Plan) -> Failure {
    let is_path = program.contains('/');
    let words = plan.record.command.words();
    let program = words.first().copied().unwrap_or(program);
    let directory = &plan.record.directory;
    if !directory.is_dir() {
        let directory = plan.invocation.cwd.clone().unwrap_or_else(|| directory.display().to_string());
        let cause = format!("could not start {program}: the directory {directory} is not there");
        return Failure { cause, code: 126, may_pass: false };
    }
    let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
    let why = match error.kind() {
        io::ErrorKind::NotFound if is_path => "no such file".to_owned(),
        io::ErrorKind::NotFound => "command not found".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    let may_pass = error.raw_os_error().is_some_and(|code| PASSES.contains(&Errno::from_raw(code)));
    Failure { cause: format!("could not start {program}: {why}"), code, may_pass }
}
