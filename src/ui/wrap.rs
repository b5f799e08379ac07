//! What `wrap` and `unwrap` show: how each file changes, and what stays as it is and why.

use std::fmt::Write;

use super::diff::diff;
use super::style::{self, paint};
use crate::app::wrap::{Change, Direction, FilePlan, Left, Plan, Step, WAIT};
use crate::client::mask;
use crate::client::write::Written;
use crate::client::yaml::CommandLine;
use crate::text::excerpt::excerpt;
use crate::text::plain;
use crate::units;

pub fn plan(plan: &Plan) -> String {
    let text: String = plan.files.iter().map(|file| self::file(plan.direction, file)).collect();
    let is_all = plan.files.iter().all(|file| matches!(file.step, Step::Nothing));
    let nothing = match plan.direction {
        Direction::Wrap => "nothing to wrap\n",
        Direction::Unwrap => "nothing to unwrap\n",
    };
    if is_all { text + nothing } else { text }
}

/// What is asked before it is done.
pub fn question(plan: &Plan) -> String {
    let (servers, files) = plan.extent();
    let verb = match plan.direction {
        Direction::Wrap => "wrap",
        Direction::Unwrap => "unwrap",
    };
    let servers = units::count(servers as u64, "server", "servers");
    format!("{verb} {servers} in {}?", units::count(files as u64, "file", "files"))
}

/// What was done, in a line.
pub fn done(direction: Direction, file: &FilePlan, written: &Written) -> String {
    let verb = match direction {
        Direction::Wrap => "wrapped",
        Direction::Unwrap => "unwrapped",
    };
    let names = match &file.step {
        Step::Change(change) => change.names.join(", "),
        _ => String::new(),
    };
    let copy = written.copy.as_ref().map(|copy| format!("; as it was: {}", copy.display())).unwrap_or_default();
    format!("{verb} {names} in {}{copy}", file.file.path.display())
}

fn file(direction: Direction, file: &FilePlan) -> String {
    let path = plain(&file.file.path.display().to_string());
    let mut text = match &file.step {
        Step::Nothing => String::new(),
        Step::Change(change) => changes(&path, file, change),
        Step::Busy(change, pid) => {
            let names = plain(&change.names.join(", "));
            let client = file.file.client.name;
            let hint = paint(style::HINT, "hint:");
            format!(
                "{path}: {client} runs (pid {pid}) and writes this file itself, so it is left alone: {names}\n{hint} {WAIT}\n"
            )
        }
        Step::Refused(error) => format!("{}\n", paint(style::BROKEN, &plain(error))),
        Step::ByHand(lines) => by_hand(&path, lines),
    };
    let left: Vec<&(String, Left)> = file.left.iter().filter(|(_, why)| is_told(direction, why)).collect();
    if !left.is_empty() {
        let _ = writeln!(text, "left alone in {path}:");
    }
    for (name, why) in left {
        let _ = writeln!(text, "  {}: {}", plain(&excerpt(name)), reason(why));
    }
    text
}

fn changes(path: &str, file: &FilePlan, change: &Change) -> String {
    let Ok(content) = &file.file.content else { return String::new() };
    let line = |sign: &str| paint(style::HEAD, &format!("{sign} {path}")) + "\n";

    line("---") + &line("+++") + &diff(&content.text, &change.edits, &mask::edits(&content.secrets))
}

fn by_hand(path: &str, lines: &[CommandLine]) -> String {
    let mut text = format!("{path} is YAML, which mcp-hook does not write. Change these lines:\n");
    for line in lines {
        let (number, key, command) = (line.number, &line.key, plain(&line.command));
        let _ = writeln!(text, "  line {number}: {key}: {command} → {key}: mcp-hook");
        let _ = writeln!(text, "    and let its arguments begin with run, NAME, --, {command}");
    }
    text
}

/// Whether anybody may wonder: what is not wrapped need not be unwrapped.
fn is_told(direction: Direction, why: &Left) -> bool {
    direction == Direction::Wrap || matches!(why, Left::Defined | Left::Because(_))
}

fn reason(why: &Left) -> String {
    match why {
        Left::Wrapped => "mcp-hook stands in front already".to_owned(),
        Left::Defined => "mcp-hook runs what is defined under this name".to_owned(),
        Left::Remote => "the client does not start it".to_owned(),
        Left::NotWrapped => "mcp-hook does not stand in front".to_owned(),
        Left::Because(why) => plain(why),
    }
}
