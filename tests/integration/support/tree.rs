//! The server that is hard to end (`tests/fixtures/tree/`), compiled once, and what its processes report.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use nix::libc;
use nix::sys::stat::Mode;

use super::process::Process;
use super::sandbox::Sandbox;
use super::wait::{self, Deadline};

/// The members of the nasty tree, each with another way out.
pub const NASTY: [&str; 5] = ["child", "setsid", "daemon", "deaf", "frozen"];

/// What a process of the tree said of itself.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub process: Process,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    /// `None` where another process reported for it.
    pub environ_bytes: Option<u64>,
}

/// One server's tree in a sandbox: the command to start it, and the FIFO its processes report to.
pub struct Tree<'s> {
    sandbox: &'s Sandbox,
    fifo: PathBuf,
    reader: File,
    text: String,
    members: HashMap<String, Member>,
    /// How often each has reported.
    reports: HashMap<String, u32>,
}

impl<'s> Tree<'s> {
    /// Makes the FIFO; `name` keeps several trees in a sandbox apart.
    pub fn new(sandbox: &'s Sandbox, name: &str) -> Self {
        let fifo = sandbox.path(format!("{name}.report"));
        nix::unistd::mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        // Open for both, so that neither side waits for the other and there is never an end.
        let reader = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(&fifo).unwrap();
        Self { sandbox, fifo, reader, text: String::new(), members: HashMap::new(), reports: HashMap::new() }
    }

    /// The program.
    pub fn program() -> &'static Path {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        PROGRAM.get_or_init(compile)
    }

    /// The words that start the tree with these options: what stands behind `start NAME --`.
    pub fn command(&self, options: &[&str]) -> Vec<String> {
        let head = [Self::program().to_str().unwrap(), "--report", self.fifo.to_str().unwrap()];
        head.iter().chain(options).map(ToString::to_string).collect()
    }

    /// The command with all five nasty members; the leader reports last.
    pub fn nasty_command(&self) -> Vec<String> {
        let members: Vec<_> = NASTY.iter().flat_map(|name| ["--member", name]).chain(["--ready"]).collect();
        self.command(&members)
    }

    /// The same as one line that bash, zsh and fish take alike.
    pub fn nasty_line(&self) -> String {
        self.nasty_command().join(" ")
    }

    /// Waits until all five and the leader have reported, and fails unless every escape really happened.
    #[track_caller]
    pub fn wait_nasty(&mut self) {
        self.wait_for(&["leader", "child", "setsid", "daemon", "deaf", "frozen"]);
        let leader = self.member("leader");
        let [child, setsid, daemon, deaf, frozen] = NASTY.map(|name| self.member(name));
        for member in [child, deaf, frozen] {
            assert_eq!(
                (member.parent, member.group, member.session),
                (leader.process.pid, leader.group, leader.session)
            );
        }
        assert_eq!(setsid.session, setsid.process.pid, "the setsid member leads a session of its own");
        assert_ne!(setsid.session, leader.session);
        assert_ne!(daemon.session, leader.session);
        assert_ne!(daemon.parent, leader.process.pid, "the daemon lost its parents");
        assert_eq!(daemon.environ_bytes, Some(0), "the daemon's environment is empty");
        // `t`: stopped all the same, while somebody traces it.
        let state = frozen.process.stat().map(|stat| stat.state);
        assert!(matches!(state, Some('T' | 't')), "the frozen member is stopped");
        // The descriptor it reported through is closed a moment after the report.
        let descriptors = format!("/proc/{}/fd", daemon.process.pid);
        let none = || fs::read_dir(&descriptors).ok()?.next().is_none().then_some(());
        wait::until("the daemon has no descriptor", none);
    }

    /// Waits until each of `names` has reported (again, after [`Self::forget`]). Their ends are part of the sandbox's check.
    #[track_caller]
    pub fn wait_for(&mut self, names: &[&str]) {
        let deadline = Deadline::usual();
        while let Some(missing) = names.iter().find(|name| !self.members.contains_key(**name)) {
            self.read_reports(missing, deadline);
        }
    }

    /// Waits until `name` has reported for the `count`th time since the tree was made.
    #[track_caller]
    pub fn wait_for_report(&mut self, name: &str, count: u32) {
        let deadline = Deadline::usual();
        while self.reports.get(name).is_none_or(|&reports| reports < count) {
            self.read_reports(name, deadline);
        }
    }

    #[track_caller]
    fn read_reports(&mut self, missing: &str, deadline: Deadline) {
        assert!(wait::one_readable(&self.reader, deadline), "{missing} did not report\n{self}");
        let mut chunk = [0; 4096];
        let length = self.reader.read(&mut chunk).unwrap_or(0);
        self.text.push_str(&String::from_utf8_lossy(&chunk[..length]));
        while let Some((line, rest)) = self.text.split_once('\n') {
            let (name, member) = parse(line);
            *self.reports.entry(name.clone()).or_default() += 1;
            // A process that has already ended again has nothing left to be watched.
            if let Some(member) = member {
                self.sandbox.watch(member.process);
                self.members.insert(name, member);
            }
            self.text = rest.to_owned();
        }
    }

    /// What `name` reported.
    #[track_caller]
    pub fn member(&self, name: &str) -> Member {
        *self.members.get(name).unwrap_or_else(|| panic!("{name} has not reported\n{self}"))
    }

    /// Forgets the reports, for a server that starts anew. The processes stay watched.
    pub fn forget(&mut self) {
        self.members.clear();
    }

    /// Everything that reported.
    pub fn processes(&self) -> Vec<Process> {
        self.members.values().map(|member| member.process).collect()
    }

    /// Fails unless every process that reported is alive.
    #[track_caller]
    pub fn assert_alive(&self) {
        assert!(!self.members.is_empty(), "nothing has reported");
        assert!(self.processes().into_iter().all(Process::alive), "something was ended\n{self}");
    }

    /// Waits until every process that reported is gone.
    #[track_caller]
    pub fn assert_gone(&self) {
        assert!(!self.members.is_empty(), "nothing has reported");
        let deadline = Deadline::usual();
        let gone = self.processes().into_iter().all(|process| process.gone_by(deadline));
        assert!(gone, "something is still alive\n{self}");
    }
}

impl std::fmt::Display for Tree<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, member) in &self.members {
            writeln!(out, "{name}: {}", member.process)?;
        }
        write!(out, "--- sandbox\n{}", super::output::listing(self.sandbox.root()))
    }
}

/// A line of a report. No member: it ended before it could be looked at.
fn parse(line: &str) -> (String, Option<Member>) {
    let fields: Vec<_> = line.split(' ').collect();
    let [name, numbers @ ..] = &fields[..] else { unreachable!("split gives at least one part") };
    let numbers: Vec<i64> = numbers.iter().map(|field| field.parse().unwrap()).collect();
    let &[pid, parent, group, session, bytes] = &numbers[..] else { panic!("not a report: {line:?}") };
    let [pid, parent, group, session] = [pid, parent, group, session].map(|number| i32::try_from(number).unwrap());
    let member = Process::with_pid(pid).map(|process| Member {
        process,
        parent,
        group,
        session,
        environ_bytes: u64::try_from(bytes).ok(),
    });
    (name.to_string(), member)
}

/// Compiles the program under a name made of its source, so that runs at the same time do not meet.
fn compile() -> PathBuf {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tree");
    let mut files: Vec<_> = fs::read_dir(&sources).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    files.iter().for_each(|file| fs::read(file).unwrap().hash(&mut hasher));
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tree-{:016x}", hasher.finish()));
    if program.exists() {
        return program;
    }
    let temporary = program.with_extension(std::process::id().to_string());
    files.retain(|file| file.extension().is_some_and(|end| end == "c"));
    let output = Command::new("cc").args(["-O1", "-Wall", "-Wextra", "-o"]).arg(&temporary).args(&files).output();
    let output = output.expect("a C compiler is installed as `cc`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::rename(&temporary, &program).unwrap();
    program
}
