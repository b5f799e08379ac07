//! Places that were ours and are somebody else's now, or partly: nothing is written there, and servers stay supervised.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;

use crate::support::WindowSession;
use crate::support::{Sandbox, skip, wait};

/// Another user than root.
const OTHER: u32 = 65_534;

fn is_root(test: &str) -> bool {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root {
        skip(test, "needs root to be another user too");
    }
    is_root
}

/// A directory in which everybody may make others, as /tmp is.
fn share(directory: &Path) {
    fs::set_permissions(directory, Permissions::from_mode(0o1777)).unwrap();
}

/// Does what a script says as another user.
#[track_caller]
fn as_other(sandbox: &Sandbox, script: &str) {
    let mut command = sandbox.command("sh");
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/").uid(OTHER).gid(OTHER).args(["-ec", script]);
    sandbox.run(&mut command).ok();
}

/// What a server prints that says whatever is written to the pipe `say`.
fn parrot(sandbox: &Sandbox) -> String {
    nix::unistd::mkfifo(&sandbox.path("say"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    format!("sh -c 'while :; do cat {}; done'", sandbox.path("say").display())
}

fn contents(directory: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn root_that_another_user_made_again_with_links_inside_is_not_written_to() {
    if !is_root("root_that_another_user_made_again") {
        return;
    }
    let sandbox = Sandbox::new();
    share(sandbox.root());
    let own = sandbox.path("home/own");
    for name in ["web.log", "web.json", "web.pid", "main.log", "error.log"] {
        sandbox.write(own.join(name), "mine\n");
    }
    let before = contents(&own);
    let line = parrot(&sandbox);
    let mut session = WindowSession::open(&sandbox);
    session.hook(&format!("start web -- {line}")).ok();
    fs::write(sandbox.path("say"), "one\n").unwrap();
    wait::until("the line is in the log", || session.log().contains("one").then_some(()));
    let id = session.id.clone();

    fs::remove_dir_all(sandbox.runtime()).unwrap();
    let (run, links) = (sandbox.runtime(), own.display());
    let make = format!(
        "umask 0; cd {}; mkdir run run/pids run/configs run/ports run/logs
         ln -s {links} run/pids/{id}; ln -s {links} run/logs/{id}; ln -s {links}/main.log {links}/error.log run/logs/",
        sandbox.root().display()
    );
    as_other(&sandbox, &make);
    fs::write(sandbox.path("say"), "two\n").unwrap();
    let server = sandbox.survivors();
    assert!(!server.is_empty(), "supervision goes on");
    session.end();
    assert_eq!(contents(&own), before, "something was written through the links");
    let count = |directory: &str| fs::read_dir(run.join(directory)).unwrap().count();
    assert_eq!(["pids", "logs", "configs", "ports"].map(count), [1, 3, 0, 0], "something was made");
    as_other(&sandbox, &format!("rm -r {}", run.display()));
}

#[test]
fn root_that_vanished_is_made_again_by_the_same_checks_for_whoever_owns_it() {
    let sandbox = Sandbox::new();
    let line = parrot(&sandbox);
    let mut session = WindowSession::open(&sandbox);
    session.hook(&format!("start web -- {line}")).ok();
    fs::remove_dir_all(sandbox.runtime()).unwrap();
    session.hook("status web").ok();
    fs::write(sandbox.path("say"), "again\n").unwrap();
    wait::until("the line is in the new log", || session.log().contains("again").then_some(()));
    session.hook("stop web").ok();
    session.end();
}

/// What `mcp-hook open` says with `MCP_HOOK_DIR` at this path, which it must not use.
#[track_caller]
fn refusal(sandbox: &Sandbox, path: &str) -> String {
    let mut command = sandbox.command("mcp-hook");
    let output = sandbox.run(command.arg("open").env("MCP_HOOK_DIR", sandbox.path(path))).expect_code(1);
    output.stderr.replace(sandbox.root().to_str().unwrap(), "ROOT")
}

#[test]
fn case_42_link_of_another_user_on_the_way_is_refused_and_an_own_one_is_not() {
    if !is_root("case_42_link_of_another_user_on_the_way") {
        return;
    }
    let sandbox = Sandbox::new();
    share(sandbox.write("shared/x", "").parent().unwrap());
    fs::create_dir(sandbox.path("real")).unwrap();
    for name in ["mine", "theirs"] {
        symlink(sandbox.path("real"), sandbox.path("shared").join(name)).unwrap();
    }
    lchown(sandbox.path("shared/theirs"), Some(OTHER), Some(OTHER)).unwrap();
    insta::assert_snapshot!(refusal(&sandbox, "shared/theirs/run"), @"
    mcp-hook: could not use ROOT/shared/theirs/run: another user owns the link ROOT/shared/theirs
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    let mut command = sandbox.command("mcp-hook");
    let opened = sandbox.run(command.arg("open").env("MCP_HOOK_DIR", sandbox.path("shared/mine/run"))).ok();
    assert!(opened.stdout.contains("shared/mine/run/pids/"), "{opened}");
    assert!(sandbox.path("real/run/pids").is_dir());
}

#[test]
fn case_42_directory_far_above_that_is_another_users_is_refused() {
    if !is_root("case_42_directory_far_above") {
        return;
    }
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("theirs/mine")).unwrap();
    lchown(sandbox.path("theirs"), Some(OTHER), Some(OTHER)).unwrap();
    insta::assert_snapshot!(refusal(&sandbox, "theirs/mine/run"), @"
    mcp-hook: could not use ROOT/theirs/mine/run: another user owns ROOT/theirs
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    assert_eq!(fs::read_dir(sandbox.path("theirs/mine")).unwrap().count(), 0);
}

#[test]
fn case_42_parent_in_which_a_group_may_rename_is_refused_unless_nobody_else_is_in_the_group() {
    if !is_root("case_42_parent_in_which_a_group_may_rename") {
        return;
    }
    let sandbox = Sandbox::new();
    for (name, group) in [("theirs", OTHER), ("mine", 0)] {
        fs::create_dir(sandbox.path(name)).unwrap();
        lchown(sandbox.path(name), None, Some(group)).unwrap();
        fs::set_permissions(sandbox.path(name), Permissions::from_mode(0o775)).unwrap();
    }
    insta::assert_snapshot!(refusal(&sandbox, "theirs/run"), @"
    mcp-hook: could not use ROOT/theirs/run: the group 65534 may rename in ROOT/theirs
    hint: set MCP_HOOK_DIR to a directory of your own
    ");
    let mut command = sandbox.command("mcp-hook");
    sandbox.run(command.arg("open").env("MCP_HOOK_DIR", sandbox.path("mine/run"))).ok();
}
