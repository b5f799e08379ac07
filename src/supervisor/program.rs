//! Whether the program of a server can be started, and why it was not: what the system says of it is too little to go by.

use std::ffi::OsStr;
use std::path::Path;

use super::execution;
use super::plan::Plan;
use crate::mcp::check::finding::{Code, Finding, Level};
use crate::server::end::{End, Reason};
use crate::server::program::Program;
use crate::sys::wait::Exit;

/// Looks at the program of a server that is to be started, or was. Texts are named as they are defined: what variables hold
/// is not shown.
pub fn of_plan(plan: &Plan) -> Option<Finding> {
    let (words, defined) = (plan.words(), plan.record.command.words());
    let directory = &plan.record.directory;
    let defined_directory = plan.invocation.cwd.as_ref().filter(|cwd| cwd.contains('$'));
    let shown_directory = defined_directory.map_or(directory.as_path(), Path::new);
    if !directory.is_dir() {
        let message = format!("there is no directory {} to start it in", shown_directory.display());
        return Some(Finding::new(Code::NotFound, message).hint("make it, or correct \"cwd\""));
    }
    let is_written = plan.shortcut.direct.is_none();
    let shown = defined.first().filter(|_| is_written).copied().unwrap_or(&words[0]);
    let path = execution::environment(plan).remove(OsStr::new("PATH"));
    Program { word: &words[0], shown, directory, shown_directory, path: path.as_deref() }.examine()
}

/// The same after its first process has ended: programs that start others leave with such a status if they find none.
pub fn behind(plan: &Plan, end: &End) -> Option<Finding> {
    let is_of_start = end.early && end.reason == Reason::Exited && matches!(end.exit, Some(Exit::Code(126 | 127)));
    of_plan(plan).filter(|finding| is_of_start && finding.level == Level::Error)
}
