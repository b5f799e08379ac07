//! The programs on PATH: mcp-hook itself, and the shells.

use std::fs;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Finding;
use crate::context;
use crate::shell::Shell;
use crate::sys::stat::FileId;
use crate::sys::{executable, ready};

/// How long a program may take to tell its version.
const TIMEOUT: Duration = Duration::from_secs(3);

/// What is on PATH.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    /// This program and its version.
    pub own: (PathBuf, String),
    /// The different files called mcp-hook, in order.
    pub on_path: Vec<Binary>,
    /// The shells: where they are and what they say of their version.
    pub shells: Vec<(&'static Shell, PathBuf, String)>,
}

/// A file called mcp-hook.
#[derive(Clone, Debug)]
pub struct Binary {
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// Whether it is this program.
    pub likeness: Likeness,
}

/// Whether a file is this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// It is the file that runs.
    Itself,
    /// It has the same content.
    Same,
    Other,
}

/// Looks at PATH. The shells that are found are asked for their versions. What is called mcp-hook is looked at and not
/// run: nobody knows what it is.
pub fn look() -> Programs {
    let own = context::executable().unwrap_or_default();
    let mut seen = Vec::new();
    let mut on_path = Vec::new();
    for path in found("mcp-hook") {
        let this = FileId::at(&path).ok();
        if !seen.contains(&this) {
            on_path.push(Binary::at(path, &own, this == FileId::at(&own).ok()));
            seen.push(this);
        }
    }
    Programs { own: (own, OWN_VERSION.to_owned()), on_path, shells: shells() }
}

/// The shells on PATH.
fn shells() -> Vec<(&'static Shell, PathBuf, String)> {
    let mut shells = Vec::new();
    for shell in Shell::ALL {
        if let Some(path) = found(shell.name).into_iter().next() {
            let version = version_of(&path);
            shells.push((shell, path, version));
        }
    }
    shells
}

impl Binary {
    fn at(path: PathBuf, own: &Path, is_own: bool) -> Self {
        let size = size(&path);
        let likeness = if is_own {
            Likeness::Itself
        } else if size == self::size(own) && has_same_content(&path, own) {
            Likeness::Same
        } else {
            Likeness::Other
        };
        Self { path, size, likeness }
    }

    /// What it is, beside where.
    fn describe(&self, own_version: &str) -> String {
        match self.likeness {
            Likeness::Itself => format!("version {own_version}"),
            Likeness::Same => format!("the same as this, version {own_version}"),
            Likeness::Other => format!("another program or version, {} bytes", self.size),
        }
    }
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |data| data.len())
}

fn has_same_content(one: &Path, other: &Path) -> bool {
    matches!([one, other].map(fs::read), [Ok(one), Ok(other)] if one == other)
}

const OWN_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The executable files of this name on PATH, in order.
fn found(name: &str) -> Vec<PathBuf> {
    executable::find_all(name, context::variable("PATH").unwrap_or_default(), Path::new(""))
}

/// The version in the first line of what a program answers to `--version`; empty if it does not.
fn version_of(program: &Path) -> String {
    let said = first_line(program).unwrap_or_default();
    version_in(&said).unwrap_or_default().to_owned()
}

fn first_line(program: &Path) -> Option<String> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut output = child.stdout.take()?;
    let deadline = context::now() + TIMEOUT;
    let mut said = Vec::new();
    let mut buffer = [0; 1024];
    while !said.contains(&b'\n') {
        let left = deadline.saturating_duration_since(context::now());
        if !ready::is_readable_within(output.as_fd(), left) {
            break;
        }
        match output.read(&mut buffer) {
            Ok(length @ 1..) => said.extend(&buffer[..length]),
            _ => break,
        }
    }
    // It has said what was asked; what hangs, or may not be signalled, is not waited for.
    let _ = child.kill().and_then(|()| child.try_wait());
    String::from_utf8_lossy(&said).lines().next().map(str::to_owned)
}

/// The first word that begins with a digit and has a dot: `GNU bash, version 5.2.15(1)-release` has `5.2.15`.
fn version_in(line: &str) -> Option<&str> {
    let mut numbers = line.split([' ', ',']).map(leading_number);
    numbers.find(|number| number.contains('.') && number.starts_with(|it: char| it.is_ascii_digit()))
}

/// The digits and dots that a word begins with.
fn leading_number(word: &str) -> &str {
    let end = word.find(|it: char| !it.is_ascii_digit() && it != '.');
    &word[..end.unwrap_or(word.len())]
}

pub fn judge(facts: &Programs) -> Vec<Finding> {
    let mut findings = vec![binary(facts)];
    if let [_, others @ ..] = &facts.on_path[..] {
        findings.extend(others.iter().map(|copy| {
            let text = format!("another mcp-hook on PATH: {} ({})", copy.path.display(), copy.describe(&facts.own.1));
            Finding::warning("binary", text, "remove the one that you do not use")
        }));
    }
    findings.extend(facts.shells.iter().map(|(shell, path, version)| of_shell(shell, path, version)));
    findings
}

fn binary(facts: &Programs) -> Finding {
    let (own, version) = &facts.own;
    match facts.on_path.first() {
        None => {
            let directory = own.parent().unwrap_or(Path::new("/"));
            let text = "mcp-hook is not on PATH: neither the hook nor a client finds it";
            Finding::problem("binary", text, format!("put {} on PATH", directory.display()))
        }
        Some(copy @ Binary { likeness: Likeness::Itself, .. }) => {
            Finding::good("binary", format!("{} ({})", copy.path.display(), copy.describe(version)))
        }
        Some(copy) => {
            let (path, what) = (copy.path.display(), copy.describe(version));
            let text = format!("PATH has {path} ({what}) first; this is {} (version {version})", own.display());
            Finding::warning("binary", text, "remove one of them, or change the order of PATH")
        }
    }
}

fn known(version: &str) -> &str {
    if version.is_empty() { "unknown" } else { version }
}

fn of_shell(shell: &Shell, path: &Path, version: &str) -> Finding {
    let least = shell.least_version;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let has = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let text = format!("{shell} {} ({})", known(version), path.display());
    if version.is_empty() || has >= least {
        return Finding::good("shell", text);
    }
    let hint = format!("the hook needs {shell} {}.{} or later", least.0, least.1);
    Finding::warning("shell", text + ", which is too old", hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui;

    #[test]
    fn versions_are_found_in_what_shells_say() {
        for (line, version) in [
            ("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)", Some("5.2.15")),
            ("zsh 5.9 (x86_64-debian-linux-gnu)", Some("5.9")),
            ("fish, version 3.6.0", Some("3.6.0")),
            ("fish, version 4.0b1", Some("4.0")),
            ("mcp-hook 0.1.0", Some("0.1.0")),
            ("", None),
            ("no version at all", None),
        ] {
            assert_eq!(version_in(line), version, "{line}");
        }
    }

    fn shell(name: &str) -> &'static Shell {
        Shell::named(name).expect("a shell")
    }

    #[test]
    fn what_is_said_of_programs_follows_from_path() {
        let own = || (PathBuf::from("/home/me/.cargo/bin/mcp-hook"), "0.2.0".to_owned());
        let this = || Binary { path: own().0, size: 5000, likeness: Likeness::Itself };
        let other = || Binary { path: "/usr/bin/mcp-hook".into(), size: 4000, likeness: Likeness::Other };
        let same = || Binary { path: "/opt/mcp-hook".into(), size: 5000, likeness: Likeness::Same };
        let shells = vec![
            (shell("bash"), "/bin/bash".into(), "5.2.15".to_owned()),
            (shell("zsh"), "/bin/zsh".into(), "4.3.17".to_owned()),
            (shell("fish"), "/bin/fish".into(), String::new()),
        ];
        let shown =
            |on_path: Vec<_>, shells| ui::findings::unpainted(&judge(&Programs { own: own(), on_path, shells }));
        insta::assert_snapshot!(shown(vec![this()], shells), @r"
        ✓ binary       /home/me/.cargo/bin/mcp-hook (version 0.2.0)
        ✓ shell        bash 5.2.15 (/bin/bash)
        ! shell        zsh 4.3.17 (/bin/zsh), which is too old
                       hint: the hook needs zsh 5.0 or later
        ✓ shell        fish unknown (/bin/fish)
        ");
        insta::assert_snapshot!(shown(vec![this(), other(), same()], Vec::new()), @r"
        ✓ binary       /home/me/.cargo/bin/mcp-hook (version 0.2.0)
        ! binary       another mcp-hook on PATH: /usr/bin/mcp-hook (another program or version, 4000 bytes)
                       hint: remove the one that you do not use
        ! binary       another mcp-hook on PATH: /opt/mcp-hook (the same as this, version 0.2.0)
                       hint: remove the one that you do not use
        ");
        insta::assert_snapshot!(shown(vec![other()], Vec::new()), @r"
        ! binary       PATH has /usr/bin/mcp-hook (another program or version, 4000 bytes) first; this is /home/me/.cargo/bin/mcp-hook (version 0.2.0)
                       hint: remove one of them, or change the order of PATH
        ");
        insta::assert_snapshot!(shown(Vec::new(), Vec::new()), @r"
        ✗ binary       mcp-hook is not on PATH: neither the hook nor a client finds it
                       hint: put /home/me/.cargo/bin on PATH
        ");
    }
}
