//! One life of a server under trial: its first process, and the pipes to it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use crate::server::secrets::Secrets;
use crate::supervisor::execution;
use crate::supervisor::plan::Plan;
use crate::sys::execution::Streams;
use crate::sys::handle::ProcessHandle;
use crate::sys::poll::Poller;
use crate::sys::wait::{self, Exit};
use crate::sys::waits::Input;
use crate::sys::{Pid, fd, spawn};

/// How much is read at once, in bytes.
const CHUNK: usize = 64 << 10;
/// How many of its last lines are kept, and how much of each.
const MOST_LINES: usize = 20;
const LONGEST_LINE: usize = 4096;

pub struct Life {
    pub pid: Pid,
    /// Its input, to recognise who waits for it.
    pub stream: Option<Input>,
    input: Option<File>,
    output: Option<File>,
    error: Option<File>,
    unsent: Vec<u8>,
    last_words: LastWords,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Input,
    Output,
    Error,
}

impl Life {
    pub fn start(plan: &Plan) -> io::Result<Self> {
        let (stdin, input) = fd::pipe()?;
        let (output, stdout) = fd::pipe()?;
        let (error, stderr) = fd::pipe()?;
        for end in [&input, &output, &error] {
            fd::make_nonblocking(end)?;
        }
        let streams = Streams { input: Some(stdin), output: Some(stdout), error: Some(stderr) };
        let pid = spawn::start(&execution::of(plan, &plan.words()), &streams, None, plan.ignored)?;
        if ProcessHandle::open(pid).is_none() {
            wait::end(pid);
            return Err(io::Error::other("its process could not be looked at"));
        }
        Ok(Self {
            pid,
            stream: Input::of(&input),
            input: Some(input),
            output: Some(output),
            error: Some(error),
            unsent: Vec::new(),
            last_words: LastWords::new(Secrets::new(&plan.invocation.secrets)),
        })
    }

    pub fn register<'fd, Key>(&'fd self, poller: &mut Poller<'fd, Key>, key: impl Fn(End) -> Key) {
        if let Some(input) = self.input.as_ref().filter(|_| !self.unsent.is_empty()) {
            poller.writable(key(End::Input), input.as_fd());
        }
        let outputs: [(End, &Option<File>); 2] = [(End::Output, &self.output), (End::Error, &self.error)];
        for (end, file) in outputs {
            if let Some(fd) = file.as_ref().map(AsFd::as_fd) {
                let fd: BorrowedFd<'fd> = fd;
                poller.readable(key(end), fd);
            }
        }
    }

    /// Sends what is to be sent, as far as it is taken.
    pub fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend(bytes);
        let Some(input) = &mut self.input else { return };
        match input.write(&self.unsent) {
            Ok(written) => drop(self.unsent.drain(..written)),
            Err(error) if is_temporary(&error) => {}
            Err(_) => (self.input, self.unsent) = (None, Vec::new()),
        }
    }

    /// Reads what it has written on standard output.
    pub fn read_output(&mut self) -> Vec<u8> {
        read(&mut self.output)
    }

    pub fn read_error(&mut self) {
        loop {
            let bytes = read(&mut self.error);
            if bytes.is_empty() {
                return;
            }
            self.last_words.push(&bytes);
        }
    }

    /// Takes all that it has printed for last words.
    pub fn log_output(&mut self) {
        self.read_error();
        loop {
            let bytes = self.read_output();
            if bytes.is_empty() {
                return;
            }
            self.last_words.push(&bytes);
        }
    }

    pub fn has_output(&self) -> bool {
        self.output.is_some()
    }

    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// How its first process ended, if it has. It stays uncollected, so that its number stays taken.
    pub fn exit(&self) -> Option<Exit> {
        wait::peek(self.pid)
    }

    pub fn last_words(&mut self) -> Vec<String> {
        self.read_error();
        self.last_words.lines()
    }
}

/// Reads once; the end of the file closes it.
fn read(file: &mut Option<File>) -> Vec<u8> {
    let mut chunk = vec![0; CHUNK];
    let result = file.as_mut().map(|file| file.read(&mut chunk));
    match result {
        Some(Ok(length @ 1..)) => {
            chunk.truncate(length);
            return chunk;
        }
        Some(Err(error)) if is_temporary(&error) => {}
        _ => *file = None,
    }
    Vec::new()
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// The last lines of a stream, without secrets.
struct LastWords {
    secrets: Secrets,
    lines: VecDeque<String>,
    partial: Vec<u8>,
}

impl LastWords {
    fn new(secrets: Secrets) -> Self {
        Self { secrets, lines: VecDeque::new(), partial: Vec::new() }
    }

    fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.partial.extend(piece);
            if self.partial.ends_with(b"\n") || self.partial.len() > LONGEST_LINE {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        let line = self.secrets.masked(String::from_utf8_lossy(&line).trim_end());
        if !line.trim().is_empty() {
            self.lines.push_back(line);
        }
        if self.lines.len() > MOST_LINES {
            self.lines.pop_front();
        }
    }

    fn lines(&mut self) -> Vec<String> {
        self.end_line();
        self.lines.iter().cloned().collect()
    }
}
