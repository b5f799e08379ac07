//! Counting what cannot be listed: a FIFO that every process of a tree holds open for writing. The kernel tells its reader
//! when nobody is left, however many there were and however short-lived each of them was.

use std::fmt::Write;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use nix::libc;
use nix::sys::stat::Mode;

use super::output::listing;
use super::process::{self, Process};
use super::sandbox::Sandbox;
use super::wait::{self, Deadline};

/// The reading end; the tree takes the other one with `--hold PATH`.
pub struct Hold {
    path: PathBuf,
    reader: File,
}

impl Hold {
    /// Makes the FIFO.
    pub fn new(sandbox: &Sandbox, name: &str) -> Self {
        let path = sandbox.path(format!("{name}.hold"));
        nix::unistd::mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        let reader = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(&path).unwrap();
        Self { path, reader }
    }

    /// The options that make the tree hold it; they come first.
    pub fn options(&self) -> [&str; 2] {
        ["--hold", self.path.to_str().unwrap()]
    }

    /// Whether a process holds it now.
    pub fn is_held(&self) -> bool {
        // End of file: there is no writer (fifo(7)). Nobody ever writes.
        matches!((&self.reader).read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Waits until nobody holds it; at once if nobody ever did.
    #[track_caller]
    pub fn assert_released(&self) {
        let deadline = Deadline::usual();
        while self.is_held() {
            assert!(wait::one_readable(&self.reader, deadline), "{}", self.describe());
        }
    }

    /// Who holds it, by what they would be recognised, and what the files beside it say.
    fn describe(&self) -> String {
        let mut text = format!("somebody still holds {}\n", self.path.display());
        let holds = |process: &Process| {
            let descriptors = fs::read_dir(format!("/proc/{}/fd", process.pid)).into_iter().flatten().flatten();
            descriptors.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|target| target == self.path)
        };
        let me = std::process::id().cast_signed();
        for process in process::all().into_iter().filter(|it| it.pid != me && holds(it)) {
            let of = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", process.pid)).unwrap_or_default();
            let limits = of("limits");
            let mark = limits.lines().find(|line| line.starts_with("Max file locks")).unwrap_or_default();
            let environment = of("environ");
            let token = environment.split('\0').find(|entry| entry.starts_with("MCP_HOOK_TOKEN=")).unwrap_or_default();
            let _ = writeln!(text, "{process}\n  {mark}\n  {token}");
        }
        text + "--- sandbox\n" + &listing(self.path.parent().unwrap())
    }
}
