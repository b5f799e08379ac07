//! How a client's file is written: whole, where its links lead, with its mode and owner, and not over somebody else's change.

#[cfg(target_os = "linux")]
use std::ffi::{CStr, CString};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

#[cfg(target_os = "linux")]
use nix::{errno::Errno, libc};

use super::{DIRECT, WRAPPED, cursor, hook, said};
use crate::support::{Sandbox, skip};

const COPY: &str = "home/.cursor/mcp.json.bak-mcp-hook";

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn names(directory: impl AsRef<Path>) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

#[test]
fn the_first_copy_is_private_and_stays() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    hook(&sandbox, "wrap --yes").ok();
    assert_eq!(read(&file), WRAPPED);
    assert_eq!((read(sandbox.path(COPY)), mode(sandbox.path(COPY))), (DIRECT.to_owned(), 0o600));
    hook(&sandbox, "unwrap --yes").ok();
    assert_eq!((read(&file), read(sandbox.path(COPY))), (DIRECT.to_owned(), DIRECT.to_owned()));
    fs::write(&file, DIRECT.replace("npx", "uvx")).unwrap();
    hook(&sandbox, "wrap --yes").ok();
    assert_eq!(read(sandbox.path(COPY)), DIRECT, "the first copy stays");
    assert_eq!(names(sandbox.path("home/.cursor")), ["mcp.json", "mcp.json.bak-mcp-hook"], "nothing else is left");
}

#[test]
fn mode_and_owner_are_kept() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    for wanted in [0o600, 0o640, 0o664, 0o604] {
        fs::write(&file, DIRECT).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(wanted)).unwrap();
        hook(&sandbox, "wrap --yes").ok();
        assert_eq!((read(&file), mode(&file)), (WRAPPED.to_owned(), wanted));
    }
    if !nix::unistd::geteuid().is_root() {
        return skip("a file of another group", "needs root to make one");
    }
    fs::write(&file, DIRECT).unwrap();
    chown(&file, None, Some(65_534)).unwrap();
    hook(&sandbox, "wrap --yes").ok();
    assert_eq!((read(&file), fs::metadata(&file).unwrap().gid()), (WRAPPED.to_owned(), 65_534));
}

#[test]
fn links_stay_and_lead_to_what_was_written() {
    let sandbox = Sandbox::new();
    let real = sandbox.write("home/dotfiles/cursor/mcp.json", DIRECT);
    fs::create_dir(sandbox.path("home/.cursor")).unwrap();
    symlink("../dotfiles/cursor/second", sandbox.path("home/.cursor/mcp.json")).unwrap();
    symlink("mcp.json", sandbox.path("home/dotfiles/cursor/second")).unwrap();
    hook(&sandbox, "wrap --yes").ok();
    assert!(sandbox.path("home/.cursor/mcp.json").is_symlink());
    assert!(sandbox.path("home/dotfiles/cursor/second").is_symlink());
    assert_eq!(read(&real), WRAPPED);
    assert_eq!(names(sandbox.path("home/dotfiles/cursor")), ["mcp.json", "mcp.json.bak-mcp-hook", "second"]);
    assert_eq!(names(sandbox.path("home/.cursor")), ["mcp.json"]);
    hook(&sandbox, "unwrap --yes").ok();
    assert_eq!(read(&real), DIRECT);
}

#[test]
fn a_link_that_leads_nowhere_is_left_alone() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("home/.cursor")).unwrap();
    symlink("/nowhere/mcp.json", sandbox.path("home/.cursor/mcp.json")).unwrap();
    insta::assert_snapshot!(said(&sandbox, &hook(&sandbox, "wrap --yes")));
}

#[test]
fn another_name_of_the_file_has_what_was_written() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    let other = sandbox.path("home/mcp.json");
    fs::hard_link(&file, &other).unwrap();
    hook(&sandbox, "wrap --yes").ok();
    assert_eq!((read(&file), read(&other)), (WRAPPED.to_owned(), WRAPPED.to_owned()));
    hook(&sandbox, "unwrap --yes").ok();
    assert_eq!((read(&file), read(&other)), (DIRECT.to_owned(), DIRECT.to_owned()), "also when it becomes shorter");
}

/// Options of setpriv that leave root no more rights than others have.
const DROP: [&str; 2] = ["--inh-caps=-all", "--bounding-set=-all"];

/// mcp-hook, obeying modes as every user but root does.
fn hook_without_privileges(sandbox: &Sandbox, test: &str, arguments: &str) -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        return Some(said(sandbox, &hook(sandbox, arguments)));
    }
    let able = sandbox.command("setpriv").args(DROP).arg("true").output();
    if !able.is_ok_and(|output| output.status.success()) {
        skip(test, "needs setpriv");
        return None;
    }
    let mut command = sandbox.command("setpriv");
    command.args(DROP).arg(env!("CARGO_BIN_EXE_mcp-hook")).args(arguments.split(' '));
    Some(said(sandbox, &sandbox.run(&mut command)))
}

#[test]
fn in_a_directory_that_may_not_be_written_the_file_is_written_in_place() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    let directory = file.parent().unwrap();
    fs::set_permissions(directory, Permissions::from_mode(0o555)).unwrap();
    let before = fs::metadata(&file).unwrap().ino();
    let test = "in_a_directory_that_may_not_be_written_the_file_is_written_in_place";
    let Some(said) = hook_without_privileges(&sandbox, test, "wrap --yes") else { return };
    insta::assert_snapshot!(said);
    assert_eq!((read(&file), fs::metadata(&file).unwrap().ino()), (WRAPPED.to_owned(), before));
    assert_eq!(names(directory), ["mcp.json"]);
    hook_without_privileges(&sandbox, test, "unwrap --yes").unwrap();
    assert_eq!(read(&file), DIRECT);
    fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_file_that_may_not_be_written_stays() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    let Some(said) = hook_without_privileges(&sandbox, "a_file_that_may_not_be_written_stays", "wrap --yes") else {
        return;
    };
    assert!(
        said.ends_with("mcp-hook: could not write /home/.cursor/mcp.json: Permission denied (os error 13)\n[1]"),
        "{said}"
    );
    assert_eq!(read(&file), DIRECT);
    assert_eq!(names(file.parent().unwrap()), ["mcp.json"]);
}

#[test]
fn a_file_of_another_user_is_left_alone() {
    if !nix::unistd::geteuid().is_root() {
        return skip("a_file_of_another_user_is_left_alone", "needs root to make one");
    }
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    chown(&file, Some(65_534), None).unwrap();
    let said = said(&sandbox, &hook(&sandbox, "wrap --yes"));
    assert!(said.contains("it belongs to user 65534") && said.ends_with("[1]"), "{said}");
    assert_eq!(read(&file), DIRECT);
}

#[test]
fn a_kill_in_the_middle_leaves_the_old_file_or_the_new_one() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    command.args(["wrap", "--yes"]).env("MCP_HOOK_FAILPOINT", "before-rename");
    sandbox.run(&mut command);
    assert_eq!(read(&file), DIRECT);
    hook(&sandbox, "wrap --yes").ok();
    assert_eq!(read(&file), WRAPPED);
    assert_eq!(names(sandbox.path("home/.cursor")), ["mcp.json", "mcp.json.bak-mcp-hook"], "what was left is gone");
}

/// A note of the user's, and an access list (acl(5)): its owner may write, user 65534 may read, nobody else may anything.
#[cfg(target_os = "linux")]
const ATTRIBUTES: [(&CStr, &[u8]); 2] = [
    (c"user.note", b"mine"),
    (
        c"system.posix_acl_access",
        b"\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff\x02\0\x04\0\xfe\xff\0\0\x04\0\0\0\xff\xff\xff\xff\x10\0\x04\0\xff\xff\xff\xff\x20\0\0\0\xff\xff\xff\xff",
    ),
];

#[cfg(target_os = "linux")]
#[test]
fn access_lists_and_other_attributes_are_kept() {
    let sandbox = Sandbox::new();
    for (name, value) in ATTRIBUTES {
        let file = cursor(&sandbox, DIRECT);
        let path = CString::new(file.to_str().unwrap()).unwrap();
        // SAFETY: path and name end with a zero, and the value has as many bytes as is said.
        let set = unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0) };
        if Errno::result(set) == Err(Errno::EOPNOTSUPP) {
            skip("access_lists_and_other_attributes_are_kept", "needs a file system that has them");
            continue;
        }
        Errno::result(set).unwrap();
        let before = mode(&file);
        hook(&sandbox, "wrap --yes").ok();
        let mut found = [0_u8; 64];
        // SAFETY: path and name end with a zero, and as many bytes may be written as is said.
        let length = unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), found.as_mut_ptr().cast(), found.len()) };
        let length = Errno::result(length).unwrap().unsigned_abs();
        assert_eq!((&found[..length], mode(&file), read(&file)), (value, before, WRAPPED.to_owned()), "{name:?}");
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn what_stands_in_the_way_of_the_new_file_is_named_and_left_alone() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    let in_the_way = sandbox.path("home/.cursor/.mcp.json.mcp-hook");
    fs::create_dir(&in_the_way).unwrap();
    let said = said(&sandbox, &hook(&sandbox, "wrap --yes"));
    let expected = "could not write /home/.cursor/mcp.json: /home/.cursor/.mcp.json.mcp-hook is in the way\n[1]";
    assert!(said.ends_with(expected), "{said}");
    assert!(in_the_way.is_dir());
    assert_eq!(read(&file), DIRECT);
}
