use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

struct Playground {
    directory: tempfile::TempDir,
    changes: Changes,
}

impl Playground {
    /// With `src/deep/a` and `src/node_modules`, of which `watched` are watched.
    fn new(watched: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("src/deep")).unwrap();
        fs::create_dir_all(directory.path().join("src/node_modules")).unwrap();
        fs::write(directory.path().join("src/deep/a"), "1").unwrap();
        let roots: Vec<PathBuf> = watched.iter().map(|name| directory.path().join(name)).collect();
        let (outer, inner) = (roots.clone(), roots.clone());
        let is_in = |roots: &[PathBuf], path: &Path| roots.iter().any(|root| path.starts_with(root));
        let interest = Interest {
            enters: Box::new(move |path| is_in(&outer, path) && path.file_name() != Some(OsStr::new("node_modules"))),
            matters: Box::new(move |path| is_in(&inner, path)),
        };
        let mut changes = Changes::new(interest).unwrap();
        for root in &roots {
            changes.add(root).unwrap();
        }
        assert!(changes.take().paths.is_empty());
        Self { directory, changes }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str) {
        fs::write(self.path(name), "x").unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// Takes what is told until this is among it.
    #[track_caller]
    fn hears_of(&mut self, name: &str) -> BTreeSet<PathBuf> {
        let path = self.path(name);
        let mut told = BTreeSet::new();
        while !told.contains(&path) {
            told.extend(self.changes.take().paths);
        }
        told
    }
}

#[test]
fn files_that_are_written_renamed_or_new_below_are_told() {
    let mut it = Playground::new(&["src", "file"]);
    it.write("src/deep/a");
    it.hears_of("src/deep/a");
    it.write("src/new");
    it.rename("src/new", "src/deep/a");
    it.hears_of("src/deep/a");
    fs::create_dir_all(it.path("src/one/two")).unwrap();
    it.write("src/one/two/b");
    it.hears_of("src/one/two/b");
    it.write("src/one/two/b");
    it.hears_of("src/one/two/b");
    it.write("src/node_modules/c");
    it.write("file");
    let told = it.hears_of("file");
    assert!(!told.contains(&it.path("src/node_modules/c")), "{told:?}");
}

#[test]
fn what_vanishes_and_comes_back_is_watched_again() {
    let mut it = Playground::new(&["src", "not/there/yet", "file"]);
    fs::remove_dir_all(it.path("src")).unwrap();
    it.hears_of("src/deep/a");
    fs::create_dir_all(it.path("src/other")).unwrap();
    it.write("src/other/b");
    it.hears_of("src/other/b");
    it.write("src/other/b");
    it.hears_of("src/other/b");
    it.rename("src", "elsewhere");
    it.write("elsewhere/other/b");
    it.rename("elsewhere", "src");
    it.hears_of("src/other/b");
    it.write("src/other/b");
    it.hears_of("src/other/b");
    fs::create_dir_all(it.path("not/there")).unwrap();
    it.write("not/there/yet");
    it.hears_of("not/there/yet");
    for _ in 0..2 {
        it.write("file");
        it.hears_of("file");
        fs::remove_file(it.path("file")).unwrap();
        it.hears_of("file");
    }
}

#[test]
fn a_directory_that_was_moved_is_known_by_its_new_name_only() {
    let mut it = Playground::new(&["src"]);
    it.rename("src/deep", "src/flat");
    it.hears_of("src/flat/a");
    it.write("src/flat/a");
    let told = it.hears_of("src/flat/a");
    assert!(!told.contains(&it.path("src/deep/a")), "{told:?}");
    it.rename("src/flat", "gone");
    it.hears_of("src/flat");
    it.write("gone/a");
    it.write("src/last");
    let told = it.hears_of("src/last");
    assert!(!told.contains(&it.path("src/flat/a")), "{told:?}");
}

#[test]
fn links_that_were_named_are_followed_wherever_they_lead() {
    let directory = tempfile::tempdir().unwrap();
    let outside = |name: &str| directory.path().join(name);
    fs::create_dir_all(outside("one")).unwrap();
    fs::create_dir_all(outside("two")).unwrap();
    fs::write(outside("script"), "1").unwrap();
    let mut it = Playground::new(&["link", "server.py"]);
    symlink(outside("script"), it.path("server.py")).unwrap();
    it.hears_of("server.py");
    fs::write(outside("script"), "2").unwrap();
    it.hears_of("server.py");
    symlink(outside("one"), it.path("link")).unwrap();
    it.hears_of("link");
    fs::write(outside("one/a"), "1").unwrap();
    it.hears_of("link/a");
    symlink(outside("two"), it.path("next")).unwrap();
    it.rename("next", "link");
    it.hears_of("link");
    fs::write(outside("one/b"), "1").unwrap();
    fs::write(outside("two/c"), "1").unwrap();
    let told = it.hears_of("link/c");
    assert!(!told.contains(&it.path("link/b")), "{told:?}");
}

#[test]
fn thousands_of_files_are_told_of_and_what_cannot_be_counted_is_said() {
    let mut it = Playground::new(&["src"]);
    for directory in 0..500 {
        fs::create_dir(it.path(&format!("src/{directory}"))).unwrap();
    }
    it.write("src/499/last");
    it.hears_of("src/499/last");
    for directory in 0..500 {
        it.write(&format!("src/{directory}/a"));
        it.write(&format!("src/{directory}/b"));
    }
    let told = it.hears_of("src/499/b");
    assert!(told.len() >= 1000, "{}", told.len());
    // More than the kernel keeps for who does not read.
    let kept: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    for _ in 0..=kept / 4 {
        it.rename("src/0/a", "src/0/c");
        it.rename("src/0/c", "src/0/a");
    }
    assert!(it.changes.take().is_unknown);
    it.write("src/7/new");
    it.hears_of("src/7/new");
}

#[test]
fn changes_without_an_end_keep_nobody_waiting() {
    let mut it = Playground::new(&["src"]);
    let (old, new) = (it.path("src/deep/a"), it.path("src/deep/b"));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                fs::rename(&old, &new).unwrap();
                fs::rename(&new, &old).unwrap();
            }
        });
        let mut count = 0;
        while count < 20_000 {
            count += it.changes.take().paths.len();
        }
        is_over.store(true, Ordering::Relaxed);
    });
}
