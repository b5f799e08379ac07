//! What an agent is told while a use case works, and what is kept for the end.

use std::cell::RefCell;

use super::answer::tell;
use crate::app::progress::{Notice, Progress, Wait};
use crate::commands::stopped;
use crate::mcp::agent::call::CallReport;

/// Tells what is waited for, and keeps warnings.
#[derive(Default)]
pub struct Told(RefCell<Vec<String>>);

impl Told {
    pub fn warnings(self) -> Vec<String> {
        self.0.into_inner()
    }

    fn say(text: String) {
        let _ = tell(&CallReport::Progress(text));
    }
}

impl Progress for Told {
    fn during<T>(&self, wait: Wait<'_>, work: impl FnOnce() -> T) -> T {
        Self::say(wait.to_string());
        work()
    }

    fn notice(&self, notice: Notice<'_>) {
        match notice {
            Notice::Warnings(lines) => self.0.borrow_mut().extend_from_slice(lines),
            Notice::Supervisor(text) => Self::say(text.to_owned()),
            Notice::Stopped(name, ended) => Self::say(stopped::describe(name, ended)),
            Notice::NoRoot(_) | Notice::NoSession(_) | Notice::Unrecorded(_) | Notice::Renamed { .. } => {}
        }
    }
}
