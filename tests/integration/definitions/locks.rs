//! Who can keep the user's file from being changed, and whose directories it is made in.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::hook_in;
use crate::support::defined_session::{user_file, write_user};
use crate::support::{Sandbox, skip, wait};

/// Another user than root.
const OTHER: u32 = 65_534;

/// Locks a file, says so by making another one, and waits.
const HOLD: &str = "import fcntl, sys, time
held = open(sys.argv[1])
fcntl.flock(held, fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()";

/// Somebody who holds the lock on a file until this is dropped.
struct Holder(Child);

impl Holder {
    fn of(command: &mut Command, file: &std::path::Path) -> Self {
        let command = command.args(["-c", HOLD]).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = command.spawn().unwrap();
        assert!(wait::one_readable(child.stdout.as_ref().unwrap(), wait::Deadline::usual()));
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

#[test]
fn another_user_who_may_read_the_file_cannot_keep_it_from_being_changed() {
    if !nix::unistd::geteuid().is_root() {
        return skip("another_user_who_may_read_the_file", "needs root to be another user too");
    }
    let sandbox = Sandbox::new();
    let file = write_user(&sandbox, "{}\n");
    for directory in file.ancestors().skip(1).take_while(|above| above.starts_with(sandbox.root())) {
        fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let mut command = sandbox.command("python3");
    let _holder = Holder::of(command.env_clear().current_dir("/").uid(OTHER).gid(OTHER), &file);
    hook_in(&sandbox, "home", "add web -- npx").ok();
    assert!(fs::read_to_string(&file).unwrap().contains("npx"));
    let lock = file.with_file_name(".servers.json.lock");
    assert_eq!(fs::metadata(lock).unwrap().permissions().mode() & 0o777, 0o600);
    hook_in(&sandbox, "home", "remove web").ok();
}

#[test]
fn whoever_does_not_let_go_of_the_lock_is_named() {
    let sandbox = Sandbox::new();
    hook_in(&sandbox, "home", "add web -- npx").ok();
    let lock = user_file(&sandbox).with_file_name(".servers.json.lock");
    let holder = Holder::of(&mut sandbox.command("python3"), &lock);
    for words in ["add other -- npx", "remove web"] {
        let said = hook_in(&sandbox, "home", words).expect_code(1).stderr;
        let told = format!("could not lock {}: the process {} (python3", lock.display(), holder.0.id());
        assert!(!cfg!(target_os = "linux") || said.contains(&told), "{said}");
        assert!(said.contains("hint: end it, or try again"), "{said}");
    }
    drop(holder);
    hook_in(&sandbox, "home", "remove web").ok();
}

#[test]
fn root_makes_nothing_in_the_directory_of_another_user() {
    if !nix::unistd::geteuid().is_root() {
        return skip("root_makes_nothing_in_the_directory_of_another_user", "needs root");
    }
    let sandbox = Sandbox::new();
    let theirs = sandbox.path("theirs");
    fs::create_dir(&theirs).unwrap();
    chown(&theirs, Some(OTHER), Some(OTHER)).unwrap();
    sandbox.env("XDG_CONFIG_HOME", &theirs);
    let said = hook_in(&sandbox, "home", "add web -- npx").expect_code(1).stderr;
    let said = said.replace(sandbox.root().to_str().unwrap(), "ROOT");
    insta::assert_snapshot!(said, @r"
    mcp-hook: could not use ROOT/theirs/mcp-hook: another user owns ROOT/theirs
    hint: set HOME or XDG_CONFIG_HOME to a directory of your own
    ");
    assert_eq!(fs::read_dir(&theirs).unwrap().count(), 0);
    // Not in one that is there either.
    fs::create_dir(theirs.join("mcp-hook")).unwrap();
    chown(theirs.join("mcp-hook"), Some(OTHER), Some(OTHER)).unwrap();
    hook_in(&sandbox, "home", "add web -- npx").expect_code(1);
    assert_eq!(fs::read_dir(theirs.join("mcp-hook")).unwrap().count(), 0);
}
