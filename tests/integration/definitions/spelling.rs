//! What other clients put something in for is not, and that is said with what to write instead.

use super::transcript;
use crate::support::Sandbox;
use crate::support::defined_session::write_user;

const FOREIGN: &str = r#"{"mcpServers": {
    "editor": {"command": "sh", "args": ["${env:TOKEN}", "${input:key}"], "env": {"A": "${env:TOKEN}"}},
    "folder": {"command": "sh", "args": ["${workspaceFolder}/src"], "cwd": "${userHome}"},
    "shell": {"command": "sh", "args": ["-c", "for f in *; do echo ${f##*/}; done; cd ~/x; echo $TOKEN"]},
    "default": {"command": "sh", "args": ["${A-b}"]},
    "home": {"command": "~/bin/server", "args": ["~/projects"], "cwd": "~"},
    "dollar": {"command": "sh", "env": {"TOKEN": "$TOKEN"}},
    "opencode": {"command": "sh", "args": ["{env:TOKEN}"]},
    "fine": {"command": "sh", "args": ["-c", "echo $TOKEN ~/x $$"]}
}}"#;

#[test]
fn the_spelling_of_others_is_called_theirs_with_what_to_write() {
    let sandbox = Sandbox::new();
    write_user(&sandbox, FOREIGN);
    let lines = ["check", "run folder", "run editor", "run home"];
    insta::assert_snapshot!(transcript(&sandbox, "home", &lines), @r#"
    $ check
    ✗ editor
        args[0]: ${env:TOKEN} does not name a variable; that is the spelling of Cursor, VS Code and Windsurf: write ${TOKEN}
        args[1]: ${input:key} does not name a variable; that is the spelling of VS Code: set a variable, and write that
        env.A: ${env:TOKEN} does not name a variable; that is the spelling of Cursor, VS Code and Windsurf: write ${TOKEN}
    ✗ folder
        workspaceFolder is not set (used in args[0]); that is the spelling of Cursor and VS Code: write the path: for a project's servers, it is relative to the directory of the file
        userHome is not set (used in cwd); that is the spelling of Cursor and VS Code: write ${HOME}
    ✗ shell
        args[1]: ${f##*/} does not name a variable; that is the spelling of shells: have one do it, in a script
    ✗ default
        args[0]: ${A-b} does not name a variable; that is the spelling of shells: write ${A:-b}
    ✗ home
        cwd: there is no directory /home/.config/mcp-hook/~
        warning: command: ~/bin/server stays as it is; that is the spelling of shells: write ${HOME}/bin/server
        warning: args[0]: ~/projects stays as it is; that is the spelling of shells: write ${HOME}/projects
        warning: cwd: ~ stays as it is; that is the spelling of shells: write ${HOME}
    ✓ dollar
        warning: env.TOKEN: $TOKEN stays as it is; that is the spelling of Gemini CLI and shells: write ${TOKEN}
    ✓ opencode
        warning: args[0]: {env:TOKEN} stays as it is; that is the spelling of opencode: write ${TOKEN}
    ✓ fine
    [1]
    $ run folder
    mcp-hook: could not run folder (unexpanded):
      workspaceFolder is not set (used in args[0]); that is the spelling of Cursor and VS Code: write the path: for a project's servers, it is relative to the directory of the file
      userHome is not set (used in cwd); that is the spelling of Cursor and VS Code: write ${HOME}
    hint: folder is defined in /home/.config/mcp-hook/servers.json; mcp-hook check folder looks again and starts nothing
    [1]
    $ run editor
    mcp-hook: could not run editor (invalid-definition):
      args[0]: ${env:TOKEN} does not name a variable; that is the spelling of Cursor, VS Code and Windsurf: write ${TOKEN}
      args[1]: ${input:key} does not name a variable; that is the spelling of VS Code: set a variable, and write that
      env.A: ${env:TOKEN} does not name a variable; that is the spelling of Cursor, VS Code and Windsurf: write ${TOKEN}
    hint: editor is defined in /home/.config/mcp-hook/servers.json; mcp-hook check editor looks again and starts nothing
    [1]
    $ run home
    warning: command: ~/bin/server stays as it is; that is the spelling of shells: write ${HOME}/bin/server
    warning: args[0]: ~/projects stays as it is; that is the spelling of shells: write ${HOME}/projects
    warning: cwd: ~ stays as it is; that is the spelling of shells: write ${HOME}
    mcp-hook: could not run home: there is no directory /home/.config/mcp-hook/~ to start it in (not-found); make it, or correct "cwd"
    [126]
    "#);
    // Who really has such a variable may use it.
    sandbox.env("workspaceFolder", "/w");
    sandbox.env("userHome", sandbox.home());
    insta::assert_snapshot!(transcript(&sandbox, "home", &["check folder"]), @r"
    $ check folder
    ✓ folder
    [0]
    ");
}
