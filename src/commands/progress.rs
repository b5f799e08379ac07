//! What is shown while a use case works.

use crate::app::progress::{Progress, Wait};
use crate::ui;

/// Shows a spinner on a terminal.
pub struct Shown;

impl Progress for Shown {
    fn during<T>(&self, wait: Wait<'_>, work: impl FnOnce() -> T) -> T {
        let text = match wait {
            Wait::Stop(name) => format!("stopping {name}"),
        };
        ui::spin(&text, work)
    }
}
