//! What a server leaves in its working directory.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::context;
use crate::mcp::check::ending;
use crate::mcp::check::finding::Finding;
use crate::server::usage::Usage;
use crate::sys::{Pid, children, process};
use crate::text::excerpt::excerpt;

/// A directory with more than this in it is not looked through.
const MOST: usize = 10_000;

/// A directory as it was before the server was started.
pub struct Litter {
    directory: PathBuf,
    before: HashSet<OsString>,
    /// What the server has had open in it.
    open: HashSet<OsString>,
    /// Whether no other server is started meanwhile; else only what was seen open is this one's.
    is_alone: bool,
}

impl Litter {
    pub fn begin(directory: &Path, is_alone: bool) -> Option<Self> {
        let before = names(directory)?;
        Some(Self { directory: directory.to_owned(), before, open: HashSet::new(), is_alone })
    }

    /// Looks which files the server has open.
    pub fn look(&mut self) {
        for pid in Usage::of_all(children::of(Pid::this())).pids {
            let paths = process::open_paths(Pid::from_raw(pid)).into_iter();
            let below =
                paths.filter_map(|path| Some(path.strip_prefix(&self.directory).ok()?.iter().next()?.to_owned()));
            self.open.extend(below);
        }
    }

    /// What is there now that was not before.
    pub fn finding(&self) -> Option<Finding> {
        let is_home = context::variable("HOME").is_some_and(|home| Path::new(&home) == self.directory);
        let now = names(&self.directory)?;
        let is_new = |name: &&OsString| {
            // In the home directory of its user every program has something of its own.
            let is_usual = is_home && name.to_string_lossy().starts_with('.');
            !self.before.contains(*name) && !is_usual && (self.is_alone || self.open.contains(*name))
        };
        let mut new: Vec<String> =
            now.iter().filter(is_new).map(|name| excerpt(&name.to_string_lossy()).into_owned()).collect();
        new.sort_unstable();
        (!new.is_empty()).then(|| ending::writes_files(&self.directory.display().to_string(), &new))
    }
}

fn names(directory: &Path) -> Option<HashSet<OsString>> {
    let names: HashSet<OsString> =
        fs::read_dir(directory).ok()?.flatten().take(MOST + 1).map(|entry| entry.file_name()).collect();
    (names.len() <= MOST).then_some(names)
}
