//! What a command said, and messages that let a failure be understood without running the test again.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use serde_json::Value;

use super::sandbox::Sandbox;

/// A command that has ended.
#[derive(Debug)]
pub struct Output {
    /// The command line as a person would type it.
    pub command: String,
    /// Where it ran.
    pub cwd: PathBuf,
    /// The sandbox, whose tree a failure prints.
    pub root: PathBuf,
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The exit code; a signal counts as 128 + n, as shells have it.
    pub fn code(&self) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or(0))
    }

    /// Fails with everything there is to know unless the exit code is `expected`.
    #[track_caller]
    pub fn expect_code(self, expected: i32) -> Self {
        assert!(self.code() == expected, "expected exit code {expected}\n{self}");
        self
    }

    /// Fails unless the command succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.expect_code(0)
    }

    /// stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"))
    }
}

impl fmt::Display for Output {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "command: {}\ncwd: {}\nstatus: {}", self.command, self.cwd.display(), self.status)?;
        writeln!(out, "--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)?;
        write!(out, "--- sandbox\n{}", listing(&self.root))
    }
}

/// The files below `root`, one a line, with what stands in the small ones of ours.
pub fn listing(root: &Path) -> String {
    let mut lines = Vec::new();
    list_into(root, root, &mut lines);
    lines.sort();
    lines.join("\n")
}

fn list_into(root: &Path, directory: &Path, lines: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.strip_prefix(root).unwrap_or(&path).display();
        let Ok(meta) = path.symlink_metadata() else {
            continue;
        };
        if meta.is_dir() {
            list_into(root, &path, lines);
        } else if meta.is_file()
            && matches!(path.extension().and_then(|end| end.to_str()), Some("json" | "pid" | "log"))
        {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let tail: String = text.chars().rev().take(600).collect::<Vec<_>>().into_iter().rev().collect();
            lines.push(format!("{name}: {}", tail.trim_end()));
        } else {
            lines.push(name.to_string());
        }
    }
}

/// Says on stderr, past the test runner's capture, that a test did not run and why.
pub fn skip(test: &str, reason: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {reason}");
}

/// A message without what differs from run to run: the sandbox's path, session ids, process numbers and sizes.
pub fn redact(sandbox: &Sandbox, text: &str) -> String {
    let text = text.replace(sandbox.root().to_str().unwrap(), "ROOT");
    let mut lines = Vec::new();
    for line in text.lines() {
        let words = line.split_inclusive([' ', '/', ':', ',']).map(|word| {
            let bare = word.trim_end_matches([' ', '/', ':', ',']);
            let is_id = bare.split('-').count() == 3 && (bare.starts_with("pts") || bare.starts_with("notty"));
            if is_id { word.replace(bare, "ID") } else { word.to_owned() }
        });
        lines.push(words.collect::<String>());
    }
    lines.join("\n")
}
