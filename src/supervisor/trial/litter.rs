//! What a server leaves in its working directory.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::context;
use crate::mcp::check::ending;
use crate::mcp::check::finding::Finding;
use crate::server::usage::Usage;
use crate::sys::{Pid, children, process};
use crate::text::excerpt::excerpt;

/// A directory with more than this in it is not looked through.
const MOST: usize = 10_000;
/// Of a directory in which nobody takes away what is another's (`S_ISVTX` in inode(7)).
const STICKY: u32 = 0o1000;

/// A directory as it was before the server was started.
pub struct Litter {
    directory: PathBuf,
    before: HashSet<OsString>,
    /// What the server has had open in it.
    open: HashSet<OsString>,
    /// Whether nobody else writes there meanwhile, as far as is known; else only what was seen open is this one's.
    is_alone: bool,
}

impl Litter {
    /// `is_alone`: no other server is started meanwhile.
    pub fn begin(directory: &Path, is_alone: bool) -> Option<Self> {
        let before = names(directory)?;
        // In a directory like /tmp, everybody writes.
        let is_alone = is_alone && fs::metadata(directory).ok()?.mode() & STICKY == 0;
        Some(Self { directory: directory.to_owned(), before, open: HashSet::new(), is_alone })
    }

    /// Looks which files the server has open.
    pub fn look(&mut self) {
        for pid in Usage::of_all(children::of(Pid::this())).pids {
            self.open.extend(self.open_in(Pid::from_raw(pid)));
        }
    }

    /// What somebody has open although this server has ended: it is in use, and was not left.
    fn held(&self) -> HashSet<OsString> {
        process::all().flat_map(|pid| self.open_in(pid)).collect()
    }

    fn open_in(&self, pid: Pid) -> Vec<OsString> {
        let paths = process::open_paths(pid).into_iter();
        paths.filter_map(|path| Some(path.strip_prefix(&self.directory).ok()?.iter().next()?.to_owned())).collect()
    }

    /// What is there now that was not before.
    pub fn finding(&self) -> Option<Finding> {
        let is_home = context::variable("HOME").is_some_and(|home| Path::new(&home) == self.directory);
        let now = names(&self.directory)?;
        let is_new = |name: &OsString| {
            // In the home directory of its user every program has something of its own.
            let is_usual = is_home && name.to_string_lossy().starts_with('.');
            !self.before.contains(name) && !is_usual && (self.is_alone || self.open.contains(name))
        };
        let mut left: Vec<OsString> = now.into_iter().filter(is_new).collect();
        if !left.is_empty() {
            let held = self.held();
            left.retain(|name| !held.contains(name));
        }
        let mut new: Vec<String> = left.iter().map(|name| excerpt(&name.to_string_lossy()).into_owned()).collect();
        new.sort_unstable();
        (!new.is_empty()).then(|| ending::writes_files(&self.directory.display().to_string(), &new))
    }
}

fn names(directory: &Path) -> Option<HashSet<OsString>> {
    let names: HashSet<OsString> =
        fs::read_dir(directory).ok()?.flatten().take(MOST + 1).map(|entry| entry.file_name()).collect();
    (names.len() <= MOST).then_some(names)
}
