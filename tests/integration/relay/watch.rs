//! `run --watch`: a developer edits a server, and its client keeps the connection.

use std::fs::{self, File};

use nix::sys::stat::Mode;
use serde_json::json;

use super::stdio_client::{StdioClient, server};
use crate::support::defined_session::write_user;
use crate::support::{Namespace, Sandbox};

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
fn a_call_that_was_running_is_told_why_and_the_next_one_finds_the_new_code() {
    let sandbox = Sandbox::new();
    let program = sandbox.write("home/server.py", server("one"));
    nix::unistd::mkfifo(&sandbox.path("home/hold"), Mode::S_IRWXU).unwrap();
    let mut client = StdioClient::start(&sandbox, "web", &["--watch", "server.py"], "server.py");
    let call = client.ask("tools/call", &json!({ "name": "hold" }));
    // The server has opened the other end: it has the call.
    let _held = File::options().write(true).open(sandbox.path("home/hold")).unwrap();
    fs::write(&program, server("two")).unwrap();
    let answer = client.hear(|message| message["id"] == call);
    let error = &answer["error"];
    assert_eq!((&error["code"], &error["data"]["restarting"]), (&json!(-32603), &json!(true)), "{answer}");
    let text = error["message"].as_str().unwrap();
    assert!(text.contains("a watched file changed (server.py)"), "{text}");
    assert_eq!(client.tool(), "two");
    client.end();
    sandbox.assert_clean();
}

#[test]
fn a_server_that_was_stopped_stays_so_whatever_is_saved() {
    let sandbox = Sandbox::new();
    let program = sandbox.write("home/server.py", server("one"));
    let mut stopped = StdioClient::start(&sandbox, "stopped", &["--watch", "server.py"], "server.py");
    let mut witness = StdioClient::start(&sandbox, "witness", &["--watch", "server.py"], "server.py");
    let of_stopped = stopped.session();
    sandbox.hook(["stop", "--session", &of_stopped, "stopped"]).ok();
    stopped.await_record("its end", |record| record["state"]["is"] == "idle");
    fs::write(&program, server("two")).unwrap();
    witness.hear_of_changed_tools();
    assert_eq!(stopped.record().unwrap()["state"]["is"], "idle");
    sandbox.hook(["restart", "--session", &of_stopped, "stopped"]).ok();
    assert_eq!(stopped.tool(), "two");
    fs::write(&program, server("three")).unwrap();
    stopped.hear_of_changed_tools();
    assert_eq!((stopped.tool(), witness.tool()), ("three".to_owned(), "three".to_owned()));
    stopped.end();
    witness.end();
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

#[test]
fn where_not_all_can_be_watched_the_server_runs_and_the_way_out_is_named() {
    let sandbox = Sandbox::new();
    let test = "where_not_all_can_be_watched_the_server_runs_and_the_way_out_is_named";
    let Some(mut namespace) = Namespace::open(&sandbox, test) else { return };
    for directory in 0..20 {
        sandbox.write(format!("home/src/{directory}/file"), "");
    }
    namespace.run("echo 8 > /proc/sys/user/max_inotify_watches");
    let said =
        namespace.run("echo hello | mcp-hook run --direct plain cat; echo '[1]' | mcp-hook run --watch src web -- cat");
    let way_out = "web: warning: not all files are watched: No space left on device (os error 28); the kernel's limit of \
                   watched directories is reached: sudo sysctl fs.inotify.max_user_watches=524288 raises it";
    assert!(said.contains(way_out) && said.ends_with("\n[1]\n"), "{said}");
    namespace.run("echo 0 > /proc/sys/user/max_inotify_instances");
    let said = namespace.run("echo '[1]' | mcp-hook run --watch src web -- cat");
    assert!(said.contains("no file is watched") && said.contains("fs.inotify.max_user_instances"), "{said}");
    drop(namespace);
    sandbox.assert_clean();
}

#[test]
fn a_server_that_rests_stays_at_rest_and_comes_back_as_it_was_changed() {
    let sandbox = Sandbox::new();
    let program = sandbox.write("home/server.py", server("one"));
    let options = ["--idle", "300ms", "--watch", "."];
    let mut client = StdioClient::start(&sandbox, "web", &options, "server.py");
    client.await_record("the rest", |record| record["state"]["is"] == "idle");
    fs::write(&program, server("two")).unwrap();
    assert_eq!(client.tool(), "two");
    client.end();
    sandbox.assert_clean();
}

#[test]
fn keys_without_effect_are_told() {
    let sandbox = Sandbox::new();
    let entry = |hook| json!({ "command": "true", "hook": hook });
    let servers = json!({
        "alone": entry(json!({ "relay": false, "watch": ["."] })),
        "rests": entry(json!({ "idle": "30m", "watch": ["later"] })),
        "once": entry(json!({ "restart": "no" })),
        "always": entry(json!({ "restart": "always", "relay": false })),
        "asked": entry(json!({ "port": "auto", "ready": { "mcp": true }, "health": {} })),
    });
    write_user(&sandbox, &json!({ "mcpServers": servers }).to_string());
    let said = sandbox.hook(["run", "alone"]).stderr;
    assert!(said.contains("hook.watch: it has no effect here: the server is left to its client"), "{said}");
    let said = sandbox.hook(["run", "--idle", "30m", "alone"]).stderr;
    assert!(said.contains("hook.idle: it has no effect here: the server is left to its client"), "{said}");
    let said = sandbox.hook(["run", "rests"]).stderr;
    let missing =
        format!("hook.watch[0]: there is no {}/.config/mcp-hook/later yet; it is waited for", sandbox.home().display());
    assert!(said.contains(&missing) && !said.contains("no effect"), "{said}");
    let said = sandbox.hook(["run", "once"]).stderr;
    assert!(said.contains("hook.restart: it has no effect here: run starts a server again for its client"), "{said}");
    let said = sandbox.hook(["run", "always"]).stderr;
    assert!(said.contains("hook.restart: it has no effect here: the server is left to its client"), "{said}");
    let said = sandbox.hook(["run", "asked"]).stderr;
    for key in ["hook.ready.mcp", "hook.health"] {
        assert!(said.contains(&format!("{key}: it has no effect here: a client asks its server itself")), "{said}");
    }
    assert_eq!(said.matches("no effect").count(), 2, "{said}");
    let said = sandbox.hook(["check"]).stdout;
    assert!(said.contains(&missing), "{said}");
}
