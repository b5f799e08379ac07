//! The server of the benchmarks: says when its first instruction runs, and when it is told to end.
//!
//! `probe fifo PATH` writes the monotonic time in nanoseconds, and a newline, to a FIFO; then the same at SIGTERM.
//! `probe answer` answers each request on standard input; one whose method is `text/SIZE` or `objects/SIZE` with so many bytes.
//! `probe stdout` writes one byte to standard output and waits for the end of standard input.

use std::ffi::{c_int, c_void};
use std::fs::OpenOptions;
use std::io::{BufRead, Read, Write};

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

unsafe extern "C" {
    fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int;
    fn sigemptyset(set: *mut c_void) -> c_int;
    fn sigaddset(set: *mut c_void, signal: c_int) -> c_int;
    fn sigprocmask(how: c_int, set: *const c_void, old: *mut c_void) -> c_int;
    fn sigwait(set: *const c_void, signal: *mut c_int) -> c_int;
}

/// How much is said at once, in bytes.
const BLOCK: usize = 1 << 20;

const CLOCK_MONOTONIC: c_int = 1;
const SIG_BLOCK: c_int = 0;
const SIGTERM: c_int = 15;

fn monotonic() -> i64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the structure has the kernel's layout on 64-bit Linux.
    unsafe { clock_gettime(CLOCK_MONOTONIC, &raw mut time) };
    time.seconds * 1_000_000_000 + time.nanoseconds
}

/// A set with SIGTERM in it, which is blocked from now on.
fn block_termination() -> [u64; 16] {
    let mut set = [0u64; 16];
    // SAFETY: 128 bytes are what sigset_t has at most.
    unsafe {
        sigemptyset(set.as_mut_ptr().cast());
        sigaddset(set.as_mut_ptr().cast(), SIGTERM);
        sigprocmask(SIG_BLOCK, set.as_ptr().cast(), std::ptr::null_mut());
    }
    set
}

fn wait_for(set: &[u64; 16]) {
    let mut signal = 0;
    // SAFETY: the set was filled by sigaddset.
    unsafe { sigwait(set.as_ptr().cast(), &raw mut signal) };
}

/// What stands between two texts.
fn between<'a>(line: &'a str, before: &str, after: char) -> &'a str {
    let rest = line.split_once(before).map_or("", |(_, rest)| rest);
    rest.split(after).next().unwrap_or("")
}

fn answer() {
    let (mut input, mut output) = (std::io::stdin().lock(), std::fs::File::from(stdout()));
    let mut line = String::new();
    while input.read_line(&mut line).is_ok_and(|length| length > 0) {
        let id = between(&line, "\"id\":", ',');
        let (kind, size) = between(&line, "\"method\":\"", '"').split_once('/').unwrap_or_default();
        let part: &[u8] = if kind == "objects" { br#"{"name":"a thing","size":17,"list":[1,2,3],"is":true},"# } else { b"x" };
        let (open, close) = if kind == "objects" { ("[", "0]") } else { ("\"", "\"") };
        let mut whole = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"content\":{open}").into_bytes();
        if let Ok(size) = size.parse::<usize>() {
            // Made once and said again and again: the time is to be that of the pipes.
            let block = part.repeat(BLOCK / part.len());
            for _ in 0..size / block.len() {
                output.write_all(&std::mem::take(&mut whole)).and_then(|()| output.write_all(&block)).expect("a reader");
            }
        }
        whole.extend(format!("{close}}}}}\n").bytes());
        output.write_all(&whole).expect("a reader");
        line.clear();
    }
}

/// Standard output without the buffer of the library.
fn stdout() -> std::os::fd::OwnedFd {
    use std::os::fd::AsFd;
    std::io::stdout().as_fd().try_clone_to_owned().expect("a descriptor")
}

fn main() {
    let first = monotonic();
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("fifo"), Some(path)) => {
            let set = block_termination();
            let mut fifo = OpenOptions::new().write(true).open(path).expect("the FIFO can be opened");
            // In one piece: several may share a FIFO.
            let mut report = |time: i64| fifo.write_all(format!("{time}\n").as_bytes()).expect("the FIFO takes a line");
            report(first);
            wait_for(&set);
            report(monotonic());
        }
        (Some("answer"), None) => answer(),
        (Some("stdout"), None) => {
            std::io::stdout().write_all(b"x").and_then(|()| std::io::stdout().flush()).expect("a reader");
            let _ = std::io::stdin().read(&mut [0]);
        }
        _ => panic!("probe fifo PATH | probe answer | probe stdout"),
    }
}
