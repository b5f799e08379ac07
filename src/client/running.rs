//! Clients that run and write their files themselves.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::file::ClientFile;
use super::place::{Base, Writer};
use crate::context;
use crate::sys::{Pid, process};

/// A process of this user's that has this file for its own, if its client writes it as long as it runs.
pub fn writer(file: &ClientFile) -> Option<Pid> {
    let program = file.client.program.filter(|_| file.spec.writer == Writer::RunningClient)?;
    process::all().find(|&pid| {
        process::user(pid) == Some(context::user())
            && is_program(pid, program)
            && process::read(pid).is_some_and(|it| !it.zombie)
            && may_have(pid, file)
    })
}

/// Whether a process is that of a program, by its name or as a script: `node /usr/bin/claude`.
fn is_program(pid: Pid, program: &str) -> bool {
    let arguments = process::arguments(pid);
    let mut words = arguments.split(|&byte| byte == 0).take(2).map(|word| Path::new(OsStr::from_bytes(word)));
    process::name(pid) == program || words.any(|word| word.file_name().is_some_and(|name| name == program))
}

/// Whether its variables lead to the file; if they cannot be read, it may be.
fn may_have(pid: Pid, file: &ClientFile) -> bool {
    let variable = |name: &str| process::variable(pid, name).map(|value| PathBuf::from(OsStr::from_bytes(&value)));
    let Some(home) = variable("HOME") else { return true };
    let directory = match file.spec.base {
        Base::Named(name, below) => variable(name).unwrap_or_else(|| home.join(below)),
        _ => home,
    };
    directory.join(file.spec.path).canonicalize().is_ok_and(|path| path == file.target)
}
