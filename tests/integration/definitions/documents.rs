//! Files as editors and other clients leave them: what in them is no JSON, or not where we look, is named, by every
//! command alike.

use super::{hook_in, said};
use crate::support::Sandbox;
use crate::support::defined_session::write_user;

/// What `doctor` says of definitions and clients, with its hints.
fn doctor(sandbox: &Sandbox) -> String {
    let text = said(sandbox, &hook_in(sandbox, "p", "doctor"));
    let mut is_meant = false;
    let lines = text.lines().filter(|line| {
        if !line.starts_with(' ') {
            is_meant = line.contains(" definitions ") || line.contains(" clients ");
        }
        is_meant
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// What all commands that read a project's file say of one with this text.
fn told(text: &str) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("p/.mcp.json", text);
    let commands =
        ["list", "check", "allow"].map(|it| format!("$ {it}\n{}\n", said(&sandbox, &hook_in(&sandbox, "p", it))));
    commands.concat() + "$ doctor\n" + &doctor(&sandbox)
}

#[test]
fn a_comment_is_called_so_by_every_command() {
    insta::assert_snapshot!(told("{\n  // mine\n  \"mcpServers\": {}\n}"), @r"
    $ list
    /p/.mcp.json
      there is a comment, which JSON does not have, at line 2 column 3
    [0]
    $ check
    ✗ /p/.mcp.json
        there is a comment, which JSON does not have, at line 2 column 3
    [1]
    $ allow
    mcp-hook: could not read /p/.mcp.json: there is a comment, which JSON does not have, at line 2 column 3
    [1]
    $ doctor
    ✗ definitions  /p/.mcp.json: there is a comment, which JSON does not have, at line 2 column 3
                   hint: correct the file; until then none of it counts
    ");
}

#[test]
fn a_byte_order_mark_is_read_over_and_named_by_every_command() {
    insta::assert_snapshot!(told("\u{feff}{\"mcpServers\": {\"web\": {\"command\": \"sh\"}}}"), @r#"
    $ list
    /p/.mcp.json (not allowed: look at it, then mcp-hook allow)
      NAME  MAY RUN      COMMAND
    ○ web   not allowed  sh
    [0]
    $ check
    ✓ /p/.mcp.json
        warning: it begins with a byte order mark, which some clients do not read
    ✓ web
        warning: /p/.mcp.json has not been allowed, so only its form was checked: mcp-hook allow
    [0]
    $ allow
    /p/.mcp.json
    ● web
        command: sh
    allowed /p/.mcp.json
    [0]
    $ doctor
    ! definitions  /p/.mcp.json: it begins with a byte order mark, which some clients do not read
                   hint: correct it; as it is, not everybody finds its servers
    ✓ definitions  /p/.mcp.json: 1 server; mcp-hook check tells whether they can start
    ! clients      "web" in /p/.mcp.json is started without mcp-hook and may outlive it
                   hint: mcp-hook wrap puts it in front; mcp-hook wrap --dry-run shows how
    "#);
}

#[test]
fn servers_under_the_key_of_another_client_are_noticed() {
    let sandbox = Sandbox::new();
    sandbox.write("p/.mcp.json", r#"{"mcpServer": {"web": {"command": "sh"}}}"#);
    write_user(&sandbox, r#"{"inputs": [], "servers": {"web": {"command": "sh"}}}"#);
    let text = said(&sandbox, &hook_in(&sandbox, "p", "check")) + "\n" + &doctor(&sandbox);
    insta::assert_snapshot!(text, @r#"
    ✓ /p/.mcp.json
        warning: "mcpServer" is no key of ours: servers stand under "mcpServers"
    ✓ /home/.config/mcp-hook/servers.json
        warning: "servers" is the key of VS Code: servers stand under "mcpServers" here
    [0]
    ! definitions  /p/.mcp.json: "mcpServer" is no key of ours: servers stand under "mcpServers"
                   hint: correct it; as it is, not everybody finds its servers
    ! definitions  /p/.mcp.json is not allowed: its servers do not count
                   hint: look at it, then mcp-hook allow
    ! definitions  /home/.config/mcp-hook/servers.json: "servers" is the key of VS Code: servers stand under "mcpServers" here
                   hint: correct it; as it is, not everybody finds its servers
    ✓ definitions  /home/.config/mcp-hook/servers.json: 0 servers; mcp-hook check tells whether they can start
    "#);
}

#[test]
fn a_project_s_file_that_only_leads_back_is_no_reason_to_allow_it() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "p/.mcp.json",
        r#"{"mcpServers": {"web": {"command": "mcp-hook", "args": ["run", "web"]}, "gone": {"command": "mcp-hook", "args": ["run", "gone"]}}}"#,
    );
    write_user(&sandbox, r#"{"mcpServers": {"web": {"command": "sh"}}}"#);
    let text = said(&sandbox, &hook_in(&sandbox, "p", "list")) + "\n" + &doctor(&sandbox);
    insta::assert_snapshot!(text, @r#"
    /p/.mcp.json
      NAME  MAY RUN  COMMAND
    ○ web   client   (a client's way to a server of mcp-hook)
    ○ gone  client   (a client's way to a server of mcp-hook)

    /home/.config/mcp-hook/servers.json
      NAME  MAY RUN  COMMAND
    ● web   yes      sh
    [0]
    ✓ definitions  /p/.mcp.json defines nothing: clients reach servers of mcp-hook by it
    ✓ definitions  /home/.config/mcp-hook/servers.json: 1 server; mcp-hook check tells whether they can start
    ! clients      "gone" in /p/.mcp.json leads to mcp-hook run gone, which no file defines
                   hint: mcp-hook add gone -- COMMAND ARGUMENT…, or add "--" and the command to its arguments
    ✓ clients      /p/.mcp.json: 2 of its servers run by mcp-hook
    "#);
}

#[test]
fn a_client_s_own_file_is_read_as_all_others_are() {
    let sandbox = Sandbox::new();
    sandbox.write("p/x", "");
    sandbox.write("home/.claude.json", "\u{feff}{\"mcpServers\": {\"web\": {\"command\": \"sh\"}}}");
    assert!(
        doctor(&sandbox).contains("\"web\" in /home/.claude.json is started without mcp-hook"),
        "{}",
        doctor(&sandbox)
    );
    // Nobody waits for a pipe.
    std::fs::remove_file(sandbox.path("home/.claude.json")).unwrap();
    nix::unistd::mkfifo(&sandbox.path("home/.claude.json"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(
        doctor(&sandbox).contains("could not read /home/.claude.json: it is not a regular file"),
        "{}",
        doctor(&sandbox)
    );
}

#[test]
fn an_unknown_key_in_one_file_is_told_with_the_file_and_the_way_out() {
    let sandbox = Sandbox::new();
    sandbox.write("p/.mcp.json", r#"{"mcpServers": {"fine": {"command": "sh"}}}"#);
    hook_in(&sandbox, "p", "allow").ok();
    write_user(&sandbox, r#"{"mcpServers": {"web": {"command": "sh", "hook": {"restrat": "no"}}}}"#);
    insta::assert_snapshot!(said(&sandbox, &hook_in(&sandbox, "p", "check")), @r#"
    ✓ fine
    ✗ web
        mcpServers.web.hook.restrat: there is no such key; did you mean "restart"?
        hint: correct it in /home/.config/mcp-hook/servers.json; the other servers there count all the same
    [1]
    "#);
}
