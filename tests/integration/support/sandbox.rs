//! A test's own world: home, session directory, environment, and the proof that nothing of it outlives the test.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::output::{Output, listing};
use super::process::{self, Process};
use super::shell::Shell;
use super::wait::{self, Deadline};

const TOKEN: &str = "MCP_TEST_TOKEN";

/// Everything a test touches. Dropping it fails the test if a process with its token, or one that was [watched](Self::watch),
/// is alive after a while; those it ends then, so that one failure is not followed by others.
pub struct Sandbox {
    directory: tempfile::TempDir,
    token: String,
    variables: RefCell<Vec<(OsString, OsString)>>,
    watched: RefCell<Vec<Process>>,
    forgiven: Cell<bool>,
}

impl Sandbox {
    /// A new world: `HOME`, `MCP_HOOK_DIR` and the binary under test first on `PATH`; nothing is inherited but `PATH`'s rest.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let directory = tempfile::Builder::new().prefix("mcp-hook-").tempdir().unwrap();
        let token = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let sandbox = Self {
            directory,
            token,
            variables: RefCell::default(),
            watched: RefCell::default(),
            forgiven: Cell::new(false),
        };
        for name in ["home", "bin"] {
            fs::create_dir(sandbox.path(name)).unwrap();
        }
        sandbox.base_environment();
        sandbox.other_shells();
        sandbox
    }

    /// `MCP_TEST_BASH`, `MCP_TEST_ZSH` and `MCP_TEST_FISH` name other versions of the shells to run all tests with.
    fn other_shells(&self) {
        for shell in Shell::ALL {
            if let Some(program) = std::env::var_os(format!("MCP_TEST_{}", shell.name().to_uppercase())) {
                std::os::unix::fs::symlink(program, self.path("bin").join(shell.name())).unwrap();
            }
        }
    }

    fn base_environment(&self) {
        let binary = Path::new(env!("CARGO_BIN_EXE_mcp-hook")).parent().unwrap().to_owned();
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let path = [self.path("bin"), binary].into_iter().chain(std::env::split_paths(&inherited));
        self.env("PATH", std::env::join_paths(path).unwrap());
        self.env("HOME", self.path("home"));
        self.env("MCP_HOOK_DIR", self.path("run"));
        self.env(TOKEN, &self.token);
        for (name, value) in [("TERM", "dumb"), ("LANG", "C.UTF-8"), ("USER", "tester"), ("LOGNAME", "tester")] {
            self.env(name, value);
        }
    }

    /// Sets a variable for everything this sandbox starts from now on.
    pub fn env(&self, name: &str, value: impl Into<OsString>) {
        self.unset(name);
        self.variables.borrow_mut().push((name.into(), value.into()));
    }

    /// Takes a variable away again.
    pub fn unset(&self, name: &str) {
        self.variables.borrow_mut().retain(|(known, _)| known != name);
    }

    /// What everything it starts finds in its environment.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        self.variables.borrow().clone()
    }

    /// The directory that holds all.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// A path below the root.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join(name)
    }

    /// `HOME`.
    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// `MCP_HOOK_DIR`: below it `pids/ID`, `configs/ID`, `logs/ID`.
    pub fn runtime(&self) -> PathBuf {
        self.path("run")
    }

    /// Writes a file below the root, directories included, and returns its path.
    pub fn write(&self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a program into `bin`, which comes first on `PATH`.
    pub fn program(&self, name: &str, text: &str) -> PathBuf {
        let draft = self.write(format!("{name}.draft"), text);
        let program = self.install(&draft, name);
        fs::remove_file(draft).unwrap();
        program
    }

    /// Copies a program into `bin`. Another process does it: were the copy ever open for writing in this one, a child of
    /// a test that runs beside could have the descriptor too, and what somebody may write is not executed (ETXTBSY).
    pub fn install(&self, source: &Path, name: &str) -> PathBuf {
        let program = self.path("bin").join(name);
        let copied = Command::new("cp").arg(source).arg(&program).status().unwrap();
        assert!(copied.success(), "could not copy {} to {}", source.display(), program.display());
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        program
    }

    /// A command in this world, in `HOME`, without stdin; change what needs to differ and give it to [`Self::run`].
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment()).current_dir(self.home()).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end and keeps both streams. They go through files: a process that outlives the command may hold
    /// them without holding up the test.
    #[track_caller]
    pub fn run(&self, command: &mut Command) -> Output {
        let [stdout, stderr] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        command.stdout(stdout.try_clone().unwrap()).stderr(stderr.try_clone().unwrap());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("could not run {command:?}: {error}"));
        let process = Process::with_pid(child.id().cast_signed());
        if !process.is_none_or(|process| process.gone_by(Deadline::usual())) {
            child.kill().unwrap();
            let _ = child.wait();
            panic!("{command:?} did not end\n{}", listing(self.root()));
        }
        let status = child.wait().unwrap();
        let [stdout, stderr] = [stdout, stderr].map(|mut file| {
            use std::io::{Read, Seek};
            let mut text = Vec::new();
            file.rewind().unwrap();
            file.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        let cwd = command.get_current_dir().unwrap_or(self.root()).to_owned();
        Output { command: format!("{command:?}"), cwd, root: self.root().to_owned(), status, stdout, stderr }
    }

    /// `mcp-hook ARGUMENTS` in this world but outside every session; see [`Terminal::run`](super::Terminal::run) for inside.
    pub fn hook<I: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Output {
        self.run(self.command(env!("CARGO_BIN_EXE_mcp-hook")).args(arguments))
    }

    /// `status --all --json`.
    #[track_caller]
    pub fn status(&self) -> Value {
        self.hook(["status", "--all", "--json"]).ok().json()
    }

    /// What `status --all --json` says of the server `name`, which may be in any session.
    #[track_caller]
    pub fn server(&self, name: &str) -> Option<Value> {
        let status = self.status();
        let sessions = status["sessions"].as_array().cloned().unwrap_or_default();
        sessions
            .iter()
            .filter_map(|session| session["servers"].as_array())
            .flatten()
            .find(|server| server["name"] == name)
            .cloned()
    }

    /// From now on `process` has to be gone when the sandbox is dropped, whatever its environment says.
    pub fn watch(&self, process: Process) {
        self.watched.borrow_mut().push(process);
    }

    /// Every process of this world that runs now: those with the token, those with our `HOME` (MCP clients hand on that but
    /// not the token) and those that are watched.
    pub fn survivors(&self) -> Vec<Process> {
        let entries = [format!("{TOKEN}={}", self.token), format!("HOME={}", self.home().display())];
        let ours = |process: &Process| entries.iter().any(|entry| process.has_env(entry));
        let mut found: Vec<_> = process::all().into_iter().filter(ours).collect();
        found.extend(self.watched.borrow().iter().filter(|process| process.alive()));
        found.sort_by_key(|process| (process.pid, process.started));
        found.dedup();
        found
    }

    /// Waits until no process of this world runs; fails with a list of those that do.
    #[track_caller]
    pub fn assert_clean(&self) {
        self.assert_clean_but(&[]);
    }

    /// The same for all but some that are meant to go on.
    #[track_caller]
    pub fn assert_clean_but(&self, spared: &[Process]) {
        if let Err(left) = self.clean_by(Deadline::usual(), spared) {
            panic!("still alive:\n{left}\n--- sandbox\n{}", listing(self.root()));
        }
    }

    fn clean_by(&self, deadline: Deadline, spared: &[Process]) -> Result<(), String> {
        loop {
            let mut left = self.survivors();
            left.retain(|process| !spared.contains(process));
            match left.first() {
                None => return Ok(()),
                Some(process) if process.gone_by(deadline) => {}
                Some(_) => return Err(left.iter().map(|process| format!("{process}\n")).collect()),
            }
        }
    }

    /// Ends whatever is left without failing: for a test that shows what others leave behind.
    pub fn forgive(&self) {
        self.forgiven.set(true);
    }

    fn end_all(&self) {
        // A process may fork between the look and the signal.
        for _ in 0..20 {
            let left = self.survivors();
            if left.is_empty() {
                return;
            }
            left.iter().for_each(|process| process.signal(Signal::SIGKILL));
            let deadline = Deadline::after(Duration::from_secs(5));
            for process in left {
                process.gone_by(deadline);
            }
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let quiet = self.forgiven.get() || std::thread::panicking();
        let patience = if quiet { Duration::ZERO } else { wait::HANG };
        let result = self.clean_by(Deadline::after(patience), &[]);
        self.end_all();
        if let (Err(left), false) = (result, quiet) {
            panic!("a test left processes behind:\n{left}--- sandbox\n{}", listing(self.root()));
        }
    }
}
