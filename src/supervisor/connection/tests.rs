use std::io::Write;

use super::*;
use crate::sys::fd;

const RECORD: &str = include_str!("../../../tests/fixtures/record-v1.json");
const ASKED: &[u8] =
    b"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-06-18\"}}\n";
const ANSWER: &[u8] =
    b"{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{}}}\n";

/// Connects a server; returns the other ends of its input and its output.
fn start(connection: &mut Connection, now: Instant) -> (File, File) {
    let (stdin, input) = fd::pipe().expect("a pipe");
    let (output, stdout) = fd::pipe().expect("a pipe");
    fd::make_nonblocking(&input).expect("set");
    fd::make_nonblocking(&output).expect("set");
    connection.connect(ServerEnds { input, output }, Duration::from_secs(1), now);
    (stdin, stdout)
}

fn wakes(connection: &Connection, end: ConnectionEnd) -> bool {
    let mut poller = Poller::new(Some(Duration::ZERO));
    connection.register(&mut poller, |end| end);
    poller.wait().contains(&end)
}

#[test]
fn what_a_successor_answers_is_taken_although_its_client_takes_nothing() {
    let record: ServerRecord = serde_json::from_str(RECORD).expect("version 1");
    let (input, mut client) = fd::pipe().expect("a pipe");
    let (_unread, output) = fd::pipe().expect("a pipe");
    let now = context::now();
    let mut connection = Connection::new(&record, input.into(), output.into());
    let (_stdin, mut stdout) = start(&mut connection, now);
    client.write_all(ASKED).expect("asked");
    connection.serve(ConnectionEnd::ClientInput, now);
    stdout.write_all(ANSWER).expect("answered");
    connection.serve(ConnectionEnd::ServerOutput, now);
    let line = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":\"{}\"}}\n", "y".repeat(4000));
    while connection.undelivered() < ENOUGH {
        stdout.write_all(line.as_bytes()).expect("said");
        connection.serve(ConnectionEnd::ServerOutput, now);
    }
    stdout.write_all(line.as_bytes()).expect("said");
    assert!(!wakes(&connection, ConnectionEnd::ServerOutput), "a server waits for its client");

    let death = Death { exit: None, stderr: Vec::new(), why: String::new() };
    connection.server_ended(&death, Next::Now, now);
    let (_stdin, mut stdout) = start(&mut connection, now);
    assert!(connection.is_replaying());
    stdout.write_all(ANSWER).expect("answered");
    assert!(wakes(&connection, ConnectionEnd::ServerOutput), "its answer is no message for the client");
    connection.serve(ConnectionEnd::ServerOutput, now);
    assert!(!connection.is_replaying());
}
