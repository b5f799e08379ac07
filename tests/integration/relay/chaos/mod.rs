//! A client that asks and cancels as it likes, a server that does with each call what it likes, and one that dies at any
//! moment: whatever happens, every request has one answer, nothing is made up, and nobody hears of anything stale.
//!
//! `MCP_CHAOS_SEED` and `MCP_CHAOS_MESSAGES` ask for another run, or a longer one.

mod client;
mod judge;

use self::client::{Client, Era};
use crate::support::Sandbox;

/// How many messages each client says.
const MESSAGES: usize = 5_000;

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

fn run(era: Era) {
    let seed = u64::try_from(number("MCP_CHAOS_SEED", 9)).unwrap();
    eprintln!("MCP_CHAOS_SEED={seed} {era:?}");
    let sandbox = Sandbox::new();
    let mut client = Client::connect(&sandbox, era, seed);
    for _ in 0..number("MCP_CHAOS_MESSAGES", MESSAGES) {
        client.step();
    }
    let story = client.finish();
    let log = std::fs::read_to_string(sandbox.home().join("log")).unwrap();
    judge::judge(&story, &log);
    sandbox.assert_clean();
}

#[test]
fn every_request_has_one_answer_whatever_a_client_of_the_handshake_and_its_servers_do() {
    run(Era::Handshake);
}

#[test]
fn every_request_has_one_answer_whatever_a_stateless_client_and_its_servers_do() {
    run(Era::Stateless);
}
