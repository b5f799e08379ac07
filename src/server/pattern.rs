//! Which files are watched: `server.py`, `src` with all below it, or `src/**/*.py`.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// Directories in which tools write while nothing that is run changes.
const IGNORED: [&str; 14] = [
    ".git",
    ".hg",
    ".svn",
    "node_modules",
    "target",
    "__pycache__",
    ".venv",
    "venv",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".idea",
    ".vscode",
];

/// One watched path, file or pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The directory or file that no wildcard stands in front of.
    root: PathBuf,
    /// What must match below it; none: everything.
    below: Vec<String>,
}

impl Pattern {
    /// Reads a path or pattern, relative to a directory. Wildcards are `*` and `?` within a name and `**` for any number of
    /// directories, as `gitignore(5)` has them; what is there under this very name is meant as it stands.
    pub fn new(text: &str, directory: &Path) -> Self {
        let mut root = directory.to_owned();
        let mut below = Vec::new();
        for component in Path::new(text).components() {
            let is_wild = |name: &str| name.contains(['*', '?']);
            match component {
                Component::Normal(name) => {
                    let name = name.to_string_lossy();
                    let is_plain = !is_wild(&name) || root.join(&*name).symlink_metadata().is_ok();
                    if below.is_empty() && is_plain { root.push(&*name) } else { below.push(name.into_owned()) }
                }
                Component::CurDir => {}
                Component::ParentDir if below.is_empty() => drop(root.pop()),
                other => root.push(other),
            }
        }
        Self { root, below }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether a change of this file counts. What stands in a directory that tools write to never does, unless it was named.
    pub fn matches(&self, file: &Path) -> bool {
        let Some(names) = self.names_below_root(file) else { return false };
        !names.last().is_some_and(|name| is_scratch(name)) && (self.below.is_empty() || matches(&self.below, &names))
    }

    /// Whether a file below this directory may count.
    pub fn enters(&self, directory: &Path) -> bool {
        let names = self.names_below_root(directory);
        names.is_some_and(|names| self.below.is_empty() || leads_on(&self.below, &names))
    }

    /// The names that lead from the root to a path; `None` if it is elsewhere or in what is ignored.
    fn names_below_root<'p>(&self, path: &'p Path) -> Option<Vec<Cow<'p, str>>> {
        let inside = path.strip_prefix(&self.root).ok()?;
        let names: Vec<Cow<'_, str>> = inside.iter().map(OsStr::to_string_lossy).collect();
        let is_left_out = |name: &Cow<'_, str>| IGNORED.contains(&&**name) && !self.below.iter().any(|own| own == name);
        (!names.iter().any(is_left_out)).then_some(names)
    }
}

/// Whether an editor writes a file of this name beside the one that is edited.
fn is_scratch(name: &str) -> bool {
    let has_extension = |extension| Path::new(name).extension().is_some_and(|it| it == extension);
    name.ends_with('~') || has_extension("swp") || has_extension("swx") || name == "4913" || name.starts_with(".#")
}

fn matches(pattern: &[String], names: &[Cow<'_, str>]) -> bool {
    match (pattern.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => (0..=names.len()).any(|skipped| matches(rest, &names[skipped..])),
        (Some((first, rest)), Some((name, names))) => {
            is_like(first.as_bytes(), name.as_bytes()) && matches(rest, names)
        }
        _ => false,
    }
}

/// Whether something below a directory can match.
fn leads_on(pattern: &[String], names: &[Cow<'_, str>]) -> bool {
    match (pattern.split_first(), names.split_first()) {
        (Some((first, _)), _) if first == "**" => true,
        (Some(_), None) => true,
        (Some((first, rest)), Some((name, names))) => {
            is_like(first.as_bytes(), name.as_bytes()) && leads_on(rest, names)
        }
        (None, _) => false,
    }
}

/// `*` and `?` within a name.
fn is_like(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=name.len()).any(|skipped| is_like(rest, &name[skipped..])),
        (Some((b'?', rest)), Some((_, name))) => is_like(rest, name),
        (Some((one, rest)), Some((other, name))) => one == other && is_like(rest, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_directories_and_patterns_match_what_one_expects() {
        for (pattern, path, is_match) in [
            ("server.py", "/p/server.py", true),
            ("server.py", "/p/server.pyc", false),
            ("src", "/p/src/a/b.rs", true),
            ("./src/", "/p/src/a", true),
            ("src", "/p/srcs/a", false),
            ("../other", "/other/x", true),
            (".", "/p/x", true),
            ("src/**/*.py", "/p/src/a.py", true),
            ("src/**/*.py", "/p/src/a/b/c.py", true),
            ("src/**/*.py", "/p/src/a/b/c.txt", false),
            ("src/*.py", "/p/src/a/b.py", false),
            ("src/?.py", "/p/src/a.py", true),
            ("**/*.json", "/p/a.json", true),
            ("src", "/p/src/node_modules/x.js", false),
            ("src", "/p/src/__pycache__/x.pyc", false),
            ("src/node_modules", "/p/src/node_modules/x.js", true),
            ("**/node_modules/*.js", "/p/a/node_modules/x.js", true),
            (".", "/p/.git/index", false),
            ("src", "/p/src/.main.rs.swp", false),
            ("src", "/p/src/main.rs~", false),
            ("/etc/x.conf", "/etc/x.conf", true),
        ] {
            let found = Pattern::new(pattern, Path::new("/p"));
            assert_eq!(found.matches(Path::new(path)), is_match, "{pattern} {path}");
        }
    }
    #[test]
    fn only_directories_are_entered_below_which_something_may_match() {
        for (pattern, directory, is_entered) in [
            ("src", "/p", false),
            ("src", "/p/src", true),
            ("src", "/p/src/a", true),
            ("src", "/p/src/node_modules", false),
            ("src", "/p/src/node_modules/a", false),
            ("src/**/*.py", "/p/src/a/b", true),
            ("src/**/*.py", "/p/src/.git", false),
            ("src/*.py", "/p/src", true),
            ("src/*.py", "/p/src/a", false),
            ("src/*/x.py", "/p/src/a", true),
            ("src/*/x.py", "/p/src/a/b", false),
            ("target/debug/x", "/p/target/debug", false),
            ("target", "/p/target/debug", true),
            ("**/node_modules/*.js", "/p/a/node_modules", true),
        ] {
            let found = Pattern::new(pattern, Path::new("/p"));
            assert_eq!(found.enters(Path::new(directory)), is_entered, "{pattern} {directory}");
        }
    }

    #[test]
    fn a_wildcard_in_the_name_of_something_that_is_there_is_no_wildcard() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("what?")).unwrap();
        let pattern = Pattern::new("what?/*.py", directory.path());
        assert_eq!(pattern.root(), directory.path().join("what?"));
        assert!(!pattern.matches(&directory.path().join("whats/x.py")));
    }
}
