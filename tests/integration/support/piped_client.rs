//! A client as a program sees it: `mcp-hook run` with a pipe for each of its streams, and nothing that understands MCP.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Child, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};

use super::output::listing;
use super::process::Process;
use super::sandbox::Sandbox;
use super::wait::{self, Deadline};

/// Both ends of a connection to a server that `run` stands in front of.
pub struct PipedClient<'s> {
    sandbox: &'s Sandbox,
    child: Child,
    /// The server's input, until it is closed.
    pub input: Option<File>,
    /// The server's output, until nobody reads it any more.
    pub output: Option<File>,
    errors: File,
    /// What was read beyond the last line.
    ahead: Vec<u8>,
}

/// How it was in the end.
#[derive(Debug, PartialEq, Eq)]
pub struct Heard {
    pub status: Option<i32>,
    pub output: Vec<u8>,
    pub errors: Vec<u8>,
}

impl<'s> PipedClient<'s> {
    /// `mcp-hook run OPTIONS server -- COMMAND`.
    pub fn run(sandbox: &'s Sandbox, options: &[&str], command: &[&str]) -> Self {
        let errors = tempfile::tempfile().unwrap();
        let mut run = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        run.arg("run").args(options).args(["server", "--"]).args(command);
        run.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors.try_clone().unwrap());
        let mut child = run.spawn().unwrap();
        let input = child.stdin.take().map(|input| File::from(OwnedFd::from(input)));
        let output = child.stdout.take().map(|output| File::from(OwnedFd::from(output)));
        Self { sandbox, child, input, output, errors, ahead: Vec::new() }
    }

    /// The keeper: what the client started.
    pub fn process(&self) -> Process {
        Process::with_pid(self.child.id().cast_signed()).expect("it lives")
    }

    /// The supervisor, once it is there.
    pub fn supervisor(&self) -> Process {
        let below = || self.process().descendants().into_iter().find(|process| process.title() == "mcp-supervisor");
        wait::until("the supervisor", below)
    }

    /// The process below the supervisor with this name, once it is there.
    pub fn server(&self, name: &str) -> Process {
        let supervisor = self.supervisor();
        wait::until(name, || supervisor.descendants().into_iter().find(|process| process.title() == name))
    }

    /// Hands bytes to the server, and waits until they are taken.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.input.as_mut().unwrap().write_all(bytes.as_ref()).unwrap();
    }

    /// The same by another thread, which keeps the input meanwhile.
    pub fn say_all(&mut self, bytes: Vec<u8>) -> JoinHandle<File> {
        let mut input = self.input.take().unwrap();
        thread::spawn(move || {
            input.write_all(&bytes).unwrap();
            input
        })
    }

    /// The next line of the server, with its newline.
    #[track_caller]
    pub fn hear_line(&mut self) -> Vec<u8> {
        let mut seen = 0;
        loop {
            if let Some(end) = self.ahead[seen..].iter().position(|&byte| byte == b'\n') {
                let rest = self.ahead.split_off(seen + end + 1);
                return std::mem::replace(&mut self.ahead, rest);
            }
            seen = self.ahead.len();
            assert!(self.read(), "the output ended within a line: {:?}", String::from_utf8_lossy(&self.ahead));
        }
    }

    /// Waits until the server has said so many bytes, or no more.
    #[track_caller]
    pub fn hear(&mut self, length: usize) {
        while self.ahead.len() < length && self.read() {}
    }

    #[track_caller]
    fn read(&mut self) -> bool {
        let output = self.output.as_mut().unwrap();
        assert!(wait::one_readable(output, Deadline::usual()), "no line\n{}", listing(self.sandbox.root()));
        let mut chunk = [0; 1 << 14];
        let length = output.read(&mut chunk).unwrap();
        self.ahead.extend(&chunk[..length]);
        length > 0
    }

    /// Everything up to the end of the server's output, and how `run` ended.
    pub fn hear_all(mut self) -> Heard {
        let mut output = std::mem::take(&mut self.ahead);
        if let Some(mut pipe) = self.output.take() {
            pipe.read_to_end(&mut output).unwrap();
        }
        let status = self.wait().code();
        Heard { status, output, errors: self.errors() }
    }

    /// Ends the input first.
    pub fn finish(mut self) -> Heard {
        self.input = None;
        self.hear_all()
    }

    /// What stands on standard error by now.
    pub fn errors(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        self.errors.rewind().unwrap();
        self.errors.read_to_end(&mut text).unwrap();
        text
    }

    /// How many bytes wait to be read from the server.
    pub fn waiting(&self) -> usize {
        let mut count: nix::libc::c_int = 0;
        let fd = self.output.as_ref().unwrap().as_fd().as_raw_fd();
        // SAFETY: FIONREAD writes one int (ioctl_fionread(2const)).
        assert_eq!(unsafe { nix::libc::ioctl(fd, nix::libc::FIONREAD, &raw mut count) }, 0);
        usize::try_from(count).unwrap()
    }

    #[track_caller]
    fn wait(&mut self) -> ExitStatus {
        let process = Process::with_pid(self.child.id().cast_signed());
        let is_gone = process.is_none_or(|process| process.gone_by(Deadline::usual()));
        if !is_gone {
            self.child.kill().unwrap();
        }
        let status = self.child.wait().unwrap();
        assert!(is_gone, "run did not end\n{}", listing(self.sandbox.root()));
        status
    }
}

impl Drop for PipedClient<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A figure of `proc_pid_status(5)`, in bytes: `VmHWM` is the largest memory that a process had so far, `RssAnon` what it has
/// now that is no file's.
pub fn memory(process: Process, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap();
    let of = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().trim_end_matches(" kB").to_owned());
    status.lines().find_map(of).expect("a process with memory").parse::<usize>().unwrap() << 10
}
