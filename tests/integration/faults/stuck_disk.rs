//! A disk that does not answer holds up no server and no stop.

use std::fs::{self};

use nix::errno::Errno;
use nix::libc;

use super::output::assert_whole;
use crate::support::WindowSession;
use crate::support::{Sandbox, Tree, skip, wait};

/// A thread of another process that is stopped as if the kernel did not answer it, until this is dropped.
struct Frozen(i32);

impl Frozen {
    /// `None`, said aloud, where other processes may not be traced.
    fn new(thread: i32, test: &str) -> Option<Self> {
        let call = |request: u32| {
            let nothing = std::ptr::null_mut::<libc::c_void>();
            // SAFETY: seizing and interrupting take no memory of ours.
            Errno::result(unsafe { libc::ptrace(request, thread, nothing, nothing) })
        };
        if let Err(error) = call(libc::PTRACE_SEIZE) {
            skip(test, &format!("may not trace: {error}"));
            return None;
        }
        call(libc::PTRACE_INTERRUPT).unwrap();
        // SAFETY: nothing is written where the status would go.
        let stopped = unsafe { libc::waitpid(thread, std::ptr::null_mut(), libc::__WALL) };
        assert_eq!(stopped, thread);
        Some(Self(thread))
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let nothing = std::ptr::null_mut::<libc::c_void>();
        // SAFETY: detaching takes no memory of ours.
        if unsafe { libc::ptrace(libc::PTRACE_DETACH, self.0, nothing, nothing) } != 0 {
            // It has ended, and stays until we have taken note of that.
            // SAFETY: nothing is written where the status would go.
            unsafe { libc::waitpid(self.0, std::ptr::null_mut(), libc::__WALL) };
        }
    }
}

/// The supervisor of `web`, and its thread that writes.
pub fn writer(sandbox: &Sandbox) -> (i32, i32) {
    let supervisor = sandbox.server("web").unwrap()["supervisor_pid"].as_i64().unwrap().try_into().unwrap();
    let tasks = fs::read_dir(format!("/proc/{supervisor}/task")).unwrap();
    let threads: Vec<i32> = tasks.map(|task| task.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect();
    let [thread] = threads.into_iter().filter(|&thread| thread != supervisor).collect::<Vec<_>>()[..] else {
        panic!("one thread writes")
    };
    (supervisor, thread)
}

/// A session whose server prints many megabytes when it is told to, with its writer stopped. What it prints, in lines.
fn with_stuck_disk<'s>(sandbox: &'s Sandbox, test: &str) -> Option<(WindowSession<'s>, Frozen, u64)> {
    const BYTES: u64 = 16_000_000;
    let mut session = WindowSession::open(sandbox);
    nix::unistd::mkfifo(&sandbox.path("go"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let [go, done] = ["go", "done"].map(|name| sandbox.path(name).display().to_string());
    let tree = Tree::program().display();
    let script = format!("read go <{go}; {tree} --stdout {BYTES} --leave; : >{done}; exec sleep 1000");
    session.hook(&format!("start web -- sh -c '{script}'")).ok();
    let (_, thread) = writer(sandbox);
    let Some(frozen) = Frozen::new(thread, test) else {
        session.end();
        return None;
    };
    fs::write(sandbox.path("go"), "go\n").unwrap();
    wait::until("the server's end of printing", || sandbox.path("done").exists().then_some(()));
    Some((session, frozen, BYTES.div_ceil(64)))
}

#[test]
fn case_33_disk_that_hangs_holds_no_server_up_and_costs_whole_lines_only() {
    let sandbox = Sandbox::new();
    let Some((mut session, frozen, printed)) = with_stuck_disk(&sandbox, "case_33_disk_that_hangs") else { return };
    drop(frozen);
    session.hook("stop web").ok();
    let log = session.log();
    let written = assert_whole(&log) as u64;
    let dropped = log.lines().filter_map(|line| line.strip_suffix(" lines were dropped: the disk was too slow"));
    let dropped: u64 = dropped.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert!(written > 0 && dropped > 0, "{written} written, {dropped} dropped");
    assert_eq!(written + dropped, printed, "what is missing is counted");
    session.end();
}

#[test]
fn case_33_disk_that_hangs_holds_up_no_stop() {
    let sandbox = Sandbox::new();
    let Some((mut session, frozen, _)) = with_stuck_disk(&sandbox, "case_33_disk_that_hangs_stop") else { return };
    let stopped = session.hook("stop web").ok();
    assert!(stopped.stdout.contains("stopped web"), "{stopped}");
    drop(frozen);
    session.end();
}

#[test]
fn server_is_started_again_by_a_supervisor_that_has_a_thread() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let mut tree = session.start(&[]);
    let (supervisor, thread) = writer(&sandbox);
    let blocked = |thread: i32| {
        let status = fs::read_to_string(format!("/proc/{supervisor}/task/{thread}/status")).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:\t")).unwrap().to_owned();
        u64::from_str_radix(&mask, 16).unwrap()
    };
    let all_but =
        [libc::SIGKILL, libc::SIGSTOP, 32, 33].iter().fold(u64::MAX, |mask, signal| mask & !(1 << (signal - 1)));
    assert_eq!(blocked(thread) & all_but, all_but, "no signal reaches the thread");
    assert_ne!(blocked(supervisor) & (1 << (libc::SIGTERM - 1)), blocked(thread) & (1 << (libc::SIGTERM - 1)));
    tree.forget();
    session.hook("restart web").ok();
    tree.wait_for(&["leader"]);
    let leader = tree.member("leader").process.pid;
    let status = fs::read_to_string(format!("/proc/{leader}/status")).unwrap();
    assert!(status.contains("SigBlk:\t0000000000000000"), "{status}");
    assert!(status.contains("SigIgn:\t0000000000000000"), "{status}");
    session.end();
}
