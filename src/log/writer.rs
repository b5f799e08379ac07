//! The writing end of a server's log, owned by the supervisor alone.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::central::{self, CentralEntry, Level};
use super::line::{Stream, prefix};
use super::line_buffer::LineBuffer;
use super::queue::Queue;
use super::rotating_file::RotatingFile;

use crate::context;
use crate::disk::layout::ServerPaths;
use crate::server::record::ServerRecord;
use crate::server::secrets::Secrets;
use crate::server::settings::LogLimits;
use crate::server::token::Token;
use crate::text;

/// How long the end of a server waits for the disk.
const PATIENCE: Duration = Duration::from_secs(1);

/// Takes lines and never fails: what cannot be written is counted, and the count is written.
pub struct LogWriter {
    paths: ServerPaths,
    token: Token,
    limits: LogLimits,
    secrets: Secrets,
    output: Output,
    is_stuck: bool,
}

enum Output {
    /// Nothing was written yet: a server does not wait for a thread to start.
    Unused,
    /// By a thread, which may wait for the disk.
    Queue(Arc<Queue>),
    /// There is no thread to be had.
    Direct(RotatingFile),
}

impl LogWriter {
    pub fn new(paths: &ServerPaths, record: &ServerRecord, secrets: Secrets) -> Self {
        let (paths, token, limits) = (paths.clone(), record.token.clone(), record.settings.log);
        Self { paths, token, limits, secrets, output: Output::Unused, is_stuck: false }
    }

    /// A text without what must not stand in any log.
    pub fn masked(&self, text: &str) -> String {
        self.secrets.masked(text)
    }

    /// Writes a line of our own here and to the central logs. A warning or an error begins with what it is.
    pub fn note(&mut self, level: Level, now: SystemTime, text: &str) {
        // One line, whatever is named in it.
        let text = text::plain(&self.secrets.masked(text));
        let prefix = prefix(level);
        let bare = text.strip_prefix(prefix).unwrap_or(&text);
        let mut lines = LineBuffer::new(Stream::Hook, self.secrets.clone());
        lines.push(format!("{prefix}{bare}").as_bytes(), now);
        lines.close(now);
        self.append(&mut lines);
        let (session, server) = (Some(self.token.session().clone()), Some(self.token.server().clone()));
        self.announce(CentralEntry { time: now, level, session, server, text: bare.to_owned() });
    }

    /// Writes the whole lines of what a stream has said since the last call.
    pub fn append(&mut self, lines: &mut LineBuffer) {
        lines.take(|text| match self.output() {
            Output::Queue(queue) => queue.push(text),
            Output::Direct(file) => file.write(text, context::wall_clock()),
            Output::Unused => {}
        });
    }

    fn announce(&mut self, entry: CentralEntry) {
        match self.output() {
            Output::Queue(queue) => queue.announce(entry),
            _ => drop(central::write(&self.paths.central, &entry)),
        }
    }

    /// Waits until everything is on its way, but not long, and only once for a disk that hangs.
    pub fn drain(&mut self) {
        if let Output::Queue(queue) = &self.output
            && !self.is_stuck
        {
            self.is_stuck = !queue.drain(context::now() + PATIENCE);
        }
    }

    fn output(&mut self) -> &mut Output {
        if matches!(self.output, Output::Unused) {
            let file = || RotatingFile::new(self.paths.log.clone(), self.limits);
            let queue = Queue::start(file(), self.paths.central.clone());
            self.output = queue.map_or_else(|_| Output::Direct(file()), Output::Queue);
        }
        &mut self.output
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.drain();
        if let Output::Queue(queue) = &self.output {
            queue.close();
        }
    }
}
