//! What a process waits for: the system call that each of its threads is in (`proc_pid_syscall(5)`, Linux 5.x and later
//! show it of one's own descendants), and what its descriptors are.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::libc;
use nix::time::ClockId;
use nix::unistd::Pid;

use super::sockets;
pub use crate::sys::waiting::{Input, Outside, Waiting};

/// A sleep that is longer is not a part of any work.
const LONG: Duration = Duration::from_secs(30);
/// How many threads are looked at.
const MOST_THREADS: usize = 64;

/// What `pid` waits for; `input` is the stream whose readers are looked for.
pub fn of(pid: Pid, input: Option<Input>) -> Waiting {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let Ok(threads) = fs::read_dir(process.join("task")) else { return Waiting::Busy };
    let threads: Vec<PathBuf> = threads.flatten().take(MOST_THREADS).map(|thread| thread.path()).collect();
    let mut states = Vec::new();
    for thread in &threads {
        let state = match fs::read_to_string(thread.join("syscall")) {
            Ok(text) => Call::parse(&text).map_or(Waiting::Busy, |call| call.look(&process, input)),
            Err(error) => unreadable(&error),
        };
        if matches!(state, Waiting::ForInput | Waiting::Unknown) {
            return state;
        }
        states.push(state);
    }
    // What the threads of one process wait for is mostly each other.
    if states == [Waiting::Idle] { Waiting::Idle } else { Waiting::Busy }
}

/// What `pid` waits for that somebody else has to give, as far as it shows.
pub fn outside(pid: Pid) -> Option<Outside> {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let threads = fs::read_dir(process.join("task")).ok()?.flatten().take(MOST_THREADS);
    let calls: Vec<Call> =
        threads.filter_map(|thread| Call::parse(&fs::read_to_string(thread.path().join("syscall")).ok()?)).collect();
    if calls.iter().any(Call::is_lock) {
        return Some(Outside::Lock);
    }
    if calls.iter().any(|call| call.reads_terminal(&process)) {
        return Some(Outside::Terminal);
    }
    (!calls.is_empty() && sockets::has_connection(&process)?).then_some(Outside::Network)
}

/// Whoever ends just now, or closes a descriptor, has something to do.
fn unreadable(error: &io::Error) -> Waiting {
    if error.kind() == io::ErrorKind::PermissionDenied { Waiting::Unknown } else { Waiting::Busy }
}

/// Whether `pid` has a socket that it accepts connections on, by TCP or at a path; `None` if the system does not tell.
pub fn listens(pid: Pid) -> Option<bool> {
    sockets::listens(Path::new(&format!("/proc/{pid}")))
}

/// A system call that a thread is in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Call {
    number: libc::c_long,
    arguments: Vec<u64>,
}

impl Call {
    /// `None` for a thread that runs, or that waits outside a system call.
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split_ascii_whitespace();
        let number = fields.next()?.parse().ok().filter(|&number| number >= 0)?;
        let value = |field: &str| u64::from_str_radix(field.strip_prefix("0x")?, 16).ok();
        Some(Self { number, arguments: fields.filter_map(value).collect() })
    }

    fn argument(&self, index: usize) -> u64 {
        self.arguments.get(index).copied().unwrap_or_default()
    }

    /// Whether it is one that waits for a lock on a file (`flock(2)`, `fcntl_locking(2)`).
    fn is_lock(&self) -> bool {
        let commands = [libc::F_SETLKW, libc::F_OFD_SETLKW];
        let is_fcntl = || commands.iter().any(|&command| u64::try_from(command) == Ok(self.argument(1)));
        self.number == libc::SYS_flock || self.number == libc::SYS_fcntl && is_fcntl()
    }

    /// Whether it is one that reads what is typed on a terminal (`pts(4)`, `tty(4)`).
    fn reads_terminal(&self, process: &Path) -> bool {
        let link = || fs::read_link(process.join("fd").join(self.argument(0).to_string())).unwrap_or_default();
        let is_terminal =
            |link: PathBuf| link.starts_with("/dev/pts") || link.to_string_lossy().starts_with("/dev/tty");
        [libc::SYS_read, libc::SYS_readv].contains(&self.number) && is_terminal(link())
    }

    fn look(&self, process: &Path, input: Option<Input>) -> Waiting {
        let number = self.number;
        if [libc::SYS_read, libc::SYS_readv, libc::SYS_recvfrom, libc::SYS_recvmsg].contains(&number) {
            return reads(process, self.argument(0), input);
        }
        let descriptors = if is_epoll(number) {
            watched(process, self.argument(0), input)
        } else if is_poll(number) {
            polled(process, self.argument(0), self.argument(1), input)
        } else {
            false
        };
        match number {
            _ if descriptors => Waiting::ForInput,
            libc::SYS_wait4 | libc::SYS_waitid | libc::SYS_rt_sigsuspend | libc::SYS_rt_sigtimedwait => Waiting::Idle,
            libc::SYS_nanosleep => sleeps(process, self.argument(0), None),
            libc::SYS_clock_nanosleep => {
                let until = (self.argument(1) != 0).then_some(self.argument(0));
                sleeps(process, self.argument(2), until)
            }
            #[cfg(target_arch = "x86_64")]
            libc::SYS_pause => Waiting::Idle,
            _ => Waiting::Busy,
        }
    }
}

fn is_epoll(number: libc::c_long) -> bool {
    #[cfg(target_arch = "x86_64")]
    if number == libc::SYS_epoll_wait {
        return true;
    }
    [libc::SYS_epoll_pwait, libc::SYS_epoll_pwait2].contains(&number)
}

fn is_poll(number: libc::c_long) -> bool {
    #[cfg(target_arch = "x86_64")]
    if number == libc::SYS_poll {
        return true;
    }
    number == libc::SYS_ppoll
}

/// A read of a pipe or a terminal is one of what another process will say.
fn reads(process: &Path, descriptor: u64, input: Option<Input>) -> Waiting {
    let path = process.join("fd").join(descriptor.to_string());
    let link = match fs::read_link(&path) {
        Ok(link) => link,
        Err(error) => return unreadable(&error),
    };
    if input.is_some_and(|input| is_stream(input, &link)) {
        return Waiting::ForInput;
    }
    let kind = fs::metadata(&path).map(|data| data.file_type());
    if kind.is_ok_and(|kind| kind.is_fifo() || kind.is_char_device()) { Waiting::Idle } else { Waiting::Busy }
}

/// Whether an epoll instance watches the stream: `proc_pid_fdinfo(5)` lists what it watches with its inode.
fn watched(process: &Path, descriptor: u64, input: Option<Input>) -> bool {
    let Some(Input(inode)) = input else { return false };
    let text = fs::read_to_string(process.join("fdinfo").join(descriptor.to_string())).unwrap_or_default();
    let wanted = format!("ino:{inode:x}");
    text.lines().filter(|line| line.starts_with("tfd:")).any(|line| line.split_whitespace().any(|it| it == wanted))
}

/// Whether one of the descriptors in an array of `struct pollfd` is the stream.
fn polled(process: &Path, address: u64, count: u64, input: Option<Input>) -> bool {
    let Some(input) = input else { return false };
    let mut array = vec![0; usize::try_from(count.min(64)).unwrap_or(0) * 8];
    if read_memory(process, address, &mut array).is_err() {
        return false;
    }
    let descriptors = array.chunks_exact(8).filter_map(|entry| Some(i32::from_ne_bytes(entry[..4].try_into().ok()?)));
    let mut links = descriptors.filter_map(|it| fs::read_link(process.join("fd").join(it.to_string())).ok());
    links.any(|link| is_stream(input, &link))
}

/// A sleep by the `timespec` at an address, or up to it on the clock `until`.
fn sleeps(process: &Path, address: u64, until: Option<u64>) -> Waiting {
    let mut time = [0; 16];
    if let Err(error) = read_memory(process, address, &mut time) {
        return unreadable(&error);
    }
    let (seconds, _) = time.split_at(8);
    let seconds = seconds.try_into().map(i64::from_ne_bytes).unwrap_or_default();
    let now = until.and_then(|clock| ClockId::from_raw(i32::try_from(clock).ok()?).now().ok());
    let left = seconds - now.map_or(0, |now| now.tv_sec());
    if left >= LONG.as_secs().cast_signed() { Waiting::Idle } else { Waiting::Busy }
}

/// Whether a link in `/proc/PID/fd` leads to the stream.
fn is_stream(Input(inode): Input, link: &Path) -> bool {
    let link = link.to_string_lossy();
    link == format!("pipe:[{inode}]") || link == format!("socket:[{inode}]")
}

/// Reads what is in the memory of a process.
fn read_memory(process: &Path, address: u64, buffer: &mut [u8]) -> io::Result<()> {
    File::open(process.join("mem"))?.read_exact_at(buffer, address)
}

#[cfg(test)]
mod tests {
    use std::io::pipe;
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn pid(child: &Child) -> Pid {
        Pid::from_raw(child.id().cast_signed())
    }

    /// Until then a program has not got as far.
    fn await_state(child: &Child, input: Option<Input>, wanted: Waiting) {
        while of(pid(child), input) != wanted {
            std::thread::yield_now();
        }
    }

    #[test]
    fn who_waits_for_its_input_is_told_from_who_does_not() {
        let scripts = [
            "import sys; sys.stdin.read()",
            "import select; select.poll().poll() if False else None; p = select.poll(); p.register(0); p.poll()",
            "import select; e = select.epoll(); e.register(0); e.poll()",
            "import os; os.read(os.dup(0), 9)",
            "import threading, sys; t = threading.Thread(target=sys.stdin.read); t.start(); t.join()",
        ];
        for script in scripts {
            let (reader, writer) = pipe().expect("a pipe");
            let input = Input::of(&writer);
            let mut child =
                Command::new("python3").args(["-c", script]).stdin(reader).spawn().expect("python3 is installed");
            await_state(&child, input, Waiting::ForInput);
            drop(writer);
            child.wait().expect("collected");
        }
    }

    #[test]
    fn a_long_sleep_and_a_wait_for_others_are_idle_and_a_short_sleep_is_not() {
        for (words, wanted) in [
            (&["sleep", "1000"][..], Waiting::Idle),
            (&["sleep", "20"], Waiting::Busy),
            (&["sh", "-c", "sleep 20; :"], Waiting::Idle),
            (&["python3", "-c", "import time; time.sleep(1000)"], Waiting::Idle),
            (&["python3", "-c", "import signal; signal.pause()"], Waiting::Idle),
        ] {
            let mut child = Command::new(words[0]).args(&words[1..]).stdin(Stdio::null()).spawn().expect("started");
            await_state(&child, None, wanted);
            for child in super::super::children::of(pid(&child)) {
                let _ = nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL);
            }
            let _ = child.kill();
            child.wait().expect("collected");
        }
    }

    #[test]
    fn a_wait_for_a_lock_or_for_the_network_is_seen() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().lock().expect("locked");
        let path = file.path().to_str().expect("a path");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        let port = listener.local_addr().expect("an address").port();
        for (script, wanted) in [
            (format!("import fcntl; fcntl.flock(open({path:?}), fcntl.LOCK_EX)"), Outside::Lock),
            ("import os; os.read(os.openpty()[1], 1)".to_owned(), Outside::Terminal),
            (format!("import socket; socket.create_connection(('127.0.0.1', {port})).recv(1)"), Outside::Network),
        ] {
            let mut child =
                Command::new("python3").args(["-c", &script]).stdin(Stdio::null()).spawn().expect("started");
            while outside(pid(&child)) != Some(wanted) {
                std::thread::yield_now();
            }
            child.kill().and_then(|()| child.wait()).expect("collected");
        }
        assert_eq!(outside(Pid::this()).filter(|it| *it == Outside::Lock), None);
    }

    #[test]
    fn listening_sockets_are_seen() {
        let _server = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        assert_eq!(listens(Pid::this()), Some(true));
    }
}
