//! `mcp-hook run` as the command of clients on the official SDKs, each with a server that leaves at the end of its input and
//! with one that ignores it.

use std::ffi::OsString;
use std::fs;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::Process;
use crate::support::real_servers::{Client, Sdk, Server, Snapshot, World};

const SERVERS: [Server; 2] = [Server::Everything, Server::OlderEverything];

#[test]
fn case_39_python_client_closes_and_nothing_is_left() {
    close(Sdk::Python);
}

#[test]
fn case_39_typescript_client_closes_and_nothing_is_left() {
    close(Sdk::TypeScript);
}

#[test]
fn case_39_rust_client_closes_and_nothing_is_left() {
    close(Sdk::Rust);
}

#[test]
fn case_39_python_client_and_server_share_stdin_and_stdout_byte_for_byte() {
    talk(Sdk::Python);
}

#[test]
fn case_39_typescript_client_and_server_share_stdin_and_stdout_byte_for_byte() {
    talk(Sdk::TypeScript);
}

#[test]
fn case_39_rust_client_and_server_share_stdin_and_stdout_byte_for_byte() {
    talk(Sdk::Rust);
}

#[test]
fn case_40_killed_python_client_leaves_nothing() {
    kill_client(Sdk::Python);
}

#[test]
fn case_40_killed_typescript_client_leaves_nothing() {
    kill_client(Sdk::TypeScript);
}

#[test]
fn case_40_killed_rust_client_leaves_nothing() {
    kill_client(Sdk::Rust);
}

#[test]
fn case_40_python_client_sees_eof_when_the_server_dies_first() {
    kill_server(Sdk::Python);
}

#[test]
fn case_40_typescript_client_sees_eof_when_the_server_dies_first() {
    kill_server(Sdk::TypeScript);
}

#[test]
fn case_40_rust_client_sees_eof_when_the_server_dies_first() {
    kill_server(Sdk::Rust);
}

fn close(sdk: Sdk) {
    let world = World::new();
    for server in SERVERS {
        let (client, tree) = connect(&world, sdk, server);
        client.close();
        tree.assert_gone(&world, &[]);
    }
}

fn kill_client(sdk: Sdk) {
    let world = World::new();
    for server in SERVERS {
        let (client, tree) = connect(&world, sdk, server);
        client.kill();
        tree.assert_gone(&world, &[]);
    }
}

/// With the client's own streams a server that ignores EOF may be killed too: its client hears of it, although its launchers had the pipe as well.
fn kill_server(sdk: Sdk) {
    let world = World::new();
    for server in SERVERS {
        let mut client = Client::connect(&world, sdk, server, &world.direct_words("everything", server));
        let tree = Snapshot::below(&world, client.process());
        tree.launcher(server);
        let (tool, arguments) = server.long_call();
        client.call(tool, &arguments);
        tree.server(server).signal(Signal::SIGKILL);
        client.expect("eof");
        tree.assert_gone(&world, &[client.process()]);
        client.close();
    }
}

/// The server holds the very descriptors that the client made, so there is nobody who could change a byte; and a long text
/// comes back as it went.
fn talk(sdk: Sdk) {
    let world = World::new();
    let server = Server::Everything;
    let given = world.sandbox.path("given");
    let script = r#"given=$(readlink /proc/$$/fd/0 /proc/$$/fd/1); echo "$given" >"$0"; exec "$@""#;
    let mut words: Vec<OsString> = ["sh", "-c", script].iter().map(OsString::from).collect();
    words.push(given.clone().into());
    words.extend(world.direct_words("everything", server));
    let mut client = Client::connect(&world, sdk, server, &words);
    let tree = Snapshot::below(&world, client.process());
    tree.launcher(server);

    let given = fs::read_to_string(given).unwrap();
    let held = [0, 1].map(|number| descriptor(tree.server(server), number));
    assert_eq!(given.lines().collect::<Vec<_>>(), held, "{tree}");

    let text: String = "Ünïcode, \u{2028}\t\"quotes\", \\ and \u{1f980}\n".chars().cycle().take(1 << 18).collect();
    client.call("echo", &json!({"message": text}));
    let told = client.expect("text");
    assert!(told["text"] == format!("Echo: {text}"), "the text has changed on its way");

    client.close();
    tree.assert_gone(&world, &[]);
}

fn connect(world: &World, sdk: Sdk, server: Server) -> (Client, Snapshot) {
    let client = Client::connect(world, sdk, server, &world.run_words("everything", server));
    let tree = Snapshot::below(world, client.process());
    tree.launcher(server);
    (client, tree)
}

/// What a descriptor of a process is: `pipe:[NUMBER]`, `socket:[NUMBER]`.
fn descriptor(process: Process, number: i32) -> String {
    let link = fs::read_link(format!("/proc/{}/fd/{number}", process.pid)).unwrap();
    link.to_string_lossy().into_owned()
}
