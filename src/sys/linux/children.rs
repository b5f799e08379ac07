//! The children of a process (`proc_pid_task(5)`, `CONFIG_PROC_CHILDREN`).

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::Pid;

use super::process;

/// The processes whose parent is `parent`, ended but uncollected ones included.
///
/// Reads `children` of every thread; where the kernel has no such file (`CONFIG_PROC_CHILDREN`), all of `/proc`.
pub fn of(parent: Pid) -> Vec<Pid> {
    match of_threads(parent) {
        Ok(children) => children,
        Err(_) => process::all().filter(|&pid| process::read(pid).is_some_and(|it| it.parent == parent)).collect(),
    }
}

/// The same for a process whose other threads, if it has any, fork nothing. Orphans that it adopts belong to its first
/// thread as long as that lives (`find_new_reaper` in Linux' `kernel/exit.c`).
pub fn of_first_thread(parent: Pid) -> Vec<Pid> {
    of_thread(&first_thread(parent)).unwrap_or_else(|_| of(parent))
}

/// It has the number of its process.
fn first_thread(process: Pid) -> PathBuf {
    format!("/proc/{process}/task/{process}").into()
}

/// The children of this process, whose first thread alone forks. The others are not looked at: what the kernel keeps of a
/// look at a thread it takes away when the thread ends, and who collects this process meanwhile spins until that is done.
pub fn ours() -> Vec<Pid> {
    of_first_thread(Pid::this())
}

fn of_threads(parent: Pid) -> io::Result<Vec<Pid>> {
    let threads = PathBuf::from(format!("/proc/{parent}/task"));
    // Two links and one for each thread.
    if fs::metadata(&threads)?.nlink() == 3 {
        return of_thread(&first_thread(parent));
    }
    let mut children = Vec::new();
    for thread in fs::read_dir(threads)?.flatten() {
        children.extend(of_thread(&thread.path())?);
    }
    Ok(children)
}

fn of_thread(thread: &Path) -> io::Result<Vec<Pid>> {
    crate::failpoint::fail_io("children-file")?;
    let file = match File::open(thread.join("children")) {
        // A thread that ended meanwhile: its children have moved to another thread of the same process.
        Err(_) if !thread.exists() => return Ok(Vec::new()),
        other => other?,
    };
    // Not `read_to_string` on the file itself, which first asks for a size that `/proc` does not know.
    let mut text = Vec::with_capacity(512);
    file.take(u64::MAX).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).collect())
}

/// Whether the kernel lists the children of a process (`CONFIG_PROC_CHILDREN`).
pub fn are_listed() -> bool {
    of_thread(&first_thread(Pid::this())).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_children_and_the_scan_of_all_processes_agree() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().expect("cat");
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
        assert!(of(Pid::this()).contains(&pid));
        assert!(process::all().any(|it| it == pid && process::read(it).is_some_and(|it| it.parent == Pid::this())));
        drop(child.stdin.take());
        child.wait().expect("cat ends at end of input");
    }
}
