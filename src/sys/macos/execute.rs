//! Starting a program by a copy of this process.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::unistd::Pid;

use crate::sys::execution::{Execution, Streams};

/// Executes a program in a new child, which does `prepare` right before. Returns once it is executed.
///
/// # Errors
/// As `fork(2)`, `execve(2)`, `chdir(2)` and `prepare`; then there is no child.
///
/// # Safety
/// `prepare` makes system calls only: it neither allocates nor locks nor changes memory.
pub unsafe fn execute(
    execution: &Execution,
    streams: &Streams,
    prepare: impl Fn() -> nix::Result<()> + Send + Sync + 'static,
) -> io::Result<Pid> {
    let mut command = Command::new(&execution.program);
    if let Some((name, arguments)) = execution.arguments.split_first() {
        command.arg0(name).args(arguments);
    }
    command.env_clear().envs(&execution.variables).current_dir(&execution.directory);
    command.stdin(stream(streams.input.as_ref())?);
    command.stdout(stream(streams.output.as_ref())?);
    command.stderr(stream(streams.error.as_ref())?);
    // SAFETY: `prepare` is as the caller promises.
    unsafe { command.pre_exec(move || Ok(prepare()?)) };
    Ok(Pid::from_raw(command.spawn()?.id().cast_signed()))
}

fn stream(file: Option<&File>) -> io::Result<Stdio> {
    file.map_or_else(|| Ok(Stdio::inherit()), |file| file.try_clone().map(Stdio::from))
}
