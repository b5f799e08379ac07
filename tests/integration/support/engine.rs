//! A real container engine: Docker's, on a socket of its own, without a network, with one image made of a busybox.
//!
//! `tests/fixtures/engine.sh` runs it and ends it when its input ends, which is when this process does, however that is.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use nix::sys::signal::Signal;

use super::output::skip;
use super::process::Process;
use super::wait;

/// An engine that runs.
pub struct Engine {
    directory: PathBuf,
    keeper: Child,
}

impl Engine {
    /// The one that the tests of this process share. `None`, said aloud, where none can be had.
    pub fn shared(test: &str) -> Option<&'static Self> {
        static SHARED: OnceLock<Result<Engine, String>> = OnceLock::new();
        match SHARED.get_or_init(Self::start) {
            Ok(engine) => Some(engine),
            Err(why) => {
                skip(test, why);
                None
            }
        }
    }

    /// One that the test may stop. `None`, said aloud, where none can be had.
    pub fn own(test: &str) -> Option<Self> {
        Self::start().inspect_err(|why| skip(test, why)).ok()
    }

    fn start() -> Result<Self, String> {
        if !nix::unistd::geteuid().is_root() {
            return Err("needs root for a container engine".to_owned());
        }
        let missing = |name| format!("needs {name} for a container engine");
        find("dockerd").and_then(|_| find("docker")).ok_or_else(|| missing("docker.io"))?;
        let busybox = busybox().ok_or_else(|| missing("busybox-static"))?;
        let directory = tempfile::Builder::new().prefix("mcp-engine-").tempdir().unwrap().keep();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/engine.sh");
        let mut command = Command::new("sh");
        command.arg(script).args([&directory, &busybox]).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut keeper = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut said).unwrap();
        if said.trim() != "up" {
            let _ = keeper.wait();
            return Err(format!("the container engine does not come up: {}", said.trim()));
        }
        Ok(Self { directory, keeper })
    }

    /// `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("sock")
    }

    /// Its process.
    pub fn process(&self) -> Process {
        let pid = fs::read_to_string(self.directory.join("pid")).unwrap();
        Process::with_pid(pid.trim().parse().unwrap()).expect("the engine runs")
    }

    /// Asks it something that it must do, and returns what it says.
    #[track_caller]
    pub fn ask(&self, words: &[&str]) -> String {
        let output = Command::new("docker").args(["-H", &self.host()]).args(words).output().unwrap();
        assert!(output.status.success(), "docker {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What it says of the container of this name or id: `running`, `exited`, …; `None` if there is none.
    #[track_caller]
    pub fn state(&self, container: &str) -> Option<String> {
        let format = ["inspect", "--format", "{{.State.Status}}", container];
        let output = Command::new("docker").args(["-H", &self.host()]).args(format).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    /// Waits until the container is in this state; `None`: until there is none.
    #[track_caller]
    pub fn wait_state(&self, container: &str, state: Option<&str>) {
        let is_so = || (self.state(container).as_deref() == state).then_some(());
        wait::until(&format!("the container {container} is {state:?}"), is_so);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.process().signal(Signal::SIGCONT);
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A busybox that an image can be made of.
pub fn busybox() -> Option<PathBuf> {
    find("busybox").filter(|it| is_static(it))
}

/// A program of the system.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    places.map(|place| place.join(name)).find(|program| program.is_file())
}

/// Whether a program needs no libraries, which the image would not have.
fn is_static(program: &Path) -> bool {
    let text = fs::read(program).unwrap_or_default();
    !text.windows(4).any(|bytes| bytes == b"/ld-")
}
