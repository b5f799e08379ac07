//! Facts about processes, read from `proc(5)`.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::{Pid, SysconfVar, sysconf};

use crate::sys::process_info;
pub use crate::sys::process_info::Process;

/// Reads what the kernel knows of `pid`; `None` if there is no such process, or it cannot be seen.
pub fn read(pid: Pid) -> Option<Process> {
    look(pid).ok().flatten()
}

/// The same for who draws conclusions from there being none.
///
/// # Errors
/// When nobody can tell: there is no `/proc`, it does not show this process, or too many files are open.
pub fn look(pid: Pid) -> io::Result<Option<Process>> {
    let mut buffer = [0; 1024];
    match read_small(&format!("/proc/{pid}/stat"), &mut buffer) {
        Ok(stat) => {
            let process = Fields::of(stat).and_then(|fields| fields.process(pid));
            process.map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
        }
        // Hidden ones look as if they were not there (`hidepid` in proc(5)).
        Err(_) if pid.as_raw() <= 0 || kill(pid, None) == Err(Errno::ESRCH) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the processes of this machine can be looked at, so that not to find one means something. Needs as many open
/// files as a search does.
pub fn are_visible() -> bool {
    let Ok(_list) = fs::read_dir("/proc") else { return false };
    let Ok(_status) = File::open("/proc/self/stat") else { return false };
    let Ok(link) = fs::read_link("/proc/self") else { return false };
    File::open("/proc/self/limits").is_ok() && link.to_str() == Some(&Pid::this().to_string())
}

/// The fields of `proc_pid_stat(5)`, by the numbers of the manual page, as far as anybody asks for them.
pub(super) struct Fields<'stat> {
    name: &'stat [u8],
    /// From the third on, the state; empty where there is none.
    others: [&'stat [u8]; LAST_FIELD - 2],
}

/// `sigignore`.
const LAST_FIELD: usize = 33;

impl<'stat> Fields<'stat> {
    pub fn of(stat: &'stat [u8]) -> Option<Self> {
        let begin = stat.iter().position(|&byte| byte == b'(')? + 1;
        let end = stat.iter().rposition(|&byte| byte == b')')?;
        let mut others = [[].as_slice(); LAST_FIELD - 2];
        for (field, text) in others.iter_mut().zip(stat.get(end + 2..)?.trim_ascii_end().split(|&byte| byte == b' ')) {
            *field = text;
        }
        Some(Self { name: stat.get(begin..end)?, others })
    }

    /// What the program is called, as in [`name`].
    pub fn name(&self) -> String {
        String::from_utf8_lossy(self.name).into_owned()
    }

    pub fn text(&self, number: usize) -> Option<&'stat str> {
        str::from_utf8(self.others.get(number - 3)?).ok()
    }

    /// All that is said of process `pid`.
    pub fn process(&self, pid: Pid) -> Option<Process> {
        let field = |number| self.text(number);
        let number = |index: usize| field(index).and_then(|text| text.parse::<i64>().ok());
        let id = |index| number(index).and_then(|value| i32::try_from(value).ok()).map(Pid::from_raw);
        let ticks: u64 = (14..=17).filter_map(|index| u64::try_from(number(index)?).ok()).sum();
        Some(Process {
            pid,
            parent: id(4)?,
            group: id(5)?,
            session: id(6)?,
            terminal: number(7)?.try_into().unwrap_or(0),
            start: field(22)?.parse().ok()?,
            zombie: matches!(field(3)?, "Z" | "X" | "x"),
            stopped: matches!(field(3)?, "T" | "t"),
            cpu: Duration::from_millis(ticks * 1000 / ticks_per_second()),
            resident: field(24)?.parse::<u64>().ok()? * page_size(),
            threads: field(20)?.parse().ok()?,
            image: field(28)?.parse().unwrap_or(0),
        })
    }
}

/// How many files `pid` has open, standard streams included; `None` if there is no such process, or it may not be seen.
///
/// Since Linux 6.2 the directory says so itself (`proc_pid_fd(5)`); before, its entries are counted.
pub fn open_files(pid: Pid) -> Option<u64> {
    let listing = format!("/proc/{pid}/fd");
    match fs::metadata(&listing).ok()?.len() {
        0 => fs::read_dir(&listing).ok().map(|entries| entries.count() as u64),
        count => Some(count),
    }
}

/// The paths of the files that `pid` has open, as far as that may be seen.
pub fn open_paths(pid: Pid) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    entries.filter_map(|entry| fs::read_link(entry.path()).ok()).filter(|path| path.is_absolute()).collect()
}

/// The memory of `pid` in bytes, swapped pages included, where pages that several processes share are divided among
/// them: `Pss` and `SwapPss` of `/proc/PID/smaps_rollup` (`proc_pid_smaps(5)`). The kernel walks all of its pages for
/// it. Nothing for a process that has ended.
///
/// # Errors
/// When it may not be seen, or the kernel does not count it.
pub fn proportional(pid: Pid) -> io::Result<u64> {
    crate::failpoint::fail_io("smaps-rollup")?;
    let text = match fs::read(format!("/proc/{pid}/smaps_rollup")) {
        // One that has ended has no pages, and after that no file.
        Err(error) if error.raw_os_error() == Some(Errno::ESRCH as i32) => return Ok(0),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !Path::new(&format!("/proc/{pid}")).exists() => {
            return Ok(0);
        }
        other => other?,
    };
    parse_rollup(&String::from_utf8_lossy(&text)).ok_or_else(|| io::Error::other("there is no PSS in it"))
}

fn parse_rollup(text: &str) -> Option<u64> {
    Some((kibibytes(text, "Pss:")? + kibibytes(text, "SwapPss:").unwrap_or(0)) << 10)
}

fn kibibytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Every process that `/proc` shows, in order of their numbers. Read little by little: what is started meanwhile, and so
/// mostly has a higher number, comes too.
pub fn all() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).map(Pid::from_raw)
}

/// The user whose process `pid` is: the real one (`credentials(7)`), which a program of another user does not change; `None` if
/// there is no such process.
pub fn user(pid: Pid) -> Option<u32> {
    users(pid).first().copied()
}

/// The users that `pid` acts as: the real, effective, saved and file system one (`Uid` of `proc_pid_status(5)`); none if
/// there is no such process. Told of processes, too, that do not let themselves be looked at.
pub fn users(pid: Pid) -> Vec<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap_or_default();
    numbers.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// The value of the environment variable `name` that `pid` was started with.
///
/// Only what `execve(2)` was given: later changes are not seen, and a process may have overwritten it.
pub fn variable(pid: Pid, name: &str) -> Option<Vec<u8>> {
    let block = fs::read(format!("/proc/{pid}/environ")).ok()?;
    block
        .split(|&byte| byte == 0)
        .find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
        .map(<[u8]>::to_vec)
}

/// The environment that `pid` was started with, as far as it is text; none where it is hidden.
pub fn variables(pid: Pid) -> Vec<(String, String)> {
    let block = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    process_info::variables(block.split(|&byte| byte == 0))
}

/// What the program of `pid` is called: its short name (`proc_pid_comm(5)`), at most 15 bytes.
pub fn name(pid: Pid) -> String {
    let mut buffer = [0; 64];
    let text = read_small(&format!("/proc/{pid}/comm"), &mut buffer).unwrap_or_default();
    String::from_utf8_lossy(text).trim_end().to_owned()
}

/// The arguments of `pid`, separated by NUL as in `proc_pid_cmdline(5)`.
pub fn arguments(pid: Pid) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// Whether `child` is a copy of `parent` that has not executed a program of its own: a subshell.
pub fn is_plain_fork(child: &Process, parent: &Process) -> bool {
    child.parent == parent.pid && child.image != 0 && child.image == parent.image
}

/// The path of the terminal with device number `terminal`, as far as its name follows from the number
/// (`/dev/pts/N`, `/dev/ttyN`, `/dev/ttySN`; Linux `Documentation/admin-guide/devices.txt`).
pub fn terminal_path(terminal: u64) -> Option<PathBuf> {
    // `stat` packs the numbers as the kernel's `new_encode_dev` does.
    let major = (terminal >> 8) & 0xfff;
    let minor = (terminal & 0xff) | ((terminal >> 12) & 0xf_ff00);
    match major {
        4 if minor < 64 => Some(format!("/dev/tty{minor}").into()),
        4 => Some(format!("/dev/ttyS{}", minor - 64).into()),
        136..=143 => Some(format!("/dev/pts/{}", minor + (major - 136) * (1 << 20)).into()),
        _ => None,
    }
}

/// How long after boot a process with this `start` began.
pub fn since_boot(start: u64) -> Duration {
    Duration::from_millis(start * 1000 / ticks_per_second())
}

fn ticks_per_second() -> u64 {
    static TICKS: OnceLock<u64> = OnceLock::new();
    *TICKS.get_or_init(|| configuration(SysconfVar::CLK_TCK, 100))
}

fn page_size() -> u64 {
    static SIZE: OnceLock<u64> = OnceLock::new();
    *SIZE.get_or_init(|| configuration(SysconfVar::PAGE_SIZE, 4096))
}

fn configuration(name: SysconfVar, default: u64) -> u64 {
    sysconf(name).ok().flatten().and_then(|value| value.try_into().ok()).unwrap_or(default)
}

/// Reads a file of `/proc` that fits into `buffer`, with one `read(2)` so that it is of one moment.
pub(super) fn read_small<'a>(path: &str, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    debug_assert!(CString::new(path).is_ok());
    let length = File::open(path)?.read(buffer)?;
    Ok(&buffer[..length])
}

/// Whether it has something to compute now: whether one of its threads runs, or would if there were a processor for it.
pub fn runs(pid: Pid) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let stat = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("stat")).ok();
    threads.filter_map(stat).any(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('R')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let stat = b"42 (a) (b c)) S 7 8 9 34816 42 4194304 1 0 0 0 250 50 0 0 20 0 1 0 777 1000 3 0 0 0 12345 0 0";
        let fields = Fields::of(stat).expect("a name");
        let process = fields.process(Pid::from_raw(42)).expect("a whole line");
        assert_eq!(process.parent.as_raw(), 7);
        assert_eq!(process.terminal, 34816);
        assert_eq!(process.start, 777);
        assert_eq!(process.cpu, Duration::from_secs(3));
        assert_eq!(process.image, 12345);
        assert_eq!(process.threads, 1);
    }

    #[test]
    fn what_is_shared_is_divided_and_what_is_swapped_counts() {
        let text = "55d0-7ffe ---p 0 00:00 0 [rollup]\nRss: 3000 kB\nPss:                1024 kB\nPss_Dirty: 8 kB\nSwapPss: 1024 kB\n";
        assert_eq!(parse_rollup(text), Some(2 << 20));
        assert_eq!(parse_rollup("Pss: 1 kB\n"), Some(1024), "a kernel without swap");
        assert_eq!(parse_rollup("Rss: 3000 kB\n"), None);
        assert!(proportional(Pid::this()).is_ok_and(|bytes| bytes > 0));
        assert_eq!(proportional(Pid::from_raw(i32::MAX)).ok(), Some(0));
    }

    #[test]
    fn open_files_are_counted_as_they_come_and_go() {
        // Another process: other tests of this one open files at the same time.
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("cat");
        let pid = Pid::from_raw(child.id().cast_signed());
        let listed = || fs::read_dir(format!("/proc/{pid}/fd")).expect("listed").count() as u64;
        // Between its start and its first read a program opens and closes libraries.
        while read(pid).is_some_and(|it| it.resident == 0) || open_files(pid) != Some(listed()) {
            std::hint::spin_loop();
        }
        assert!(open_files(pid).is_some_and(|count| count >= 3));
        drop(child.stdin.take());
        child.wait().expect("collected");
        assert_eq!(open_files(pid), None);
    }

    #[test]
    fn terminals_are_named_after_their_device_number() {
        assert_eq!(terminal_path(34816), Some("/dev/pts/0".into()));
        assert_eq!(terminal_path(34819), Some("/dev/pts/3".into()));
        assert_eq!(terminal_path(1025), Some("/dev/tty1".into()));
        assert_eq!(terminal_path(0), None);
    }
}
