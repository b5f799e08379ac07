use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::*;

const LIMIT: Duration = Duration::from_secs(1);
const DISCOVERED: &str =
    r#"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}}"#;
const LISTED: &str = r#"{"jsonrpc":"2.0","id":3,"result":{"tools":[]}}"#;

fn check(port: u16, now: Instant) -> HealthCheck {
    HealthCheck {
        target: AskTarget::at_port(port),
        settings: health::HealthCheck { every_ms: 0, timeout_ms: 1000, failures: 3 },
        is_followed: true,
        conversation: None,
        asker: None,
        due: Deadline::new(now),
        health: Health::default(),
        is_lost: false,
    }
}

/// Goes on until the server has the question; returns the connection.
fn ask(check: &mut HealthCheck, server: &TcpListener, now: Instant) -> TcpStream {
    assert!(matches!(check.advance(None, now), Pulse::Wait(_)), "it is not answered");
    let (mut connection, _) = server.accept().expect("a connection");
    connection.set_nonblocking(true).expect("set");
    let mut read = Vec::new();
    while !read.ends_with(b"}") {
        assert!(matches!(check.advance(None, now), Pulse::Wait(_)), "it is not answered");
        let mut chunk = [0; 4096];
        if let Ok(length) = connection.read(&mut chunk) {
            assert_ne!(length, 0, "it hung up");
            read.extend(&chunk[..length]);
        }
    }
    connection.set_nonblocking(false).expect("set");
    connection
}

fn answer(mut connection: TcpStream, body: &str) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    connection.write_all((head + body).as_bytes()).expect("it is taken");
}

#[test]
fn an_answer_that_is_looked_at_late_counts_and_the_question_after_it_has_its_time() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a server");
    let now = context::now();
    let mut check = check(server.local_addr().expect("bound").port(), now);
    answer(ask(&mut check, &server, now), DISCOVERED);
    // The machine stood still meanwhile.
    let late = now + 3 * LIMIT;
    let connection = ask(&mut check, &server, late);
    answer(connection, LISTED);
    assert!(matches!(check.advance(None, late + 3 * LIMIT), Pulse::Asked(true)));
    assert_eq!((check.health.failures, &check.health.finding), (0, &None));
}

#[test]
fn a_server_that_stood_still_as_well_is_waited_for_once_more() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a server");
    let now = context::now();
    let mut check = check(server.local_addr().expect("bound").port(), now);
    let _silent = ask(&mut check, &server, now);
    let late = now + 3 * LIMIT;
    assert!(matches!(check.advance(None, late), Pulse::Wait(left) if left == 2 * LIMIT));
    assert!(matches!(check.advance(None, late + 2 * LIMIT), Pulse::Asked(true)));
    assert_eq!(check.health.failures, 1);
}
