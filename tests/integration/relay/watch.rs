//! `run --watch`: a developer edits a server, and its client keeps the connection.

use std::fs;

use serde_json::json;

use super::stdio_client::{StdioClient, server};
use crate::support::Sandbox;
use crate::support::defined_session::write_user;

#[test]
fn a_client_sees_the_new_tools_however_an_editor_writes() {
    let sandbox = Sandbox::new();
    let program = sandbox.write("home/src/server.py", server("one"));
    let mut client = StdioClient::start(&sandbox, "web", &["--watch", "src"], "src/server.py");
    assert_eq!(client.tool(), "one");

    // As vim does: a probe, a backup, a new file under the name.
    sandbox.write("home/src/4913", "");
    fs::remove_file(sandbox.path("home/src/4913")).unwrap();
    fs::rename(&program, sandbox.path("home/src/server.py~")).unwrap();
    fs::write(&program, server("vim")).unwrap();
    client.hear_of_changed_tools();
    assert_eq!(client.tool(), "vim");

    // As most others do: in place.
    fs::write(&program, server("in place")).unwrap();
    client.hear_of_changed_tools();
    assert_eq!(client.tool(), "in place");

    // As those do that must not lose anything: a new file, renamed over the old one.
    let draft = sandbox.write("home/draft.py", server("rename"));
    fs::rename(draft, &program).unwrap();
    client.hear_of_changed_tools();
    assert_eq!(client.tool(), "rename");

    let record = client.record().unwrap();
    assert_eq!(
        (&record["last_end"]["reason"], &record["last_end"]["changed"]),
        (&json!("file-changed"), &json!("src/server.py"))
    );
    let shown = sandbox.hook(["status", "--all"]).ok().stdout;
    assert!(shown.contains("RESTARTS"), "{shown}");
    client.end();
    let log = fs::read_to_string(sandbox.runtime().join("logs/main.log")).unwrap();
    assert!(log.contains("ended because a watched file changed (src/server.py): signal 15"), "{log}");
    sandbox.assert_clean();
}

#[test]
fn what_tools_write_beside_it_restarts_nothing() {
    let sandbox = Sandbox::new();
    let program = sandbox.write("home/server.py", server("one"));
    for directory in [".git", "node_modules/x", "target/debug", "__pycache__", "a/b"] {
        sandbox.write(format!("home/{directory}/old"), "");
    }
    let mut client = StdioClient::start(&sandbox, "web", &["--watch", "."], "server.py");
    for directory in [".git", "node_modules/x", "target/debug", "__pycache__", "node_modules/later"] {
        sandbox.write(format!("home/{directory}/new"), "");
    }
    fs::write(&program, server("two")).unwrap();
    client.hear_of_changed_tools();
    let record = client.record().unwrap();
    assert_eq!((&record["restarts"], &record["last_end"]["changed"]), (&json!(1), &json!("server.py")), "{record}");
    sandbox.write("home/a/new/deep", "");
    client.hear_of_changed_tools();
    assert_eq!(client.record().unwrap()["last_end"]["changed"], "a/new/deep");
    assert_eq!(client.tool(), "two");
    client.end();
    sandbox.assert_clean();
}

#[test]
fn a_mistake_costs_nothing_but_the_time_until_it_is_mended() {
    let sandbox = Sandbox::new();
    let program = sandbox.write("home/server.py", server("one"));
    let mut client = StdioClient::start(&sandbox, "web", &["--watch", "server.py"], "server.py");
    fs::write(&program, "this is no Python").unwrap();
    client.await_record("the crash", |record| record["last_end"]["reason"] == "exited");
    fs::write(&program, server("mended")).unwrap();
    client.hear_of_changed_tools();
    assert_eq!(client.tool(), "mended");
    // And one that is not mended before it has failed too often.
    fs::write(&program, "still no Python").unwrap();
    client.await_record("the last attempt", |record| record["state"]["is"] == "idle");
    fs::write(&program, server("at last")).unwrap();
    client.hear_of_changed_tools();
    assert_eq!(client.tool(), "at last");
    client.end();
    sandbox.assert_clean();
}

#[test]
fn a_definition_names_what_is_watched_from_its_own_place_on() {
    let sandbox = Sandbox::new();
    let program = sandbox.write("home/.config/mcp-hook/server/main.py", server("one"));
    let hook = json!({ "watch": ["${PROGRAM}/**/*.py"] });
    let entry = json!({ "command": "python3", "args": [program], "hook": hook });
    sandbox.env("PROGRAM", "server");
    write_user(&sandbox, &json!({ "mcpServers": { "web": entry } }).to_string());
    let mut client = StdioClient::run(&sandbox, "web", &["web"]);
    sandbox.write("home/.config/mcp-hook/server/notes.txt", "");
    fs::write(&program, server("two")).unwrap();
    client.hear_of_changed_tools();
    let record = client.record().unwrap();
    assert_eq!(
        (&record["restarts"], &record["last_end"]["changed"]),
        (&json!(1), &json!("server/main.py")),
        "{record}"
    );
    assert_eq!(client.tool(), "two");
    client.end();
    sandbox.assert_clean();
}

#[test]
fn what_cannot_be_watched_is_said_at_once() {
    let sandbox = Sandbox::new();
    let said = |words: &[&str]| sandbox.hook(words).expect_code(1).stderr;
    let nowhere = said(&["run", "--watch", "nowhere/*.py", "web", "--", "cat"]);
    let home = sandbox.home().display().to_string();
    insta::assert_snapshot!(nowhere.replace(&home, "HOME"), @r"
    mcp-hook: could not watch nowhere/*.py: there is no HOME/nowhere
    hint: name a directory above it, and what is made there later counts too
    ");
    let direct = sandbox.hook(["run", "--direct", "--watch", ".", "web", "--", "cat"]).expect_code(2).stderr;
    assert!(direct.contains("'--direct' cannot be used with '--watch <PATH>'"), "{direct}");
    assert!(said(&["start", "--watch", "nowhere", "web", "--", "cat"]).contains("could not watch nowhere"));
}
