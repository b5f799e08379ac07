//! What `wrap` and `unwrap` show: how each file changes, and what stays as it is and why.

use std::fmt::Write;

use super::diff::{Shown, diff};
use super::style::{self, paint};
use crate::app::wrap::{Change, Direction, FilePlan, Left, NoControl, Plan, Step};
use crate::client::table::CLIENTS;
use crate::client::write::Written;
use crate::client::yaml::CommandLine;
use crate::server::secret_words;
use crate::syntax::edit;
use crate::text::excerpt::excerpt;
use crate::text::plain;
use crate::units;

pub fn plan(plan: &Plan) -> String {
    if plan.files.is_empty() {
        let names: Vec<&str> = CLIENTS.iter().map(|client| client.name).collect();
        return format!("no file of a client was found; mcp-hook knows those of {}\n", names.join(", "));
    }
    let mut text: String = plan.files.iter().map(|file| self::file(plan.direction, file)).collect();
    for (client, why) in &plan.without_control {
        let _ = writeln!(text, "mcp-hook mcp is not added to {}: {}", client.name, no_control(why));
    }
    let is_all = plan.files.iter().all(|file| matches!(file.step, Step::Nothing));
    if is_all { text + &nothing(plan) } else { text }
}

/// That nothing is to be done, and where that was looked for.
fn nothing(plan: &Plan) -> String {
    let verb = if plan.direction == Direction::Wrap { "wrap" } else { "unwrap" };
    let paths: Vec<String> = plan.files.iter().map(|it| plain(&it.file.path.display().to_string())).collect();
    format!("nothing to {verb} in {}\n", paths.join(", "))
}

fn no_control(why: &NoControl) -> String {
    match why {
        NoControl::NoFile(place) => {
            format!("it has no file of your own, such as {}", plain(&place.display().to_string()))
        }
        NoControl::NotWritten => "its file is not written; the command is mcp-hook, its only argument mcp".to_owned(),
    }
}

/// What is asked before it is done.
pub fn question(plan: &Plan) -> String {
    let names = plan.changes().map(|change| change.names.len()).sum::<usize>() as u64;
    let servers = (names > 0).then(|| units::count(names, "server", "servers"));
    let has_control = plan.changes().any(|change| !change.control.is_empty());
    let files = units::count(plan.changes().count() as u64, "file", "files");
    format!("{} in {files}?", deeds(plan.direction, servers, has_control, ["wrap", "unwrap", "add", "remove"]))
}

/// What was done, in a line.
pub fn done(direction: Direction, file: &FilePlan, written: &Written) -> String {
    let Step::Change(change) = &file.step else { return String::new() };
    let names = (!change.names.is_empty()).then(|| change.names.join(", "));
    let verbs = ["wrapped", "unwrapped", "added", "removed"];
    let deeds = deeds(direction, names, !change.control.is_empty(), verbs);
    let copy = written.copy.as_ref().map(|copy| format!("; as it was: {}", copy.display())).unwrap_or_default();
    format!("{deeds} in {}{copy}", file.file.path.display())
}

/// What happens to servers, and to `mcp-hook mcp`.
fn deeds(direction: Direction, servers: Option<String>, has_control: bool, verbs: [&str; 4]) -> String {
    let [wrap, unwrap, add, remove] = verbs;
    let (verb, control) = match direction {
        Direction::Wrap => (wrap, add),
        Direction::Unwrap => (unwrap, remove),
    };
    let servers = servers.map(|servers| format!("{verb} {servers}"));
    let control = has_control.then(|| format!("{control} mcp-hook mcp"));
    servers.into_iter().chain(control).collect::<Vec<_>>().join(" and ")
}

fn file(direction: Direction, file: &FilePlan) -> String {
    let path = plain(&file.file.path.display().to_string());
    let mut text = match &file.step {
        Step::Nothing => String::new(),
        Step::Change(change) => changes(&path, file, change),
        Step::Busy(change, pid) => {
            let names = plain(&[change.names.as_slice(), &change.control].concat().join(", "));
            let client = file.file.client.name;
            let hint = paint(style::HINT, "hint:");
            format!(
                "{path}: {client} runs (pid {pid}) and writes this file itself, so it is left alone: {names}\n{hint} {}\n",
                change.wait()
            )
        }
        Step::Refused(error) => format!("{}\n", paint(style::BROKEN, &plain(error))),
        Step::ByHand(lines) => by_hand(direction, &path, lines),
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
    let gone: Vec<_> = change.edits.iter().map(|edit| edit.span.clone()).collect();
    let before = Shown::around(&content.text, &gone, |shown| content.masks(shown));
    let come = edit::places_after(&change.edits);
    let after = Shown::around(&change.after.text, &come, |shown| change.after.masks(shown));

    line("---") + &line("+++") + &diff(&before, &change.edits, &after)
}

fn by_hand(direction: Direction, path: &str, lines: &[CommandLine]) -> String {
    let mut text = format!("{path} is YAML, which mcp-hook does not write. Change these lines:\n");
    for line in lines {
        let (number, key, command) = (line.number, &line.key, plain(&secret_words::shown_text(&line.command)));
        let (instead, arguments) = match direction {
            Direction::Wrap => ("mcp-hook", format!("begin with run, NAME, --, {command}")),
            Direction::Unwrap => ("COMMAND", "begin behind COMMAND, which stands behind --".to_owned()),
        };
        let _ = writeln!(text, "  line {number}: {key}: {command} → {key}: {instead}");
        let _ = writeln!(text, "    and let its arguments {arguments}");
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
        Left::Control => "it is mcp-hook itself".to_owned(),
        Left::NotWrapped => "mcp-hook does not stand in front".to_owned(),
        Left::Because(why) => plain(why),
    }
}
