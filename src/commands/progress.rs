//! What is shown while a use case works.

use std::cell::RefCell;

use super::stopped;
use crate::app::check::connect::TrialProgress;
use crate::app::progress::{Notice, Progress, Wait};
use crate::supervisor::trial::watch::Trial;
use crate::ui;
use crate::ui::connected::Meanwhile;

/// Shows a spinner on a terminal, and notices anywhere.
pub struct Shown;

/// Shows a line on a terminal for each server that is checked.
#[derive(Default)]
pub struct ShownTrials(RefCell<Meanwhile>);

impl TrialProgress for ShownTrials {
    fn show(&self, trials: &[Trial]) {
        self.0.borrow_mut().draw(trials);
    }
}

impl Progress for Shown {
    fn during<T>(&self, wait: Wait<'_>, work: impl FnOnce() -> T) -> T {
        ui::spin(&wait.to_string(), work)
    }

    fn notice(&self, notice: Notice<'_>) {
        match notice {
            Notice::Warnings(lines) => lines.iter().map(String::as_str).for_each(ui::warn),
            Notice::Supervisor(text) => ui::say_meanwhile(text),
            Notice::NoRoot(error) => {
                ui::warn(&format!("nothing is recorded, and no session is looked for: {error:#}"));
            }
            Notice::NoSession(error) => ui::warn(&format!("the server is in no terminal's session: {error:#}")),
            Notice::Unrecorded(error) => ui::warn(&format!("nothing is recorded: {error:#}")),
            Notice::Renamed { label, name } => ui::say(&format!("mcp-hook: {label:?} runs as {name}")),
            Notice::Stopped(name, stopped) => ui::say(&stopped::describe(name, stopped)),
        }
    }
}
