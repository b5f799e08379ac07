//! The reference server in its HTTP mode in the background, by `npx`, in the three shells in turn. Whatever ends it, the port
//! is free afterwards. (Other supervisors leave the server and its port when they, or only `npm exec`, are ended.)

use nix::sys::signal::Signal;

use super::ROUNDS;
use crate::support::real_servers::{ReservedPort, Server, Snapshot, World};
use crate::support::{Process, Shell, Terminal};

#[test]
fn killed_shell_leaves_no_http_server_and_no_port_in_twenty_rounds() {
    end_by(|round| {
        round.terminal.signal(Signal::SIGKILL);
        round.terminal.wait_exit();
        round.tree.assert_gone(round.world, &[]);
    });
}

#[test]
fn killed_npm_exec_leaves_no_http_server_and_no_port_in_twenty_rounds() {
    end_by(|round| {
        round.launcher.signal(Signal::SIGKILL);
        round.tree.assert_gone(round.world, &[round.terminal.process()]);
    });
}

#[test]
fn killed_supervisor_leaves_no_http_server_and_no_port_in_twenty_rounds() {
    end_by(|round| {
        let parent = round.launcher.stat().expect("it is alive").parent;
        Process::with_pid(parent).expect("the supervisor").signal(Signal::SIGKILL);
        round.tree.assert_gone(round.world, &[round.terminal.process()]);
    });
}

#[test]
fn stop_leaves_no_http_server_and_no_port_in_twenty_rounds() {
    end_by(|round| {
        round.terminal.run("mcp-hook stop everything").ok();
        assert!(!round.port.listening(), "stop has returned\n{}", round.tree);
        round.tree.assert_gone(round.world, &[round.terminal.process()]);
    });
}

/// A server that listens, and everything about it.
struct Round<'a, 's> {
    world: &'a World,
    port: &'a ReservedPort,
    terminal: &'a mut Terminal<'s>,
    tree: &'a Snapshot,
    launcher: Process,
}

fn end_by(end: impl Fn(Round<'_, '_>)) {
    let world = World::new();
    let port = ReservedPort::reserve();
    world.sandbox.env("PORT", port.number().to_string());
    let server = Server::Everything;
    for (round, shell) in Shell::ALL.into_iter().cycle().take(ROUNDS).enumerate() {
        let mut terminal = Terminal::open(&world.sandbox, shell);
        let project = shell.quote(world.project(server).to_str().expect("UTF-8"));
        terminal.run(&format!("cd {project}")).ok();
        let words = "npx -y @modelcontextprotocol/server-everything streamableHttp";
        terminal.run(&format!("mcp-hook start --restart no everything -- {words}")).ok();
        port.wait_listening();
        if round == 0 {
            assert_answers(&world, &port);
        }
        let tree = Snapshot::below(&world, terminal.process());
        let launcher = tree.launcher(server);
        end(Round { world: &world, port: &port, terminal: &mut terminal, tree: &tree, launcher });
        assert!(!port.listening(), "{tree}");
    }
}

/// A client of the official SDK gets the tools of the server on `port`.
fn assert_answers(world: &World, port: &ReservedPort) {
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/http_client.py");
    let url = format!("http://127.0.0.1:{}/mcp", port.number());
    let mut command = world.command(world.installed("python/bin/python"), Server::Everything);
    let tools = world.sandbox.run(command.args([client, &url])).ok().json();
    assert!(
        tools.as_array().is_some_and(|names| names.iter().any(|name| name == Server::Everything.tool())),
        "{tools}"
    );
}
