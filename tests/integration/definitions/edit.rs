//! `add` and `remove`: the user's file is changed where it has to be, and nowhere else.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::{hook_in, transcript};
use crate::support::defined_session::{user_file, write_user};
use crate::support::{Sandbox, skip};

#[test]
fn a_server_is_added_and_removed_and_the_file_made_private() {
    let sandbox = Sandbox::new();
    let lines = [
        "add web --port auto --env TOKEN=${TOKEN} --env A=b=c -- npx -y it",
        "add far --url https://example.org/mcp",
        "add both --url http://127.0.0.1:${MCP_PORT}/mcp --port 8000 -- node web.js",
    ];
    let text = transcript(&sandbox, "home", &lines);
    let file = user_file(&sandbox);
    let text = text + &fs::read_to_string(&file).unwrap();
    insta::assert_snapshot!(text, @r#"
    $ add web --port auto --env TOKEN=${TOKEN} --env A=b=c -- npx -y it
    added web to /home/.config/mcp-hook/servers.json
    [0]
    $ add far --url https://example.org/mcp
    added far to /home/.config/mcp-hook/servers.json
    [0]
    $ add both --url http://127.0.0.1:${MCP_PORT}/mcp --port 8000 -- node web.js
    added both to /home/.config/mcp-hook/servers.json
    [0]
    {
      "mcpServers": {
        "web": {
          "command": "npx",
          "args": [
            "-y",
            "it"
          ],
          "env": {
            "A": "b=c",
            "TOKEN": "${TOKEN}"
          },
          "hook": {
            "port": "auto"
          }
        },
        "far": {
          "url": "https://example.org/mcp"
        },
        "both": {
          "url": "http://127.0.0.1:${MCP_PORT}/mcp",
          "command": "node",
          "args": [
            "web.js"
          ],
          "hook": {
            "port": 8000
          }
        }
      }
    }
    "#);
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    for name in ["web", "far", "both"] {
        hook_in(&sandbox, "home", &format!("remove {name}")).ok();
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\n  \"mcpServers\": {}\n}\n");
}

#[test]
fn what_cannot_be_done_says_why() {
    let sandbox = Sandbox::new();
    let lines = [
        "add web -- npx",
        "add web -- node",
        "add web --force -- node",
        "add web2 -- mcp-hook run web2",
        "add web2 --url ${MCP_WEB2_URL}",
        "remove web",
        "remove web",
    ];
    let text = transcript(&sandbox, "home", &lines);
    insta::assert_snapshot!(text, @r#"
    $ add web -- npx
    added web to /home/.config/mcp-hook/servers.json
    [0]
    $ add web -- node
    mcp-hook: could not add web: /home/.config/mcp-hook/servers.json defines it already
    hint: --force replaces it
    [1]
    $ add web --force -- node
    replaced web in /home/.config/mcp-hook/servers.json
    [0]
    $ add web2 -- mcp-hook run web2
    mcp-hook: could not add web2: it would only lead back to mcp-hook
    [1]
    $ add web2 --url ${MCP_WEB2_URL}
    mcp-hook: could not add web2: it would only lead back to mcp-hook
    [1]
    $ remove web
    removed web from /home/.config/mcp-hook/servers.json
    [0]
    $ remove web
    mcp-hook: could not remove "web": /home/.config/mcp-hook/servers.json does not define it
    hint: mcp-hook list shows what is defined, and where
    [1]
    "#);
}

#[test]
fn what_cannot_be_meant_is_a_mistake_in_the_command() {
    let sandbox = Sandbox::new();
    let lines = [
        "add web",
        "add session -- x",
        "add web --url http://a --env A=b",
        "add web --port 0 -- x",
        "add web --env A -- x",
        "remove",
    ];
    let text = transcript(&sandbox, "home", &lines);
    insta::assert_snapshot!(text, @r#"
    $ add web
    error: the following required arguments were not provided:
      <CMD>...

    Usage: mcp-hook add <NAME> -- <CMD>...

    For more information, try '--help'.
    [2]
    $ add session -- x
    error: invalid value 'session' for '<NAME>': the server name "session" is taken by mcp-hook itself

    For more information, try '--help'.
    [2]
    $ add web --url http://a --env A=b
    error: the following required arguments were not provided:
      <CMD>...

    Usage: mcp-hook add --url <URL> --env <K=V> <NAME> -- <CMD>...

    For more information, try '--help'.
    [2]
    $ add web --port 0 -- x
    error: invalid value '0' for '--port <auto|N>': it is neither auto nor a number from 1 to 65535

    For more information, try '--help'.
    [2]
    $ add web --env A -- x
    error: invalid value 'A' for '--env <K=V>': it is not of the form NAME=VALUE

    For more information, try '--help'.
    [2]
    $ remove
    error: the following required arguments were not provided:
      <NAME>

    Usage: mcp-hook remove <NAME>

    For more information, try '--help'.
    [2]
    "#);
    assert!(!user_file(&sandbox).exists());
}

#[test]
fn the_rest_of_the_file_stays_byte_for_byte() {
    let sandbox = Sandbox::new();
    let text = "\n{ \"z\" : [1,2 , 3],\r\n\t\"mcpServers\":{\n\t\t\"b\": {\"command\":\"\\u0078\", \"own\": 1.50},\n\t\t\"a\": { }  },\n \"$schema\": null }\n\n";
    let file = write_user(&sandbox, text);
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    hook_in(&sandbox, "home", "add web -- npx").ok();
    let added = fs::read_to_string(&file).unwrap();
    assert_eq!(added, text.replace("{ }  }", "{ },\n\t\t\"web\": {\n\t\t\t\"command\": \"npx\"\n\t\t}  }"));
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640, "the mode was kept");
    hook_in(&sandbox, "home", "remove web").ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    hook_in(&sandbox, "home", "remove b").ok();
    let without = text.replace("\"b\": {\"command\":\"\\u0078\", \"own\": 1.50},\n\t\t", "");
    assert_eq!(fs::read_to_string(&file).unwrap(), without);
}

#[test]
fn a_file_with_a_mistake_is_left_alone() {
    let sandbox = Sandbox::new();
    let mut said = String::new();
    for text in ["{\"mcpServers\": {,}}", "[]", "{\"mcpServers\": {\"a\": 1, \"a\": 2}}", "{} // mine", "\u{1}"] {
        let file = write_user(&sandbox, text);
        said += &transcript(&sandbox, "home", &["add a -- x", "remove a"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    insta::assert_snapshot!(said, @r#"
    $ add a -- x
    mcp-hook: could not read /home/.config/mcp-hook/servers.json: key must be a string at line 1 column 17
    [1]
    $ remove a
    mcp-hook: could not read /home/.config/mcp-hook/servers.json: key must be a string at line 1 column 17
    [1]
    $ add a -- x
    mcp-hook: could not read /home/.config/mcp-hook/servers.json: it must be an object, not a list
    [1]
    $ remove a
    mcp-hook: could not read /home/.config/mcp-hook/servers.json: it must be an object, not a list
    [1]
    $ add a -- x
    mcp-hook: could not change /home/.config/mcp-hook/servers.json: "a" stands there more than once
    [1]
    $ remove a
    mcp-hook: could not change /home/.config/mcp-hook/servers.json: "a" stands there more than once
    [1]
    $ add a -- x
    mcp-hook: could not read /home/.config/mcp-hook/servers.json: there is a comment, which JSON does not have, at line 1 column 4
    [1]
    $ remove a
    mcp-hook: could not read /home/.config/mcp-hook/servers.json: there is a comment, which JSON does not have, at line 1 column 4
    [1]
    $ add a -- x
    mcp-hook: could not read /home/.config/mcp-hook/servers.json: expected value at line 1 column 1
    [1]
    $ remove a
    mcp-hook: could not read /home/.config/mcp-hook/servers.json: expected value at line 1 column 1
    [1]
    "#);
}

#[test]
fn an_entry_with_a_mistake_can_be_removed_and_replaced() {
    let sandbox = Sandbox::new();
    let file = write_user(&sandbox, r#"{"mcpServers": {"a": 1, "two words": 2}}"#);
    hook_in(&sandbox, "home", "add a --force -- x").ok();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    sandbox.run(command.args(["remove", "two words"])).ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), r#"{"mcpServers": {"a": {"command":"x"}}}"#);
}

#[test]
fn a_link_to_the_file_survives() {
    let sandbox = Sandbox::new();
    let real = sandbox.write("home/dotfiles/servers.json", "{}\n");
    fs::create_dir_all(user_file(&sandbox).parent().unwrap()).unwrap();
    symlink("../../dotfiles/servers.json", user_file(&sandbox)).unwrap();
    hook_in(&sandbox, "home", "add web -- npx").ok();
    assert!(user_file(&sandbox).is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("npx"));
    let here = fs::read_dir(user_file(&sandbox).parent().unwrap()).unwrap().count();
    let there = fs::read_dir(real.parent().unwrap()).unwrap().count();
    assert_eq!((here, there), (2, 1), "nothing was left but the lock");
}

#[test]
fn a_link_to_the_directory_survives() {
    let sandbox = Sandbox::new();
    let real = sandbox.write("home/dotfiles/mcp-hook/servers.json", "{}\n");
    fs::create_dir(sandbox.path("home/.config")).unwrap();
    symlink("../dotfiles/mcp-hook", sandbox.path("home/.config/mcp-hook")).unwrap();
    hook_in(&sandbox, "home", "add web -- npx").ok();
    assert!(sandbox.path("home/.config/mcp-hook").is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("npx"));
    hook_in(&sandbox, "home", "remove web").ok();
    assert!(!fs::read_to_string(&real).unwrap().contains("npx"));
}

#[test]
fn a_link_that_leads_nowhere_or_to_another_user_s_file_is_refused() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(user_file(&sandbox).parent().unwrap()).unwrap();
    symlink("/nowhere/servers.json", user_file(&sandbox)).unwrap();
    let text = transcript(&sandbox, "home", &["add web -- npx"]);
    insta::assert_snapshot!(text, @r"
    $ add web -- npx
    mcp-hook: could not change /home/.config/mcp-hook/servers.json: it is a symbolic link that leads nowhere
    [1]
    ");
    if !nix::unistd::geteuid().is_root() {
        return skip("a link to another user's file", "needs root to make one");
    }
    let theirs = sandbox.write("theirs.json", "{}");
    nix::unistd::chown(&theirs, Some(65_534.into()), None).unwrap();
    fs::remove_file(user_file(&sandbox)).unwrap();
    symlink(&theirs, user_file(&sandbox)).unwrap();
    let text = transcript(&sandbox, "home", &["add web -- npx", "remove web", "list"]);
    insta::assert_snapshot!(text, @r"
    $ add web -- npx
    mcp-hook: could not read /theirs.json: it belongs to user 65534
    [1]
    $ remove web
    mcp-hook: could not read /theirs.json: it belongs to user 65534
    [1]
    $ list
    /home/.config/mcp-hook/servers.json
      it belongs to user 65534
    [0]
    ");
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "{}");
}
