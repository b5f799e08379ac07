//! One call of a tool, done by a process of its own.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};

use crate::context;
use crate::mcp::agent::call::{CallReport, Tool, ToolCall};
use crate::server::token::KEEP_VARIABLE;
use crate::sys::{Pid, fd};

/// A call that is being done.
pub struct CallJob {
    pub number: u64,
    child: Child,
    /// What it tells; none once it has told all.
    output: Option<File>,
    heard: Vec<u8>,
    has_ended: bool,
}

impl CallJob {
    pub fn start(number: u64, call: &ToolCall) -> io::Result<Self> {
        let mut command = Command::new(context::own_program()?);
        command.arg("tool").arg(serde_json::to_string(call)?);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        if matches!(call.tool, Tool::Start | Tool::Restart) {
            // What watches over the server is the session's, though mcp-hook mcp may itself be a server that ends.
            command.env(KEEP_VARIABLE, "1");
        }
        let mut child = command.spawn()?;
        let output = child.stdout.take().map(|output| File::from(OwnedFd::from(output)));
        if let Some(output) = &output {
            fd::make_nonblocking(output)?;
        }
        Ok(Self { number, child, output, heard: Vec::new(), has_ended: false })
    }

    /// What can be read once it tells something or ends.
    pub fn output(&self) -> Option<BorrowedFd<'_>> {
        self.output.as_ref().map(AsFd::as_fd)
    }

    /// Whether it has told all and ended.
    pub fn is_over(&self) -> bool {
        self.output.is_none()
    }

    /// Asks it to end, as somebody does who waits no longer: what it was about goes on or is taken back as with its command.
    pub fn cancel(&self) {
        if !self.is_over() {
            let _ = kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM);
        }
    }

    /// Reads what it tells. The last is always how it went.
    pub fn read(&mut self) -> Vec<CallReport> {
        let mut chunk = [0; 1 << 14];
        while let Some(output) = &mut self.output {
            match output.read(&mut chunk) {
                Ok(0) => self.output = None,
                Ok(length) => self.heard.extend(&chunk[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.output = None,
            }
        }
        let mut reports = Vec::new();
        while let Some(end) = self.heard.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            reports.extend(serde_json::from_slice(&line).ok());
        }
        self.has_ended |= reports.iter().any(|report| !matches!(report, CallReport::Progress(_)));
        if self.is_over() {
            let status = self.child.wait();
            if !self.has_ended {
                let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                reports.push(CallReport::Failed(format!("the call came to no end: {how}")));
            }
        }
        reports
    }
}
