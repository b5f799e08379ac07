//! `run --idle`: a server rests while nobody needs it.

use std::fs;

use nix::sys::stat::Mode;
use serde_json::json;

use super::stdio_client::{StdioClient, server};
use crate::support::Sandbox;
use crate::support::process::Process;

const SHORT: [&str; 2] = ["--idle", "300ms"];

#[test]
fn a_server_that_nobody_needs_is_ended_until_the_next_message() {
    let sandbox = Sandbox::new();
    sandbox.write("home/server.py", server("one"));
    let mut client = StdioClient::start(&sandbox, "web", &SHORT, "server.py");
    let first = client.call();
    for _ in 0..2 {
        let record = client.await_record("the rest", |record| record["state"]["is"] == "idle");
        assert_eq!(record["state"]["end"]["reason"], "idle", "{record}");
        let seen = sandbox.server("web").unwrap();
        assert_eq!((&seen["state"], &seen["reason"]), (&json!("idle"), &json!("it was idle for 300ms")));
        assert_ne!(client.call(), first, "a new one answers");
    }
    client.await_record("the rest", |record| record["state"]["is"] == "idle");
    client.end();
    sandbox.assert_clean();
}

#[test]
fn a_server_with_an_open_call_or_a_subscription_is_not_idle() {
    let sandbox = Sandbox::new();
    sandbox.write("home/server.py", server("one"));
    nix::unistd::mkfifo(&sandbox.path("home/hold"), Mode::S_IRWXU).unwrap();
    let mut busy = StdioClient::start(&sandbox, "busy", &SHORT, "server.py");
    let pid = busy.call();
    let call = busy.ask("tools/call", &json!({ "name": "hold" }));
    let mut subscribed = StdioClient::start(&sandbox, "subscribed", &SHORT, "server.py");
    let of_subscribed = subscribed.call();
    subscribed.request("resources/subscribe", &json!({ "uri": "file:///x" }));
    // Two that begin later and rest meanwhile show that the time is over.
    for name in ["third", "fourth"] {
        let quiet = StdioClient::start(&sandbox, name, &SHORT, "server.py");
        quiet.await_record("the rest", |record| record["state"]["is"] == "idle");
        quiet.end();
    }
    fs::write(sandbox.path("home/hold"), "go on").unwrap();
    assert_eq!(busy.text(call), pid);
    assert_eq!(subscribed.call(), of_subscribed);
    busy.end();
    subscribed.end();
    sandbox.assert_clean();
}

#[test]
fn what_arrives_while_it_is_being_ended_is_answered_by_the_next() {
    let sandbox = Sandbox::new();
    let slow = format!(
        "import signal\nsignal.signal(signal.SIGTERM, lambda *_: exit(open('hold').read()))\n{}",
        server("one")
    );
    sandbox.write("home/server.py", slow);
    nix::unistd::mkfifo(&sandbox.path("home/hold"), Mode::S_IRWXU).unwrap();
    let options = ["--grace", "30s", "--idle", "300ms"];
    let mut client = StdioClient::start(&sandbox, "web", &options, "server.py");
    let first = client.call();
    client.await_record("its end", |record| record["state"]["is"] == "stopping");
    let call = client.ask("tools/call", &json!({ "name": "pid" }));
    fs::write(sandbox.path("home/hold"), "end now").unwrap();
    // The next one finds nothing to wait for.
    fs::remove_file(sandbox.path("home/hold")).unwrap();
    assert_ne!(client.text(call), first);
    client.end();
    sandbox.assert_clean();
}

#[test]
#[cfg(target_os = "linux")]
fn one_that_takes_long_to_end_is_waited_for_in_peace() {
    let sandbox = Sandbox::new();
    let stubborn = format!("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{}", server("one"));
    sandbox.write("home/server.py", stubborn);
    let mut client = StdioClient::start(&sandbox, "web", &["--grace", "30s", "--idle", "300ms"], "server.py");
    let pid = client.call();
    client.await_record("its end", |record| record["state"]["is"] == "stopping");
    let supervisor = sandbox.server("web").unwrap()["supervisor_pid"].to_string();
    let before = ticks(&supervisor);
    let begin = ticks("thread-self");
    while ticks("thread-self") < begin + 40 {}
    let took = ticks(&supervisor) - before;
    assert!(took < 20, "{took} ticks, while this test took 40");
    crate::support::watchers::kill(Process::with_pid(pid.parse().unwrap()).unwrap());
    client.end();
    sandbox.assert_clean();
}

/// How much a process has worked, in clock ticks.
#[cfg(target_os = "linux")]
fn ticks(process: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    [11, 12].map(|field| fields[field].parse::<u64>().unwrap()).iter().sum()
}

#[test]
fn who_does_not_see_the_messages_cannot_tell_whether_there_are_any() {
    let sandbox = Sandbox::new();
    let direct = sandbox.hook(["run", "--direct", "--idle", "30m", "web", "--", "cat"]).expect_code(2).stderr;
    assert!(direct.contains("'--direct' cannot be used with '--idle <TIME>'"), "{direct}");
    let background = sandbox.hook(["start", "--idle", "30m", "web", "--", "cat"]).expect_code(2).stderr;
    assert!(background.contains("unexpected argument '--idle'"), "{background}");
    let never = sandbox.hook(["run", "--idle", "0s", "web", "--", "cat"]).expect_code(2).stderr;
    assert!(never.contains("it must be 1ms or more"), "{never}");
}
