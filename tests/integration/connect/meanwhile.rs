//! What a server does while no answer comes, by a process that does it.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::{assert_nothing_is_left, codes, connect, define, servers};
use crate::support::Sandbox;

#[test]
fn what_a_silent_server_does_is_told_from_its_processes() {
    let sandbox = Sandbox::new();
    let file = std::fs::File::create(sandbox.path("locked")).unwrap();
    file.lock().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let python = |script: &str| json!({"command": "python3", "args": ["-c", script]});
    let cases: Vec<(&str, Value, &str)> = vec![
        ("reads", python("import sys; sys.stdin.read()"), "it reads its standard input"),
        (
            "locked",
            json!({"command": "flock", "args": [sandbox.path("locked"), "cat"]}),
            "it waits for a lock that another process has",
        ),
        (
            "network",
            python(&format!("import socket; socket.create_connection(('127.0.0.1', {port})).recv(1)")),
            "it waits for an answer from the network",
        ),
        ("terminal", python("import os; os.read(os.openpty()[1], 1)"), "it waits for somebody to type on a terminal"),
        ("spins", python("while True: pass"), "it computes without a pause"),
        (
            "listens",
            python("import socket; s = socket.create_server(('127.0.0.1', 0)); s.accept()"),
            "it waits for connections",
        ),
        ("idle", json!({"command": "sleep", "args": ["1000"]}), "it waits for another process, a signal or the clock"),
    ];
    define(&sandbox, &cases.iter().map(|(name, entry, _)| ((*name).to_owned(), entry.clone())).collect());
    let all = servers(&connect(&sandbox, &["--json", "--timeout", "30s"]).expect_code(1));
    for (name, _, doing) in cases {
        let server = &all[name];
        assert_eq!(codes(server), ["no-answer"], "{server:#}");
        let message = server["findings"][0]["message"].as_str().unwrap();
        let seen = format!("there is no answer after 30 s; {doing}, for ");
        assert!(message.starts_with(&seen) && message.ends_with(" s"), "{name}: {message}");
    }
    assert_nothing_is_left(&sandbox);
}

#[test]
fn what_it_has_said_tells_what_helps() {
    let sandbox = Sandbox::new();
    let script = "echo 'connect ECONNREFUSED 127.0.0.1:5432, retrying' >&2; exec sleep 1000";
    define(&sandbox, &[("waits".to_owned(), json!({"command": "sh", "args": ["-c", script]}))].into_iter().collect());
    let server = &servers(&connect(&sandbox, &["--json", "--timeout", "5s"]).expect_code(1))["waits"];
    assert_eq!(server["findings"][0]["hint"], "start the service that it connects to", "{server:#}");
    assert_eq!(server["stderr"][0], "connect ECONNREFUSED 127.0.0.1:5432, retrying");
}
