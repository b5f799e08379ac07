//! `mcp-hook run` as the command of a server in Claude Code, whose `claude mcp list` starts every server and looks whether it
//! answers. (Without mcp-hook it leaves behind one that ignores the end of its input.)

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command};

use crate::support::real_servers::terminal_client::claude_code;
use crate::support::real_servers::{Server, Snapshot, World};
use crate::support::{Process, wait};

/// Each takes as long as Claude Code waits for a server that it has taken leave of.
const LISTS: usize = 5;

#[test]
fn claude_code_lists_a_server_that_ignores_eof_and_nothing_is_left() {
    let world = World::new();
    let Some(claude) = configured(&world) else {
        return;
    };
    let mut gate = world.gate();
    for _ in 0..LISTS {
        let (mut child, tree) = list(&world, &claude);
        gate.open();
        assert!(child.wait().unwrap().success());
        let said = fs::read_to_string(world.sandbox.path("listed")).unwrap();
        assert!(said.contains("Connected"), "{said}");
        tree.assert_gone(&world, &[]);
    }
}

/// Starts `claude mcp list`; the tree of the server has been seen and shown to be the real one.
fn list(world: &World, claude: &PathBuf) -> (Child, Snapshot) {
    let server = Server::OlderEverything;
    let child = world
        .command(claude, server)
        .args(["mcp", "list"])
        .stdout(File::create(world.sandbox.path("listed")).unwrap())
        .spawn()
        .unwrap();
    let process = Process::with_pid(child.id().cast_signed()).expect("it runs");
    let mut tree = Snapshot::default();
    wait::until("the server runs", || {
        tree.add_below(world, process);
        tree.has(server).then_some(())
    });
    tree.launcher(server);
    (child, tree)
}

/// Claude Code with the server in the configuration of its user, `None` where there is no build of it.
fn configured(world: &World) -> Option<PathBuf> {
    let claude = claude_code(world)?;
    let server = Server::OlderEverything;
    let mut add: Command = world.command(&claude, server);
    add.args(["mcp", "add", "--scope", "user", "everything", "--"]);
    world.sandbox.run(add.args(world.run_words("everything", server))).ok();
    Some(claude)
}
