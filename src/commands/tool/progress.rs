//! What an agent is told while a use case works, and what is kept for the end.

use std::cell::RefCell;

use super::answer::tell_progress;
use crate::app::progress::{Notice, Progress, Wait};
use crate::commands::stopped;

/// Tells what is waited for, and keeps warnings.
#[derive(Default)]
pub struct Told(RefCell<Vec<String>>);

impl Told {
    pub fn warnings(self) -> Vec<String> {
        self.0.into_inner()
    }
}

impl Progress for Told {
    fn during<T>(&self, wait: Wait<'_>, work: impl FnOnce() -> T) -> T {
        tell_progress(&wait.to_string());
        work()
    }

    fn notice(&self, notice: Notice<'_>) {
        match notice {
            Notice::Warnings(lines) => self.0.borrow_mut().extend_from_slice(lines),
            Notice::Supervisor(text) => tell_progress(text),
            Notice::Stopped(name, ended) => tell_progress(&stopped::describe(name, ended)),
            Notice::NoRoot(_) | Notice::NoSession(_) | Notice::Unrecorded(_) | Notice::Renamed { .. } => {}
        }
    }
}
