//! The user's file says what is run without being asked for: it counts only where nobody else could have written it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use super::hook_in;
use crate::support::defined_session::{user_file, write_user};
use crate::support::{Sandbox, skip};

/// Another user than root, and a group that many are in.
const OTHER: u32 = 65_534;

const FILE: &str = r#"{"mcpServers": {"web": {"command": "cat", "hook": {"autostart": true}}}}"#;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Nothing is started from the file, and each command says why.
#[track_caller]
fn assert_refused(sandbox: &Sandbox, why: &str) {
    for words in ["run web", "list"] {
        let said = hook_in(sandbox, "home", words).to_string();
        assert!(said.contains(why), "{words}\n{said}");
    }
    let id = hook_in(sandbox, "home", "open").ok().stdout;
    assert!(id.contains("MCP_SESSION_ID"), "the shell has its session all the same");
    let started = hook_in(sandbox, "home", "status --all --json").json();
    assert!(!started.to_string().contains("\"web\""), "{started}");
}

#[test]
fn what_others_may_write_or_replace_is_not_run() {
    let sandbox = Sandbox::new();
    let file = write_user(&sandbox, FILE);
    mode(&file, 0o666);
    assert_refused(&sandbox, "others may write to it (mode 0666)");
    mode(&file, 0o644);
    let directory = file.parent().unwrap();
    mode(directory, 0o777);
    assert_refused(&sandbox, "anybody may rename in ");
    mode(directory, 0o755);
    assert!(hook_in(&sandbox, "home", "list").ok().stdout.contains("cat"));
}

#[test]
fn what_a_group_may_write_is_not_run() {
    if !nix::unistd::geteuid().is_root() {
        return skip("what_a_group_may_write", "needs root to give a file to a group");
    }
    let sandbox = Sandbox::new();
    let file = write_user(&sandbox, FILE);
    chown(&file, None, Some(OTHER)).unwrap();
    mode(&file, 0o664);
    assert_refused(&sandbox, "others may write to it (mode 0664)");
}

#[test]
fn a_link_of_another_user_does_not_say_which_file_of_mine_is_run() {
    if !nix::unistd::geteuid().is_root() {
        return skip("a_link_of_another_user", "needs root to make a directory of another user");
    }
    let sandbox = Sandbox::new();
    // What was only cloned is mine, too.
    let cloned = sandbox.write("home/cloned/servers.json", FILE);
    let theirs = sandbox.path("theirs");
    fs::create_dir_all(theirs.join("mcp-hook")).unwrap();
    symlink(&cloned, theirs.join("mcp-hook/servers.json")).unwrap();
    for directory in [theirs.clone(), theirs.join("mcp-hook")] {
        chown(directory, Some(OTHER), Some(OTHER)).unwrap();
    }
    sandbox.env("XDG_CONFIG_HOME", &theirs);
    assert_refused(&sandbox, "another user owns ");
}

#[test]
fn links_of_mine_into_a_collection_are_followed() {
    let sandbox = Sandbox::new();
    let kept = sandbox.write("home/dotfiles/mcp/servers.json", FILE);
    let file = user_file(&sandbox);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    symlink("../../dotfiles/mcp/servers.json", &file).unwrap();
    assert!(hook_in(&sandbox, "home", "list").ok().stdout.contains("cat"));
    // The last of several, too.
    mode(kept.parent().unwrap(), 0o777);
    assert!(hook_in(&sandbox, "home", "list").to_string().contains("anybody may rename in "));
}
