//! `mcp-hook run` as the command of a client that is killed.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use nix::sys::signal::Signal;

use super::ROUNDS;
use crate::support::real_servers::{Client, Sdk, Server, Snapshot, World};
use crate::support::wait::{self, Deadline};
use crate::support::{Process, skip};

/// The oldest Node in which the pinned inspector runs, though its package asks for a newer one.
const INSPECTOR_NEEDS: u32 = 20;

#[test]
fn killed_python_client_leaves_nothing_of_an_npx_server_in_twenty_rounds() {
    kill_python_client("everything", Server::Everything);
}

#[test]
fn killed_python_client_leaves_nothing_of_an_npx_server_that_ignores_eof_in_twenty_rounds() {
    kill_python_client("everything", Server::OlderEverything);
}

#[test]
fn killed_python_client_leaves_nothing_of_directory_polling_in_twenty_rounds() {
    kill_python_client("directory-polling", Server::Filesystem);
}

/// The reference server leaves at the end of its input only when it has answered.
#[test]
fn killed_python_client_leaves_nothing_of_an_npx_server_in_the_middle_of_a_call() {
    let world = World::new();
    let server = Server::Everything;
    let mut client = Client::connect(&world, Sdk::Python, server, &world.run_words("everything", server));
    let (tool, arguments) = server.long_call();
    client.call(tool, &arguments);
    // A later call has been answered, so the long one has begun.
    client.call("echo", &serde_json::json!({"message": "still here"}));
    client.expect("text");
    let tree = Snapshot::below(&world, client.process());
    tree.launcher(server);
    client.kill();
    tree.assert_gone(&world, &[]);
}

#[test]
fn killed_inspector_leaves_nothing_of_an_npx_server_in_twenty_rounds() {
    kill_inspector(Server::Everything);
}

#[test]
fn killed_inspector_leaves_nothing_of_an_npx_server_that_ignores_eof_in_twenty_rounds() {
    kill_inspector(Server::OlderEverything);
}

/// Tools are listed, the client is killed, nothing is left.
fn kill_python_client(name: &str, server: Server) {
    let world = World::new();
    for _ in 0..ROUNDS {
        let client = Client::connect(&world, Sdk::Python, server, &world.run_words(name, server));
        let tree = Snapshot::below(&world, client.process());
        tree.launcher(server);
        assert_whitelisted(&world, tree.server(server));
        client.kill();
        tree.assert_gone(&world, &[]);
    }
}

/// Of the client's environment the server has only what the SDKs hand on.
fn assert_whitelisted(world: &World, server: Process) {
    for (name, value) in world.sandbox.environment() {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        let passed = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"].contains(&&*name);
        assert!(passed || !server.has_env(&format!("{name}={value}")), "{name}");
    }
}

/// The inspector lists the tools and then closes by itself, so it is killed by the first byte that it prints; the tree has
/// been seen before, at the gate.
fn kill_inspector(server: Server) {
    let world = World::new();
    if world.node_version() < INSPECTOR_NEEDS {
        skip("killed inspector", "the inspector does not run in a Node as old as this one");
        return;
    }
    let mut gate = world.gate();
    for _ in 0..ROUNDS {
        let mut inspector = world
            .command(world.installed("node/node_modules/.bin/mcp-inspector"), server)
            .args(["--cli", "--method", "tools/list", "--"])
            .args(world.run_words("everything", server))
            .stdout(Stdio::piped())
            .stderr(File::create(world.sandbox.path("client.log")).unwrap())
            .spawn()
            .unwrap();
        let process = Process::with_pid(inspector.id().cast_signed()).expect("it runs");
        let mut listed = inspector.stdout.take().expect("piped");
        let mut tree = Snapshot::default();
        wait::until("the server runs", || {
            tree.add_below(&world, process);
            tree.has(server).then_some(())
        });
        tree.launcher(server);
        gate.open();
        assert!(wait::one_readable(&listed, Deadline::usual()), "{tree}");
        process.signal(Signal::SIGKILL);
        inspector.wait().unwrap();
        let mut text = String::new();
        listed.read_to_string(&mut text).unwrap();
        assert!(text.contains("\"tools\""), "{text}");
        tree.assert_gone(&world, &[]);
    }
}
