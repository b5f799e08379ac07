//! What `ps` shows of our own background processes.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use super::process::read_small;

/// Replaces the short name, of which 15 bytes are kept (`PR_SET_NAME(2const)`).
pub fn set_short(name: &str) {
    if let Ok(name) = std::ffi::CString::new(name) {
        let _ = nix::sys::prctl::set_name(&name);
    }
}

/// Replaces the command line that `ps` shows. What does not fit into the room that the original command line took is cut
/// off. Best effort: a title is no truth.
pub fn set(title: &str) {
    let _ = overwrite_arguments(title.as_bytes());
}

/// Writes over the memory that `/proc/self/cmdline` shows (`proc_pid_stat(5)`, fields 48 and 49), through
/// `/proc/self/mem`. Nothing may read the process's arguments after that.
fn overwrite_arguments(title: &[u8]) -> Option<()> {
    let mut buffer = [0; 1024];
    let stat = read_small("/proc/self/stat", &mut buffer).ok()?;
    let text = std::str::from_utf8(&stat[stat.iter().rposition(|&byte| byte == b')')? + 2..]).ok()?;
    let mut addresses = text.split_ascii_whitespace().skip(48 - 3).map(str::parse::<u64>);
    let (first, last) = (addresses.next()?.ok()?, addresses.next()?.ok()?);
    let room = usize::try_from(last.checked_sub(first)?).ok()?.checked_sub(1)?;
    let mut bytes = title[..title.len().min(room)].to_vec();
    bytes.resize(room + 1, 0);
    OpenOptions::new().write(true).open("/proc/self/mem").ok()?.write_all_at(&bytes, first).ok()
}
