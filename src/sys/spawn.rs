//! Starting a server's first process.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::libc;
use nix::sys::signal::SigSet;
use nix::unistd::{Pid, setpgid};

use super::execution::{Execution, Streams};
use super::pty::Foreground;
use super::{execute, orphans, signals};

/// Starts a program as the leader of a process group of its own in our session. It ignores the signals `ignored`; all others
/// have their default effect, and none is blocked. The kernel kills it when this process ends, and hangs up on its group if
/// that is in the foreground.
///
/// # Errors
/// As `fork(2)` and `execve(2)`: `NotFound` and `PermissionDenied` are what a shell reports as 127 and 126.
pub fn start(
    execution: &Execution,
    streams: &Streams,
    foreground: Option<Foreground>,
    ignored: SigSet,
) -> io::Result<Pid> {
    let parent = Pid::this();
    // SAFETY: it makes system calls only; it neither allocates nor locks.
    unsafe { execute::execute(execution, streams, move || lead(parent, foreground, ignored)) }
}

/// The same for a command that gets our variables.
pub fn spawn(command: &mut Command, ignored: SigSet) -> io::Result<Child> {
    let parent = Pid::this();
    // SAFETY: between fork and exec it makes system calls only; it neither allocates nor locks.
    unsafe { command.pre_exec(move || Ok(lead(parent, None, ignored)?)) };
    command.spawn()
}

/// What a child of `parent` does before it executes a program.
fn lead(parent: Pid, foreground: Option<Foreground>, ignored: SigSet) -> nix::Result<()> {
    let this_process = Pid::from_raw(0);
    setpgid(this_process, this_process)?;
    if let Some(foreground) = foreground {
        foreground.take();
    }
    signals::reset_all(ignored);
    orphans::die_with(parent)
}

/// Starts `command` in a process group that is there, in nobody's way: it gets what others leave of the processor. The
/// kernel kills it when this process ends.
///
/// # Errors
/// As `fork(2)`, `setpgid(2)` and `execve(2)`.
pub fn spawn_aside(command: &mut Command, group: Pid) -> io::Result<Child> {
    let parent = Pid::this();
    let prepare = move || {
        setpgid(Pid::from_raw(0), group)?;
        // SAFETY: a system call on the process itself; where it is refused the process is as others are.
        let _ = unsafe { libc::nice(LOWEST_PRIORITY) };
        signals::reset_all(SigSet::empty());
        orphans::die_with(parent)?;
        Ok(())
    };
    // SAFETY: between fork and exec `prepare` makes system calls only; it neither allocates nor locks.
    unsafe { command.pre_exec(prepare) };
    command.spawn()
}

/// `nice(2)`.
const LOWEST_PRIORITY: i32 = 19;

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs::File;
    use std::io::{ErrorKind, Read};
    use std::path::Path;

    use super::*;
    use crate::sys::{fd, wait};

    fn execution(program: &str, arguments: &[&str], directory: &Path) -> Execution {
        Execution {
            program: program.into(),
            arguments: arguments.iter().map(OsString::from).collect(),
            variables: [("PATH".into(), "/nowhere:/bin:/usr/bin".into()), ("A".into(), "b=c".into())].into(),
            directory: directory.to_owned(),
        }
    }

    /// What a program writes to standard output and error.
    fn output(execution: &Execution) -> (String, String) {
        let (input, writer) = fd::pipe().expect("a pipe");
        let (mut output, stdout) = fd::pipe().expect("a pipe");
        let (mut error, stderr) = fd::pipe().expect("a pipe");
        let streams = Streams { input: Some(input), output: Some(stdout), error: Some(stderr) };
        let pid = start(execution, &streams, None, SigSet::empty()).expect("it starts");
        drop((streams, writer));
        let read = |file: &mut File| {
            let mut text = String::new();
            file.read_to_string(&mut text).expect("read");
            text
        };
        let both = (read(&mut output), read(&mut error));
        wait::collect_ended(pid);
        both
    }

    #[test]
    fn a_program_gets_its_name_words_variables_directory_and_streams() {
        let script = "cat; echo \"$0 $1 $A\"; pwd; echo an error >&2";
        let started = execution("sh", &["its name", "-c", script, "zero", "one"], Path::new("/usr"));
        assert_eq!(output(&started), ("zero one b=c\n/usr\n".to_owned(), "an error\n".to_owned()));
        let named = execution("/bin/sh", &["its name", "-c", "echo \"$0\""], Path::new("/"));
        assert_eq!(output(&named), ("its name\n".to_owned(), String::new()));
    }

    #[test]
    fn a_script_that_does_not_say_by_what_is_executed_by_the_shell() {
        let directory = tempfile::tempdir().expect("a directory");
        let script = directory.path().join("script");
        // By another process: one that this one forks meanwhile would keep it open for writing.
        let write = "echo 'echo \"$0 $1\"' >\"$0\" && chmod 755 \"$0\"";
        let status = Command::new("sh").args(["-c", write]).arg(&script).status();
        assert!(status.expect("sh").success());
        let started = execution("./script", &["its name", "word"], directory.path());
        assert_eq!(output(&started), ("./script word\n".to_owned(), String::new()));
    }

    #[test]
    fn why_a_program_cannot_be_executed_is_said() {
        let here = Path::new("/");
        for (program, word, directory, kind) in [
            ("no-such-program", "", here, ErrorKind::NotFound),
            ("/no/such/program", "", here, ErrorKind::NotFound),
            ("", "", here, ErrorKind::NotFound),
            ("/etc/passwd", "", here, ErrorKind::PermissionDenied),
            ("sh", "", Path::new("/no/such/directory"), ErrorKind::NotFound),
            ("sh", "a\0b", here, ErrorKind::InvalidInput),
        ] {
            let execution = execution(program, &["sh", word], directory);
            let error = start(&execution, &Streams::default(), None, SigSet::empty()).expect_err(program);
            assert_eq!(error.kind(), kind, "{program}");
        }
    }
}
