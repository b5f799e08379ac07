//! Which boot of the kernel this is, and which pid namespace.

use std::fs;

use nix::unistd::{Pid, getpid};

use super::process;

/// The kernel's random id of this boot; `None` if it cannot be read. Containers of one machine share it.
pub fn boot_id() -> Option<String> {
    let mut buffer = [0; 64];
    let text = process::read_small("/proc/sys/kernel/random/boot_id", &mut buffer).ok()?;
    Some(String::from_utf8_lossy(text).trim_end().to_owned()).filter(|id| !id.is_empty())
}

/// The pid namespace, and the start of its first process, since the kernel uses the numbers of namespaces again:
/// `LINK@START`, 0 for a start that may not be seen, and for the machine's first namespace, whose number no other is given.
/// `None` if `/proc` is not there, or is that of another namespace.
pub fn namespace() -> Option<String> {
    let mine = fs::read_link("/proc/self").ok()?;
    if mine.to_str()? != getpid().to_string() {
        return None;
    }
    let link = fs::read_link("/proc/self/ns/pid").ok()?;
    let is_first = link.as_os_str() == FIRST;
    let first = if is_first { None } else { process::read(Pid::from_raw(1)) };
    Some(format!("{}@{}", link.display(), first.map_or(0, |first| first.start)))
}

/// Whether it is certain that the pid namespace with this link and start has ended: no process is in it, or only those of
/// another one that was given its number. Only who is in the first namespace sees those of all others
/// (`pid_namespaces(7)`).
pub fn is_deserted(link: &str, start: &str) -> bool {
    if fs::read_link("/proc/self/ns/pid").ok().is_none_or(|mine| mine.as_os_str() != FIRST) || !process::are_visible() {
        return false;
    }
    let there: Vec<Pid> = process::all().filter(|&pid| may_be_in(link, pid)).collect();
    there.is_empty() || start != "0" && there.into_iter().any(|pid| begins_another(pid, start))
}

fn may_be_in(link: &str, pid: Pid) -> bool {
    match fs::read_link(format!("/proc/{pid}/ns/pid")) {
        Ok(there) => there.as_os_str() == link,
        Err(_) => !is_in_first(pid),
    }
}

/// Whether a process is the first of its namespace (`NSpid` of proc(5)), and of another one than began at `start`.
fn begins_another(pid: Pid, start: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let number = status.lines().find_map(|line| line.strip_prefix("NSpid:")?.split_ascii_whitespace().last());
    number == Some("1") && process::read(pid).is_some_and(|first| first.start.to_string() != start)
}

/// Whether a process has one number only (`NSpid` of proc(5)), or has ended. Anybody may read that.
fn is_in_first(pid: Pid) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/status")) {
        Ok(status) => status.lines().any(|line| {
            line.starts_with("State:\tZ") || line.starts_with("NSpid:") && line.split_ascii_whitespace().count() == 2
        }),
        Err(_) => process::look(pid).is_ok_and(|process| process.is_none()),
    }
}

/// The namespace of a machine's first process has always the same number (`PROC_PID_INIT_INO` of Linux' `proc_ns.h`).
const FIRST: &str = "pid:[4026531836]";
