//! Runs what a page shows, in order, in a real shell with the hook, and compares what it prints.
//!
//! What differs each time stands for any other of its kind: numbers from 100 on (pids, ports), times, sizes, shares in per
//! cent, ids of sessions. `…` stands for any text, and alone on a line for any number of lines. Columns may be wider or
//! narrower.

use std::fmt::Write;
use std::fs;

use regex_lite::{Captures, Regex};

use super::page::{Block, Page, Step};
use super::{Sandbox, Shell, Terminal};

/// Runs a page to its end, and fails with all that is printed otherwise than it shows.
#[track_caller]
pub fn play(page: &Page, sandbox: &Sandbox) {
    let mut playback = Playback::open(sandbox);
    let mut differences = String::new();
    for block in page.blocks() {
        if let Some(file) = &block.file {
            playback.write(file, &block);
        } else if block.language == "console" {
            for step in block.steps() {
                differences.extend(playback.step(&page.name, &step));
            }
        }
    }
    drop(playback);
    assert!(differences.is_empty(), "{differences}");
}

/// The window in which a page is run.
struct Playback<'s> {
    sandbox: &'s Sandbox,
    terminal: Terminal<'s>,
    /// The exit status of the last command, for one that asks for it.
    status: i32,
}

impl<'s> Playback<'s> {
    fn open(sandbox: &'s Sandbox) -> Self {
        Self { sandbox, terminal: Terminal::open(sandbox, Shell::Bash), status: 0 }
    }

    /// Makes the file whose content a page shows.
    fn write(&self, file: &str, block: &Block) {
        let below_home = file.strip_prefix("~/").expect("a file below the home directory");
        self.sandbox.write(format!("home/{below_home}"), block.lines.join("\n") + "\n");
    }

    /// Runs a command; what is printed otherwise than `page` shows.
    #[track_caller]
    fn step(&mut self, page: &str, step: &Step) -> Option<String> {
        if step.command == "exit" {
            self.exit();
            return None;
        }
        // A file takes commands of several lines and with comments.
        let file = self.sandbox.write("step.sh", format!("(exit {})\n{}\n", self.status, step.command));
        let output = self.terminal.run(&format!(". {}", file.display()));
        self.status = output.code();
        let actual = lines(&self.readers_places(&output.stdout));
        let expected = lines(&step.expected.join("\n"));
        let is_as_shown = matches(&without_variation(&expected), &without_variation(&actual));
        (!is_as_shown).then(|| difference(page, step, &expected, &actual))
    }

    /// Leaves the shell, waits until nothing of its session is left, and opens another.
    fn exit(&mut self) {
        self.terminal.send_line("exit");
        self.terminal.wait_exit();
        self.sandbox.assert_clean();
        self.terminal = Terminal::open(self.sandbox, Shell::Bash);
    }

    /// The places of the sandbox as they are on a reader's machine.
    fn readers_places(&self, text: &str) -> String {
        let home = self.sandbox.home();
        let runtime = self.sandbox.runtime();
        text.replace(home.to_str().unwrap(), "/home/me").replace(runtime.to_str().unwrap(), "/run/user/1000")
    }
}

/// A sandbox whose directories are where a reader has them.
pub fn readers_sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    move_in(&sandbox);
    sandbox
}

/// Makes the directories of `sandbox` those that a reader has.
pub fn move_in(sandbox: &Sandbox) {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(sandbox.runtime()).unwrap();
    sandbox.unset("MCP_HOOK_DIR");
    sandbox.env("XDG_RUNTIME_DIR", sandbox.runtime());
}

fn lines(text: &str) -> Vec<String> {
    text.trim_matches('\n').lines().map(ToOwned::to_owned).collect()
}

fn without_variation(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| general(line)).collect()
}

/// A line without what differs each time.
fn general(line: &str) -> String {
    const KINDS: [(&str, &str); 6] = [
        (r"\b(pts[0-9]+|tty[A-Za-z0-9]*|notty)-[0-9]+-[a-z0-9]{4}\b", "SESSION"),
        (r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+Z?)?", "DATE"),
        (r"\b[0-9.]+ ?(B|KiB|MiB|GiB)\b", "SIZE"),
        (r"\b[0-9.]+%", "SHARE"),
        (r"\b[0-9]+(\.[0-9]+)? ?(ms|s|m|h|d)( [0-9]+(ms|s|m|h))*\b", "TIME"),
        (r"\b[0-9]{3,}\b", "NUMBER"),
    ];
    let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    for (kind, name) in KINDS {
        line = Regex::new(kind).unwrap().replace_all(&line, |_: &Captures<'_>| name.to_owned()).into_owned();
    }
    line
}

/// Whether lines are as expected; `…` alone stands for any number of them.
fn matches(expected: &[String], actual: &[String]) -> bool {
    match (expected.split_first(), actual.split_first()) {
        (None, None) => true,
        (Some((any, rest)), _) if any == "…" => (0..=actual.len()).any(|skipped| matches(rest, &actual[skipped..])),
        (Some((line, expected)), Some((other, actual))) => line_matches(line, other) && matches(expected, actual),
        _ => false,
    }
}

/// Whether a line is as expected; `…` in it stands for any text.
fn line_matches(expected: &str, actual: &str) -> bool {
    let Some((start, rest)) = expected.split_once('…') else {
        return expected == actual;
    };
    let Some(actual) = actual.strip_prefix(start) else {
        return false;
    };
    let mut places = actual.char_indices().map(|(at, _)| at).chain([actual.len()]);
    places.any(|at| line_matches(rest, &actual[at..]))
}

fn difference(page: &str, step: &Step, expected: &[String], actual: &[String]) -> String {
    let mut text = format!("{page}:{}: $ {}\n", step.line, step.command);
    for (title, lines) in [("the page shows", expected), ("it prints", actual)] {
        let _ = writeln!(text, "--- {title}\n{}", lines.join("\n"));
    }
    text
}
