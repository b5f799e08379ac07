//! Servers that nobody here wrote, killed again and again under one client, which keeps its connection.

use serde_json::json;

use super::ROUNDS;
use crate::support::real_servers::{EntryPoint, Era, Lives, PlainClient, World};
use crate::support::wait::{self, Deadline};

/// So many kills in a row are not yet too many.
const IN_A_ROW: usize = 3;
const NAME: &str = "killed";

#[test]
fn everything_is_killed_twenty_times_in_idle_and_twenty_times_in_a_call() {
    kill_again_and_again(EntryPoint::Everything);
}

#[test]
fn filesystem_is_killed_twenty_times_in_idle_and_twenty_times_in_a_call() {
    kill_again_and_again(EntryPoint::Filesystem);
}

#[test]
fn memory_is_killed_twenty_times_in_idle_and_twenty_times_in_a_call() {
    kill_again_and_again(EntryPoint::Memory);
}

#[test]
fn playwright_is_killed_twenty_times_in_idle_and_twenty_times_in_a_call() {
    kill_again_and_again(EntryPoint::Playwright);
}

#[test]
fn git_is_killed_twenty_times_in_idle_and_twenty_times_in_a_call() {
    kill_again_and_again(EntryPoint::Git);
}

#[test]
fn time_is_killed_twenty_times_in_idle_and_twenty_times_in_a_call() {
    kill_again_and_again(EntryPoint::Time);
}

#[test]
fn fastmcp_is_killed_twenty_times_in_idle_and_twenty_times_in_a_call() {
    kill_again_and_again(EntryPoint::FastMcp);
}

#[test]
fn rmcp_is_killed_twenty_times_in_idle_and_twenty_times_in_a_call() {
    kill_again_and_again(EntryPoint::Rmcp);
}

/// Half of the kills in each era that the server has.
fn kill_again_and_again(server: EntryPoint) {
    let world = World::new();
    for &era in server.eras() {
        Killed::connect(&world, server, era).survive(ROUNDS / server.eras().len());
    }
}

struct Killed<'w> {
    world: &'w World,
    server: EntryPoint,
    client: PlainClient,
    lives: Lives,
}

impl<'w> Killed<'w> {
    fn connect(world: &'w World, server: EntryPoint, era: Era) -> Self {
        let client = PlainClient::connect(world, era, &server.run_words(world, NAME));
        let lives = Lives::below(client.process);
        Self { world, server, client, lives }
    }

    fn survive(mut self, rounds: usize) {
        self.expect_new_life();
        let descriptors = self.lives.descriptors();
        for round in 0..rounds {
            self.restart_after(2 * round);
            self.lives.kill();
            self.expect_new_life();
            self.restart_after(2 * round + 1);
            self.die_in_the_middle_of_a_call();
            self.expect_new_life();
        }
        wait::until("no descriptor is left open", || (self.lives.descriptors() <= descriptors).then_some(()));
        let root = self.client.process;
        self.client.close();
        for process in self.lives.seen().iter().chain(&[root]) {
            assert!(process.gone_by(Deadline::usual()), "still alive: {process}");
        }
        self.world.sandbox.assert_clean();
    }

    /// Too many failures in a minute would be the end of it, unless somebody asks for the server.
    fn restart_after(&mut self, kills: usize) {
        if kills > 0 && kills.is_multiple_of(IN_A_ROW) {
            self.world.sandbox.hook(["restart", NAME]).ok();
            self.expect_new_life();
        }
    }

    fn expect_new_life(&mut self) {
        let (method, params) = self.server.request();
        self.client.expect_result(method, params);
        self.lives.next();
    }

    fn die_in_the_middle_of_a_call(&mut self) {
        let token = self.lives.seen().len().to_string();
        let id = match self.server.long_request(&token) {
            Some((method, params)) => {
                let id = self.client.ask(method, params);
                self.client.progress(&token);
                self.lives.kill();
                id
            }
            None => {
                let (method, params) = self.server.request();
                self.lives.kill_in_the_middle_of(|| self.client.ask(method, params))
            }
        };
        let answer = self.client.answer(id);
        let error = &answer["error"];
        assert_eq!(error["code"], -32603, "{answer}");
        let (data, exit) = (&error["data"], json!({"signal": 9}));
        assert_eq!((&data["source"], &data["server"]), (&json!("mcp-hook"), &json!(NAME)), "{answer}");
        assert_eq!((&data["exit"], &data["restarting"]), (&exit, &json!(true)), "{answer}");
    }
}
