//! Places that are not ours alone: refused with a way out, and nothing is written.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use nix::unistd::{Gid, Uid};

use crate::support::output::redact;
use crate::support::{Sandbox, skip};

/// Another user than root.
const OTHER: u32 = 65_534;

fn directory(sandbox: &Sandbox, name: &str, mode: u32) {
    let path = sandbox.path(name);
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Everything below the root with its kind, owner and mode, but for what the sandbox itself has.
fn inventory(sandbox: &Sandbox) -> Vec<String> {
    fn walk(root: &Path, directory: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let data = path.symlink_metadata().unwrap();
            found.push(format!("{} {:o} {}", path.strip_prefix(root).unwrap().display(), data.mode(), data.uid()));
            if data.is_dir() {
                walk(root, &path, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(sandbox.root(), sandbox.root(), &mut found);
    found.sort();
    found
}

/// What every command says when `MCP_HOOK_DIR` is `value`, once: all say the same, fail, and write nothing.
#[track_caller]
fn refusal(sandbox: &Sandbox, value: impl AsRef<OsStr>) -> String {
    let before = inventory(sandbox);
    let commands: [&[&str]; 7] = [
        &["open"],
        &["start", "web", "--", "sleep", "1000"],
        &["run", "web", "--", "sleep", "1000"],
        &["stop", "web"],
        &["status", "--all"],
        &["logs"],
        &["cleanup"],
    ];
    let mut said: Vec<String> = Vec::new();
    for words in commands {
        let mut command = sandbox.command("mcp-hook");
        let output = sandbox.run(command.args(words).env("MCP_HOOK_DIR", value.as_ref())).expect_code(1);
        assert_eq!(output.stdout, "", "{output}");
        assert_eq!(inventory(sandbox), before, "something was written\n{output}");
        said.push(output.stderr);
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:#?}");
    redact(sandbox, &said[0])
}

fn is_root(test: &str) -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        skip(test, "needs root to make a directory of another user");
    }
    is_root
}

fn give_away(path: &Path) {
    nix::unistd::chown(path, Some(Uid::from_raw(OTHER)), Some(Gid::from_raw(OTHER))).unwrap();
}

#[test]
fn case_42_directory_of_another_user_is_refused() {
    if !is_root("case_42_directory_of_another_user") {
        return;
    }
    let sandbox = Sandbox::new();
    directory(&sandbox, "theirs", 0o700);
    give_away(&sandbox.path("theirs"));
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("theirs")), @"
    mcp-hook: could not use ROOT/theirs: it belongs to user 65534
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("theirs/mine")), @"
    mcp-hook: could not use ROOT/theirs/mine: another user owns ROOT/theirs
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("theirs/deeper/mine")), @"
    mcp-hook: could not use ROOT/theirs/deeper/mine: another user owns ROOT/theirs
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
}

#[test]
fn case_42_symbolic_link_is_refused() {
    let sandbox = Sandbox::new();
    directory(&sandbox, "target", 0o700);
    symlink(sandbox.path("target"), sandbox.path("link")).unwrap();
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("link")), @"
    mcp-hook: could not use ROOT/link: it is a symbolic link
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    symlink(sandbox.path("nowhere"), sandbox.path("dangling")).unwrap();
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("dangling")), @"
    mcp-hook: could not use ROOT/dangling: it is a symbolic link
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
}

#[test]
fn case_42_directory_that_others_may_enter_is_refused() {
    let sandbox = Sandbox::new();
    directory(&sandbox, "open", 0o777);
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("open")), @"
    mcp-hook: could not use ROOT/open: others may enter it (mode 0777)
    hint: chmod 700 ROOT/open
    ");
    directory(&sandbox, "readable", 0o755);
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("readable")), @"
    mcp-hook: could not use ROOT/readable: others may enter it (mode 0755)
    hint: chmod 700 ROOT/readable
    ");
}

#[test]
fn case_42_parent_in_which_anybody_may_rename_is_refused() {
    let sandbox = Sandbox::new();
    directory(&sandbox, "tmp", 0o777);
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("tmp/mine")), @"
    mcp-hook: could not use ROOT/tmp/mine: anybody may rename in ROOT/tmp
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("tmp/deeper/mine")), @"
    mcp-hook: could not use ROOT/tmp/deeper/mine: anybody may rename in ROOT/tmp
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    directory(&sandbox, "tmp/closed", 0o700);
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("tmp/closed/mine")), @"
    mcp-hook: could not use ROOT/tmp/closed/mine: anybody may rename in ROOT/tmp
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    // With the sticky bit, as /tmp has it, only an owner renames.
    directory(&sandbox, "sticky", 0o1777);
    let mut command = sandbox.command("mcp-hook");
    sandbox.run(command.arg("open").env("MCP_HOOK_DIR", sandbox.path("sticky/mine"))).ok();
}

#[test]
fn case_42_path_that_is_no_plain_absolute_one_is_refused() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(refusal(&sandbox, "relative/path"), @"
    mcp-hook: could not use MCP_HOOK_DIR=relative/path: it is not an absolute path
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("new\nline")), @r#"
    mcp-hook: could not use MCP_HOOK_DIR=ROOT/new\nline: it contains a control character
    hint: set MCP_HOOK_DIR to a directory of your own
    "#);
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("escape\x1b[2J")), @r#"
    mcp-hook: could not use MCP_HOOK_DIR=ROOT/escape\u{1b}[2J: it contains a control character
    hint: set MCP_HOOK_DIR to a directory of your own
    "#);
    insta::assert_snapshot!(refusal(&sandbox, OsStr::from_bytes(b"/tmp/\xff\xfe")), @"
    mcp-hook: could not use MCP_HOOK_DIR=/tmp/��: it is not valid UTF-8
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
}

#[test]
fn case_42_file_in_the_place_of_the_directory_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("file")), @"
    mcp-hook: could not use ROOT/file: it is not a directory
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("file/below")), @"
    mcp-hook: could not use ROOT/file/below: Not a directory (os error 20)
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
}

#[test]
fn case_42_hostile_entries_below_a_good_directory_are_refused() {
    let sandbox = Sandbox::new();
    directory(&sandbox, "mine", 0o700);
    directory(&sandbox, "elsewhere", 0o700);
    symlink(sandbox.path("elsewhere"), sandbox.path("mine/logs")).unwrap();
    insta::assert_snapshot!(refusal(&sandbox, sandbox.path("mine")), @"
    mcp-hook: could not use ROOT/mine/logs: it is a symbolic link
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
}

#[test]
fn case_42_runtime_directory_of_another_user_is_not_used() {
    if !is_root("case_42_runtime_directory_of_another_user") {
        return;
    }
    let sandbox = Sandbox::new();
    directory(&sandbox, "theirs", 0o700);
    give_away(&sandbox.path("theirs"));
    is_not_used(&sandbox, "theirs");
}

#[test]
fn case_42_runtime_directory_that_others_may_enter_is_not_used() {
    let sandbox = Sandbox::new();
    directory(&sandbox, "open", 0o755);
    is_not_used(&sandbox, "open");
}

#[test]
fn case_42_runtime_directory_that_is_a_link_is_not_used() {
    let sandbox = Sandbox::new();
    directory(&sandbox, "target", 0o700);
    symlink(sandbox.path("target"), sandbox.path("link")).unwrap();
    is_not_used(&sandbox, "link");
}

/// With `XDG_RUNTIME_DIR` there, the session is made in the user's state directory.
#[track_caller]
fn is_not_used(sandbox: &Sandbox, runtime: &str) {
    sandbox.unset("MCP_HOOK_DIR");
    sandbox.env("XDG_RUNTIME_DIR", sandbox.path(runtime));
    let output = sandbox.hook(["open"]).ok();
    assert!(output.stdout.contains("home/.local/state/mcp-hook"), "{output}");
    assert_eq!(fs::read_dir(sandbox.path(runtime)).unwrap().count(), 0, "{output}");
}

#[test]
fn case_42_good_runtime_directory_is_used() {
    let sandbox = Sandbox::new();
    directory(&sandbox, "xdg", 0o700);
    sandbox.unset("MCP_HOOK_DIR");
    sandbox.env("XDG_RUNTIME_DIR", sandbox.path("xdg"));
    let output = sandbox.hook(["open"]).ok();
    assert!(output.stdout.contains("/xdg/mcp-hook/pids/"), "{output}");
}

#[test]
fn case_42_everything_that_is_made_is_closed_to_others() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("sh");
    sandbox.run(command.args(["-c", "umask 0; eval \"$(mcp-hook open)\"; mcp-hook start web -- true"]));
    let made: Vec<_> = inventory(&sandbox).into_iter().filter(|line| line.starts_with("run")).collect();
    assert!(made.iter().any(|line| line.contains("web.log")), "{made:#?}");
    for line in &made {
        let bits = u32::from_str_radix(line.split(' ').nth(1).unwrap(), 8).unwrap();
        assert_eq!(bits & 0o077, 0, "{line}");
    }
}
