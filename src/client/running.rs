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

/// Whether a process is that of a program, by its name or as a script: `node /usr/bin/claude`, but not `vim claude`.
fn is_program(pid: Pid, program: &str) -> bool {
    process::name(pid) == program || starts(&process::arguments(pid), program)
}

fn starts(arguments: &[u8], program: &str) -> bool {
    let mut words = arguments.split(|&byte| byte == 0).map(|word| Path::new(OsStr::from_bytes(word)));
    let is_named = |word: &Path, name: &str| word.file_name().is_some_and(|it| it == name);
    let Some(first) = words.next() else { return false };
    let is_interpreter = INTERPRETERS.iter().any(|name| is_named(first, name));
    let script = words.find(|word| !word.as_os_str().as_bytes().starts_with(b"-"));
    is_named(first, program) || (is_interpreter && script.is_some_and(|script| is_named(script, program)))
}

/// What runs clients that are scripts, or stands in front of them as the system puts it there.
const INTERPRETERS: [&str; 8] = ["node", "nodejs", "bun", "deno", "sh", "bash", "zsh", "dash"];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_what_it_was_started_with() {
        for (line, expected) in [
            ("claude", true),
            ("/usr/bin/claude --resume", true),
            ("node /usr/bin/claude", true),
            ("/opt/node --no-warnings /usr/bin/claude mcp list", true),
            ("/bin/sh /home/me/bin/claude", true),
            ("vim claude", false),
            ("node server.js claude", false),
            ("bash -c claude-2", false),
            ("", false),
        ] {
            assert_eq!(starts(line.replace(' ', "\0").as_bytes(), "claude"), expected, "{line}");
        }
    }
}
