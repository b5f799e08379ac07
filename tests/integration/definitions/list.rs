//! `list`: what is defined, where, and what becomes of it.

use super::{hook_in, transcript};
use crate::support::Sandbox;
use crate::support::defined_session::write_user;

const USER: &str = r#"{
  "mcpServers": {
    "proxmox": {"command": "uvx", "args": ["proxmox-mcp-plus"], "hook": {"config": {"source": "config.json"}}},
    "web": {"command": "npx", "args": ["-y", "server everything"], "hook": {"port": {"prefer": 8000}, "autostart": true}},
    "far": {"type": "http", "url": "https://example.org/mcp"},
    "wrong": {"command": "x", "hook": {"ready": {"timout": "1s"}}},
    "two words": {"command": "x"}
  }
}"#;
const PROJECT: &str = r#"{"mcpServers": {
    "proxmox": {"command": "mcp-hook", "args": ["run", "proxmox"]}, "web": {"command": "node", "args": ["web.js"]}}}"#;

#[test]
fn every_definition_is_listed_with_what_becomes_of_it() {
    let sandbox = Sandbox::new();
    write_user(&sandbox, USER);
    sandbox.write("p/.mcp.json", PROJECT);
    let text = transcript(&sandbox, "home", &["list"]) + &transcript(&sandbox, "p", &["list", "allow", "list"]);
    insta::assert_snapshot!(text, @r#"
    $ list
    /home/.config/mcp-hook/servers.json
      NAME       MAY RUN   PORT  AUTOSTART  COMMAND
    ● proxmox    yes          -  -          uvx proxmox-mcp-plus
    ● web        yes      ~8000  yes        npx -y 'server everything'
    ○ far        remote       -  -          https://example.org/mcp
    ○ wrong      broken       -  -          -
        mcpServers.wrong.hook.ready.timout: there is no such key; did you mean "timeout"?
    ○ two words  broken       -  -          -
        mcpServers."two words": server name "two words" is not 1 to 64 of the characters A-Z a-z 0-9 . _ - with a letter or digit in front
    [0]
    $ list
    /p/.mcp.json (not allowed: look at it, then mcp-hook allow)
      NAME     MAY RUN      COMMAND
    ○ proxmox  client       (a client's way to a server of mcp-hook)
    ○ web      not allowed  node web.js

    /home/.config/mcp-hook/servers.json
      NAME       MAY RUN   PORT  AUTOSTART  COMMAND
    ● proxmox    yes          -  -          uvx proxmox-mcp-plus
    ● web        yes      ~8000  yes        npx -y 'server everything'
    ○ far        remote       -  -          https://example.org/mcp
    ○ wrong      broken       -  -          -
        mcpServers.wrong.hook.ready.timout: there is no such key; did you mean "timeout"?
    ○ two words  broken       -  -          -
        mcpServers."two words": server name "two words" is not 1 to 64 of the characters A-Z a-z 0-9 . _ - with a letter or digit in front
    [0]
    $ allow
    /p/.mcp.json
    ○ proxmox (a client's way to a server of mcp-hook: it defines nothing)
        command: mcp-hook run proxmox
    ● web
        command: node web.js
        ! it takes the place of web in /home/.config/mcp-hook/servers.json (npx -y 'server everything'), and gets what is meant for that: tokens, too
    allowed /p/.mcp.json
    [0]
    $ list
    /p/.mcp.json
      NAME     MAY RUN  COMMAND
    ○ proxmox  client   (a client's way to a server of mcp-hook)
    ● web      yes      node web.js

    /home/.config/mcp-hook/servers.json
      NAME       MAY RUN    PORT  AUTOSTART  COMMAND
    ● proxmox    yes           -  -          uvx proxmox-mcp-plus
    ○ web        shadowed  ~8000  yes        npx -y 'server everything'
    ○ far        remote        -  -          https://example.org/mcp
    ○ wrong      broken        -  -          -
        mcpServers.wrong.hook.ready.timout: there is no such key; did you mean "timeout"?
    ○ two words  broken        -  -          -
        mcpServers."two words": server name "two words" is not 1 to 64 of the characters A-Z a-z 0-9 . _ - with a letter or digit in front
    [0]
    "#);
}

#[test]
fn the_list_for_programs_is_versioned_and_whole() {
    let sandbox = Sandbox::new();
    write_user(
        &sandbox,
        r#"{"mcpServers": {"wrong": {"command": 1},
            "web": {"command": "npx", "args": ["x"], "url": "u", "hook": {"port": {"prefer": 8000}, "autostart": true}}}}"#,
    );
    let text = transcript(&sandbox, "home", &["list --json"]);
    insta::assert_snapshot!(text, @r#"
    $ list --json
    {
      "version": 1,
      "files": [
        {
          "file": "/home/.config/mcp-hook/servers.json",
          "origin": "user",
          "permission": "allowed",
          "error": null,
          "servers": [
            {
              "name": "wrong",
              "state": "broken",
              "reason": "mcpServers.wrong.command: must be a string, not a number",
              "command": null,
              "url": null,
              "port": null,
              "autostart": false
            },
            {
              "name": "web",
              "state": "yes",
              "reason": null,
              "command": [
                "npx",
                "x"
              ],
              "url": "u",
              "port": {
                "prefer": 8000
              },
              "autostart": true
            }
          ]
        }
      ]
    }
    [0]
    "#);
}

#[test]
fn nothing_defined_is_said_with_the_way_to_define() {
    let sandbox = Sandbox::new();
    let text = transcript(&sandbox, "home", &["list", "list --json"]);
    insta::assert_snapshot!(text, @r#"
    $ list
    no servers are defined; mcp-hook add NAME -- COMMAND defines one
    [0]
    $ list --json
    {
      "version": 1,
      "files": []
    }
    [0]
    "#);
}

#[test]
fn a_file_that_cannot_be_read_does_not_hide_the_other() {
    let sandbox = Sandbox::new();
    write_user(&sandbox, "{\n  \"mcpServers\": {\n    \"web\": {},\n  }\n}");
    sandbox.write("p/.mcp.json", PROJECT);
    hook_in(&sandbox, "p", "allow").ok();
    let text = transcript(&sandbox, "p", &["list"]);
    insta::assert_snapshot!(text, @r"
    $ list
    /p/.mcp.json
      NAME     MAY RUN  COMMAND
    ○ proxmox  client   (a client's way to a server of mcp-hook)
    ● web      yes      node web.js

    /home/.config/mcp-hook/servers.json
      trailing comma at line 4 column 3
    [0]
    ");
}

#[test]
fn the_file_is_where_xdg_says() {
    let sandbox = Sandbox::new();
    write_user(&sandbox, "{");
    sandbox.env("XDG_CONFIG_HOME", sandbox.path("elsewhere"));
    sandbox.write("elsewhere/mcp-hook/servers.json", r#"{"mcpServers": {"here": {"command": "x"}}}"#);
    assert_eq!(hook_in(&sandbox, "home", "names definitions").ok().stdout, "here\n");
}
