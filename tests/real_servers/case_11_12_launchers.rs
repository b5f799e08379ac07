//! Launchers leave the real server as a grandchild and pass nothing on.

use std::fs;
use std::path::PathBuf;

use nix::sys::signal::Signal;

use crate::support::real_servers::{Server, Snapshot, World};
use crate::support::{Shell, Terminal, wait};

/// Longer than a test waits for anything, so what is gone by the end of it left when it was asked to.
const GRACE: &str = "60s";

#[test]
fn case_11_stop_ends_an_npx_tree_with_one_sigterm_to_the_server() {
    end_npx_tree(By::Stop);
}

#[test]
fn case_11_killed_npm_exec_ends_an_npx_tree_with_one_sigterm_to_the_server() {
    end_npx_tree(By::KilledLauncher);
}

#[test]
fn case_12_stop_ends_a_uvx_tree() {
    end(&World::new(), Server::Time, By::Stop, || true);
}

#[test]
fn case_12_killed_uv_ends_a_uvx_tree() {
    end(&World::new(), Server::Time, By::KilledLauncher, || true);
}

#[derive(Clone, Copy)]
enum By {
    Stop,
    KilledLauncher,
}

fn end_npx_tree(by: By) {
    let world = World::new();
    let log = count_sigterms(&world);
    let counted = || fs::read_to_string(&log).unwrap();
    end(&world, Server::Everything, by, || counted() == "counting\n");
    assert_eq!(counted(), "counting\nSIGTERM\n");
}

fn end(world: &World, server: Server, by: By, ready: impl Fn() -> bool) {
    let mut terminal = Terminal::open(&world.sandbox, Shell::Bash);
    let project = Shell::Bash.quote(world.project(server).to_str().expect("UTF-8"));
    terminal.run(&format!("cd {project}")).ok();
    let words: Vec<_> = world.words(server).into_iter().filter_map(|w| w.into_string().ok()).collect();
    terminal.run(&format!("mcp-hook start --restart no --grace {GRACE} real -- {}", words.join(" "))).ok();
    let mut tree = Snapshot::default();
    wait::until("the server runs", || {
        tree.add_below(world, terminal.process());
        (tree.has(server) && ready()).then_some(())
    });
    let launcher = tree.launcher(server);
    match by {
        By::Stop => drop(terminal.run("mcp-hook stop real").ok()),
        By::KilledLauncher => launcher.signal(Signal::SIGKILL),
    }
    tree.assert_gone(world, &[terminal.process()]);
}

/// Lets Node write a line for every SIGTERM that the server gets, and returns the file.
fn count_sigterms(world: &World) -> PathBuf {
    let counter = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/count_sigterms.cjs");
    let log = world.sandbox.write("sigterms", "");
    for (name, value) in [
        ("NODE_OPTIONS", format!("--require={counter}")),
        ("COUNT_SIGTERMS_OF", Server::Everything.program().to_owned()),
        ("COUNT_SIGTERMS_IN", log.display().to_string()),
    ] {
        world.sandbox.env(name, value);
    }
    log
}
