//! Who does not read makes the other side wait, and nothing is lost.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::transparent::{BOUND, KIB, MIB, ON_ITS_WAY, assert_bytes, stream};
use crate::support::piped_client::memory;
use crate::support::random::Random;
use crate::support::{PipedClient, Process, Sandbox, wait};

/// How far a process has read the file that is its standard input.
fn position(process: Process) -> usize {
    let info = fs::read_to_string(format!("/proc/{}/fdinfo/0", process.pid)).unwrap();
    info.lines().find_map(|line| line.strip_prefix("pos:")).unwrap().trim().parse().unwrap()
}

#[test]
fn a_client_that_does_not_read_makes_the_server_wait_and_loses_nothing() {
    let (sandbox, mut random) = (Sandbox::new(), Random::seeded(9));
    let said = stream(&mut random, 1, 150, MIB);
    assert!(said.len() > 2 * ON_ITS_WAY);
    sandbox.write("home/said", &said);
    let mut client = PipedClient::run(&sandbox, &[], &["sh", "-c", "cat <said; cat >heard"]);
    let (supervisor, server) = (client.supervisor(), client.server("cat"));
    let is_full = || client.waiting() >= 64 * KIB - 4 * KIB && server.asleep() && supervisor.asleep();
    wait::until("nobody can go on", || is_full().then_some(()));
    assert!(position(server) < ON_ITS_WAY, "the server had printed {} KiB", position(server) / KIB);
    assert!(memory(supervisor, "RssAnon") < BOUND, "{} KiB", memory(supervisor, "RssAnon") / KIB);
    client.hear(said.len());
    let heard = client.finish();
    assert_bytes(&heard.output, &said);
    assert_eq!(heard.status, Some(0));
    sandbox.assert_clean();
}

#[test]
fn a_client_that_reads_only_after_the_server_has_ended_loses_nothing() {
    for mut length in [3 * KIB, 64 * KIB, 100 * KIB, 190 * KIB] {
        let sandbox = Sandbox::new();
        let mut said = String::new();
        while length > 0 {
            length = length.saturating_sub(KIB);
            let _ =
                writeln!(said, "{{\"method\":\"x\",\"params\":{{\"left\":{length},\"x\":\"{}\"}}}}", "x".repeat(KIB));
        }
        sandbox.write("home/said", &said);
        let mut client = PipedClient::run(&sandbox, &[], &["sh", "-c", "cat >heard; cat said; touch over"]);
        let run = client.process();
        client.input = None;
        let over = sandbox.home().join("over");
        let is_stuck = || {
            let below = run.descendants();
            let is_asleep = |title| below.iter().any(|process| process.title() == title && process.asleep());
            is_asleep("cat") && is_asleep("mcp-supervisor") && client.waiting() > 0
        };
        wait::until("the server has ended, or cannot go on", || (over.exists() || is_stuck()).then_some(()));
        assert_bytes(&client.hear_all().output, said.as_bytes());
        sandbox.assert_clean();
    }
}

#[test]
fn a_server_that_does_not_read_makes_the_client_wait_and_loses_nothing() {
    let (sandbox, mut random) = (Sandbox::new(), Random::seeded(10));
    let said = stream(&mut random, 1, 150, MIB);
    let script = "mkfifo gate; read -r go <gate; cat >heard";
    let mut client = PipedClient::run(&sandbox, &[], &["sh", "-c", script]);
    let (supervisor, server) = (client.supervisor(), client.server("sh"));
    let mut input = client.input.take().unwrap();
    let flags = OFlag::from_bits_retain(fcntl(&input, FcntlArg::F_GETFL).unwrap());
    fcntl(&input, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).unwrap();
    let mut taken = 0;
    wait::until("nobody can go on", || {
        let before = taken;
        while let Ok(length) = input.write(&said[taken..]) {
            taken += length;
        }
        (taken == before && taken > 64 * KIB && supervisor.asleep() && server.asleep()).then_some(())
    });
    assert!(taken < ON_ITS_WAY, "{} KiB were taken for a server that does not read", taken / KIB);
    assert!(memory(supervisor, "RssAnon") < BOUND, "{} KiB", memory(supervisor, "RssAnon") / KIB);
    fcntl(&input, FcntlArg::F_SETFL(flags)).unwrap();
    client.input = Some(input);
    let gate = wait::until("the gate", || Some(sandbox.home().join("gate")).filter(|gate| gate.exists()));
    fs::write(gate, "go\n").unwrap();
    client.say(&said[taken..]);
    assert_eq!(client.finish().status, Some(0));
    assert_bytes(&fs::read(sandbox.home().join("heard")).unwrap(), &said);
    sandbox.assert_clean();
}
