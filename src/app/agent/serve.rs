//! The loop: the client's lines in, answers out, calls done beside it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::sys::signal::Signal;

use super::job::CallJob;
use crate::context;
use crate::mcp::agent::call::{CallReport, ToolCall};
use crate::mcp::agent::dialogue::{Action, Dialogue};
use crate::mcp::framer::{Framer, Piece};
use crate::sys::fd;
use crate::sys::hangup::HangUp;
use crate::sys::poll::Poller;
use crate::sys::shared_writer::SharedWriter;
use crate::sys::signals::Inbox;

/// How many calls are done at once; the others wait.
const AT_ONCE: usize = 8;
/// How many may wait.
const WAITING: usize = 64;
/// While so many bytes are not taken, the client is not listened to.
const UNTAKEN: usize = 1 << 20;
/// How long calls may go on whose client says nothing more, but is there to hear their answers.
const AFTER_THE_LAST_WORD: Duration = Duration::from_secs(10);
/// How long they may take to end after that.
const TO_CLEAN_UP: Duration = Duration::from_secs(1);

const ENDS: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

/// How it came to its end.
pub enum Served {
    /// The client has left.
    Finished,
    Ended(Signal),
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Signal,
    Input,
    Output,
    HangUp,
    Job(usize),
}

struct Server {
    dialogue: Dialogue,
    framer: Framer,
    /// None once the client has said all.
    input: Option<File>,
    output: SharedWriter,
    /// That nobody reads the output any more, if that can be seen there.
    hang_up: Option<HangUp>,
    unsent: Vec<u8>,
    jobs: Vec<CallJob>,
    waiting: VecDeque<(u64, ToolCall)>,
    /// When calls are given up that are not done.
    limit: Option<Instant>,
}

/// Serves the client on standard input and output until it leaves, or a signal comes.
pub fn serve() -> Result<Served> {
    let mut inbox = Inbox::new(&ENDS).context("could not listen for signals")?;
    let could_not = "could not use the standard streams";
    let input = File::from(fd::duplicate(io::stdin().as_fd()).context(could_not)?);
    let output = SharedWriter::new(fd::duplicate(io::stdout().as_fd()).context(could_not)?);
    let hang_up = HangUp::of_output(fd::duplicate(io::stdout().as_fd()).context(could_not)?).ok();
    let mut server = Server {
        dialogue: Dialogue::new(),
        framer: Framer::of_client(),
        input: Some(input),
        output,
        hang_up,
        unsent: Vec::new(),
        jobs: Vec::new(),
        waiting: VecDeque::new(),
        limit: None,
    };
    loop {
        let happened = server.wait(&inbox);
        if let Some(&signal) = inbox.drain().first() {
            server.give_up();
            return Ok(Served::Ended(signal));
        }
        if !server.obey(&happened) || server.is_done() {
            server.give_up();
            return Ok(Served::Finished);
        }
    }
}

impl Server {
    fn wait(&self, inbox: &Inbox) -> Vec<Source> {
        let mut poller = Poller::new(self.limit.map(|limit| limit.saturating_duration_since(context::now())));
        poller.readable(Source::Signal, inbox.as_poll_fd());
        if let Some(input) = self.input.as_ref().filter(|_| self.unsent.len() < UNTAKEN) {
            poller.readable(Source::Input, input.as_fd());
        }
        if !self.unsent.is_empty() {
            poller.writable(Source::Output, self.output.as_fd());
        }
        if let Some(hang_up) = self.hang_up.as_ref().filter(|_| self.input.is_none()) {
            poller.hang_up(Source::HangUp, hang_up);
        }
        for (index, job) in self.jobs.iter().enumerate() {
            if let Some(output) = job.output() {
                poller.readable(Source::Job(index), output);
            }
        }
        poller.wait()
    }

    /// Does what can be done now. False if nobody hears it.
    fn obey(&mut self, happened: &[Source]) -> bool {
        for source in happened {
            match *source {
                Source::Input => self.listen(),
                Source::Job(index) => self.read_job(index),
                Source::HangUp => return false,
                Source::Signal | Source::Output => {}
            }
        }
        self.jobs.retain(|job| !job.is_over());
        self.start_jobs();
        self.send()
    }

    fn listen(&mut self) {
        let mut chunk = [0; 1 << 14];
        let length = match self.input.as_mut().map(|input| input.read(&mut chunk)) {
            Some(Ok(length)) => length,
            Some(Err(error)) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {
                return;
            }
            _ => 0,
        };
        let mut pieces = Vec::new();
        if length == 0 {
            self.framer.end(&mut |piece| pieces.push(piece));
            self.input = None;
            self.limit = Some(context::now() + AFTER_THE_LAST_WORD);
        } else {
            self.framer.push(&chunk[..length], &mut |piece| pieces.push(piece));
        }
        for piece in pieces {
            let actions = match piece {
                Piece::Whole(line, _) => self.dialogue.hear(&line),
                Piece::End(..) => Dialogue::hear_too_much(),
                Piece::Begin(..) | Piece::Part(_) => Vec::new(),
            };
            for action in actions {
                self.act(action);
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Say(line) => self.unsent.extend(line),
            Action::Do(number, _) if self.waiting.len() >= WAITING => {
                self.tell(
                    number,
                    CallReport::Failed("too many calls at once: wait for those that are running".to_owned()),
                );
            }
            Action::Do(number, call) => self.waiting.push_back((number, call)),
            Action::Cancel(number) => {
                self.waiting.retain(|(waiting, _)| *waiting != number);
                self.jobs.iter().filter(|job| job.number == number).for_each(CallJob::cancel);
            }
        }
    }

    fn start_jobs(&mut self) {
        while self.jobs.len() < AT_ONCE
            && let Some((number, call)) = self.waiting.pop_front()
        {
            match CallJob::start(number, &call) {
                Ok(job) => self.jobs.push(job),
                Err(error) => self.tell(number, CallReport::Failed(format!("could not start a process: {error}"))),
            }
        }
    }

    fn read_job(&mut self, index: usize) {
        let number = self.jobs[index].number;
        for report in self.jobs[index].read() {
            self.tell(number, report);
        }
    }

    fn tell(&mut self, number: u64, report: CallReport) {
        self.unsent.extend(self.dialogue.report(number, report).into_iter().flatten());
    }

    /// Writes what the client takes. False if it takes nothing any more.
    fn send(&mut self) -> bool {
        while !self.unsent.is_empty() {
            match self.output.write(&self.unsent) {
                Ok(length) => drop(self.unsent.drain(..length)),
                Err(Errno::EAGAIN) => return true,
                Err(Errno::EINTR) => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// Whether the client has said all, and heard all or had its time.
    fn is_done(&self) -> bool {
        let is_over = || self.limit.is_some_and(|limit| context::now() >= limit);
        self.input.is_none() && (!self.dialogue.is_waiting() && self.unsent.is_empty() || is_over())
    }

    /// Has the calls end that are not done, each as its command would.
    fn give_up(&mut self) {
        self.jobs.iter().for_each(CallJob::cancel);
        let limit = context::now() + TO_CLEAN_UP;
        while !self.jobs.is_empty() && context::now() < limit {
            let mut poller = Poller::new(Some(limit.saturating_duration_since(context::now())));
            self.jobs.iter().filter_map(CallJob::output).for_each(|output| poller.readable((), output));
            poller.wait();
            self.jobs.iter_mut().for_each(|job| drop(job.read()));
            self.jobs.retain(|job| !job.is_over());
        }
    }
}
