//! What a project defines counts once the user has allowed it, and as long as it stays as it was then.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use serde_json::Value;

use super::{hook_in, said, transcript};
use crate::support::defined_session::write_user;
use crate::support::{Sandbox, skip};

pub const PROJECT: &str =
    r#"{"mcpServers": {"web": {"command": "npx", "args": ["-y", "it's"], "hook": {"autostart": true}}}}"#;

/// What `list --json` says of `name` in `directory`: for each file that defines it, from where and whether it may run.
pub fn states(sandbox: &Sandbox, directory: &str, name: &str) -> Vec<String> {
    let report = hook_in(sandbox, directory, "list --json").ok().json();
    let of_file = |file: &Value| {
        let servers = file["servers"].as_array().unwrap().iter().filter(|server| server["name"] == name);
        servers.map(|it| format!("{} {}", file["origin"], it["state"]).replace('"', "")).collect::<Vec<_>>()
    };
    report["files"].as_array().unwrap().iter().flat_map(of_file).collect()
}

fn names(sandbox: &Sandbox, directory: &str) -> Vec<String> {
    let output = hook_in(sandbox, directory, "names definitions").ok();
    output.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn a_project_is_allowed_and_denied_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("p/.mcp.json", PROJECT);
    let text = transcript(&sandbox, "p", &["list", "allow", "allow", "list", "deny", "deny", "list"]);
    insta::assert_snapshot!(text, @r"
    $ list
    /p/.mcp.json (not allowed: look at it, then mcp-hook allow)
      NAME  MAY RUN      AUTOSTART  COMMAND
    ○ web   not allowed  yes        npx -y 'it'\''s'
    [0]
    $ allow
    /p/.mcp.json
    ● web
        command: npx -y 'it'\''s'
        hook.autostart: true
        ! hook.autostart: every new shell below its directory starts it
    allowed /p/.mcp.json
    [0]
    $ allow
    /p/.mcp.json
    ● web
        command: npx -y 'it'\''s'
        hook.autostart: true
        ! hook.autostart: every new shell below its directory starts it
    was allowed already: /p/.mcp.json
    [0]
    $ list
    /p/.mcp.json
      NAME  MAY RUN  AUTOSTART  COMMAND
    ● web   yes      yes        npx -y 'it'\''s'
    [0]
    $ deny
    denied /p/.mcp.json
    [0]
    $ deny
    /p/.mcp.json was not allowed
    [0]
    $ list
    /p/.mcp.json (not allowed: look at it, then mcp-hook allow)
      NAME  MAY RUN      AUTOSTART  COMMAND
    ○ web   not allowed  yes        npx -y 'it'\''s'
    [0]
    ");
}

#[test]
fn what_has_changed_has_to_be_allowed_again() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("p/.mcp.json", PROJECT);
    assert_eq!(states(&sandbox, "p", "web"), ["project not allowed"]);
    hook_in(&sandbox, "p", "allow").ok();
    assert_eq!(states(&sandbox, "p", "web"), ["project yes"]);
    fs::write(&file, PROJECT.replace("npx", "evil")).unwrap();
    assert_eq!(states(&sandbox, "p", "web"), ["project changed"]);
    assert!(names(&sandbox, "p").is_empty());
    fs::write(&file, PROJECT).unwrap();
    assert_eq!(states(&sandbox, "p", "web"), ["project yes"], "the content is what was allowed");
    fs::write(&file, PROJECT.replace("npx", "better")).unwrap();
    hook_in(&sandbox, "p", "allow").ok();
    assert_eq!(states(&sandbox, "p", "web"), ["project yes"]);
    assert_eq!(names(&sandbox, "p"), ["web"]);
}

#[test]
fn the_project_comes_first_once_it_counts() {
    let sandbox = Sandbox::new();
    sandbox.write("p/.mcp.json", PROJECT);
    write_user(&sandbox, r#"{"mcpServers": {"web": {"command": "mine"}, "mine": {"command": "x"}}}"#);
    assert_eq!(states(&sandbox, "p", "web"), ["project not allowed", "user yes"]);
    assert_eq!(names(&sandbox, "p"), ["web", "mine"]);
    hook_in(&sandbox, "p", "allow").ok();
    assert_eq!(states(&sandbox, "p", "web"), ["project yes", "user shadowed"]);
    assert_eq!(states(&sandbox, "p", "mine"), ["user yes"]);
    assert_eq!(states(&sandbox, "home", "web"), ["user yes"], "elsewhere the project does not count");
}

#[test]
fn the_nearest_file_above_is_the_project_s() {
    let sandbox = Sandbox::new();
    sandbox.write("p/.mcp.json", PROJECT);
    sandbox.write("p/inner/.mcp.json", r#"{"mcpServers": {"inner": {"command": "x"}}}"#);
    fs::create_dir_all(sandbox.path("p/inner/deep/er")).unwrap();
    fs::create_dir_all(sandbox.path("p/other/deep")).unwrap();
    hook_in(&sandbox, "p/other/deep", "allow").ok();
    assert_eq!(names(&sandbox, "p"), ["web"]);
    assert_eq!(names(&sandbox, "p/other"), ["web"]);
    assert!(names(&sandbox, "p/inner/deep/er").is_empty(), "the one that is allowed is not the nearest");
    hook_in(&sandbox, "home", "allow ../p/inner/deep").ok();
    assert_eq!(names(&sandbox, "p/inner/deep/er"), ["inner"]);
    hook_in(&sandbox, "home", "deny ../p/inner/.mcp.json").ok();
    assert!(names(&sandbox, "p/inner").is_empty());
    assert_eq!(names(&sandbox, "p"), ["web"], "the other one is still allowed");
}

#[test]
fn another_file_with_the_same_content_is_another_file() {
    let sandbox = Sandbox::new();
    sandbox.write("p/.mcp.json", PROJECT);
    sandbox.write("q/.mcp.json", PROJECT);
    hook_in(&sandbox, "p", "allow").ok();
    assert!(names(&sandbox, "q").is_empty());
    // A way around by a link leads to the same file.
    symlink(sandbox.path("p"), sandbox.path("link")).unwrap();
    assert_eq!(names(&sandbox, "link"), ["web"]);
    // A link to the file in another directory is not: what it starts would be looked for there.
    fs::create_dir(sandbox.path("borrowed")).unwrap();
    symlink(sandbox.path("p/.mcp.json"), sandbox.path("borrowed/.mcp.json")).unwrap();
    assert!(names(&sandbox, "borrowed").is_empty());
}

#[test]
fn what_was_removed_can_be_denied() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("p/.mcp.json", PROJECT);
    hook_in(&sandbox, "p", "allow").ok();
    fs::remove_file(&file).unwrap();
    hook_in(&sandbox, "p", "deny").ok();
    fs::write(&file, PROJECT).unwrap();
    assert!(names(&sandbox, "p").is_empty());
}

#[test]
fn what_is_remembered_is_private_and_one_file_each() {
    let sandbox = Sandbox::new();
    let projects = (0..8).map(|number| format!("p{number}")).collect::<Vec<_>>();
    for project in &projects {
        sandbox.write(format!("{project}/.mcp.json"), PROJECT);
    }
    let allow = |project: &String| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        command.arg("allow").current_dir(sandbox.path(project));
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = projects.iter().map(allow).collect();
    children.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
    for project in &projects {
        assert_eq!(names(&sandbox, project), ["web"]);
    }
    let directory = sandbox.path("home/.local/state/mcp-hook/allowed");
    assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
    let modes = fs::read_dir(&directory).unwrap().map(|it| it.unwrap().metadata().unwrap().mode() & 0o777);
    assert_eq!(modes.collect::<Vec<_>>(), vec![0o600; projects.len()]);
}

#[test]
fn what_cannot_be_read_is_not_allowed() {
    let sandbox = Sandbox::new();
    sandbox.write("broken/.mcp.json", "{\n  \"mcpServers\": {,}\n}");
    sandbox.write("wrong/.mcp.json", r#"{"mcpServers": []}"#);
    fs::create_dir_all(sandbox.path("directory/.mcp.json")).unwrap();
    fs::create_dir(sandbox.path("pipe")).unwrap();
    nix::unistd::mkfifo(&sandbox.path("pipe/.mcp.json"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let lines = [
        "allow ../broken",
        "allow ../wrong",
        "allow ../directory",
        "allow ../pipe/.mcp.json",
        "allow ../nothing",
        "allow ../nothing/.mcp.json",
    ];
    let text = transcript(&sandbox, "home", &lines);
    insta::assert_snapshot!(text, @r"
    $ allow ../broken
    mcp-hook: could not read /broken/.mcp.json: key must be a string at line 2 column 18
    [1]
    $ allow ../wrong
    mcp-hook: could not read /wrong/.mcp.json: mcpServers: must be an object, not a list
    [1]
    $ allow ../directory
    mcp-hook: could not read /directory/.mcp.json: it is not a regular file
    [1]
    $ allow ../pipe/.mcp.json
    mcp-hook: could not read /home/../pipe/.mcp.json: it is not a regular file
    [1]
    $ allow ../nothing
    mcp-hook: could not allow /home/../nothing: only a .mcp.json is ever looked for
    [1]
    $ allow ../nothing/.mcp.json
    mcp-hook: could not read /home/../nothing/.mcp.json: there is no such file
    [1]
    ");
}

#[test]
fn a_file_of_another_user_is_not_read() {
    if !nix::unistd::geteuid().is_root() {
        return skip("a file of another user", "needs root to make one");
    }
    let sandbox = Sandbox::new();
    let file = sandbox.write("p/.mcp.json", PROJECT);
    fs::create_dir(sandbox.path("p/mine")).unwrap();
    nix::unistd::chown(&file, Some(65_534.into()), None).unwrap();
    sandbox.write("theirs/.mcp.json", PROJECT);
    nix::unistd::chown(&sandbox.path("theirs"), Some(65_534.into()), None).unwrap();
    let text = transcript(&sandbox, "p/mine", &["allow", "list"]) + &transcript(&sandbox, "theirs", &["allow", "list"]);
    insta::assert_snapshot!(text, @r"
    $ allow
    mcp-hook: could not read /p/.mcp.json: it belongs to user 65534
    [1]
    $ list
    /p/.mcp.json
      it belongs to user 65534
    [0]
    $ allow
    mcp-hook: could not read /theirs/.mcp.json: its directory belongs to user 65534
    [1]
    $ list
    /theirs/.mcp.json
      its directory belongs to user 65534
    [0]
    ");
}

#[test]
fn what_others_wrote_does_not_move_the_cursor() {
    let sandbox = Sandbox::new();
    let text = r#"{"mcpServers": {"web": {"command": "a\u001b[2Jb", "args": ["\u202ec", "\r"]}, "\u001b]0;x\u0007": {"command": "y"},
        "bad": {"command": "x", "hook": {"restart": "\u001b[31m"}}}}"#;
    sandbox.write("p/.mcp.json", text);
    for command in ["list", "allow", "list"] {
        let output = hook_in(&sandbox, "p", command).ok();
        let is_bad = |it: char| it.is_control() && it != '\n' || it == '\u{202e}';
        assert!(!output.stdout.contains(is_bad) && !output.stderr.contains(is_bad), "{}", said(&sandbox, &output));
    }
}
