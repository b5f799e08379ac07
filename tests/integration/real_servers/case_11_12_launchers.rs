//! Launchers leave the real server as a grandchild and pass nothing on.

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{Server, Snapshot, World};
use crate::support::{Process, Shell, Terminal, wait};

/// From `stop`, or the death of the launcher, to the end of the tree.
const GONE: Duration = Duration::from_secs(1);

#[test]
fn case_11_stop_ends_an_npx_tree_with_one_sigterm_to_the_server() {
    let world = World::new();
    let sigterms = count_sigterms(&world);
    end(&world, Server::Everything, By::Stop);
    assert_eq!(fs::read_to_string(sigterms).unwrap(), "SIGTERM\n");
}

#[test]
fn case_11_killed_npm_exec_ends_an_npx_tree_with_one_sigterm_to_the_server() {
    let world = World::new();
    let sigterms = count_sigterms(&world);
    end(&world, Server::Everything, By::KilledLauncher);
    assert_eq!(fs::read_to_string(sigterms).unwrap(), "SIGTERM\n");
}

#[test]
fn case_12_stop_ends_a_uvx_tree() {
    end(&World::new(), Server::Time, By::Stop);
}

#[test]
fn case_12_killed_uv_ends_a_uvx_tree() {
    end(&World::new(), Server::Time, By::KilledLauncher);
}

#[derive(Clone, Copy)]
enum By {
    Stop,
    KilledLauncher,
}

fn end(world: &World, server: Server, by: By) {
    let mut terminal = Terminal::open(&world.sandbox, Shell::Bash);
    let project = Shell::Bash.quote(world.project(server).to_str().expect("UTF-8"));
    terminal.run(&format!("cd {project}")).ok();
    let words: Vec<_> = world
        .words(server)
        .into_iter()
        .filter_map(|w| w.into_string().ok())
        .collect();
    terminal
        .run(&format!("mcp-hook start real -- {}", words.join(" ")))
        .ok();
    let mut tree = Snapshot::default();
    wait::until("the server runs", || {
        tree.add_below(world, terminal.process());
        (tree.has(server) && catches_sigterm(tree.server(server), server)).then_some(())
    });
    let launcher = tree.launcher(server);
    match by {
        By::Stop => drop(terminal.run("mcp-hook stop real").ok()),
        By::KilledLauncher => launcher.signal(Signal::SIGKILL),
    }
    tree.assert_gone(world, &[terminal.process()], GONE);
}

/// Whether the server has come so far that a SIGTERM to it can be counted (`proc_pid_status(5)`); one that is not counted has
/// started as soon as it is there.
fn catches_sigterm(process: Process, server: Server) -> bool {
    if server == Server::Time {
        return true;
    }
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default();
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:\t"));
    let caught = caught
        .and_then(|mask| u64::from_str_radix(mask, 16).ok())
        .unwrap_or(0);
    caught & 1 << (Signal::SIGTERM as i32 - 1) != 0
}

/// Lets Node write a line for every SIGTERM that the server gets, and returns the file.
fn count_sigterms(world: &World) -> std::path::PathBuf {
    let counter = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/count_sigterms.cjs"
    );
    let log = world.sandbox.write("sigterms", "");
    world
        .sandbox
        .env("NODE_OPTIONS", format!("--require={counter}"));
    world
        .sandbox
        .env("COUNT_SIGTERMS_OF", Server::Everything.program());
    world.sandbox.env("COUNT_SIGTERMS_IN", &log);
    log
}
