//! What is counted of that which passes between a client and its server, and what is said of it.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Output, PipedClient, Sandbox, wait};

/// A server that answers as it is told by the method: it fails, never answers, prints something else, or ends. It has as
/// many tools, and speaks the version, that the files `tools` and `version` say.
const SERVER: &str = r#"
answer() { printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"; }
while read -r line; do
    case $line in *'"id":'*) ;; *) continue ;; esac
    id=${line#*'"id":'}
    id=${id%%[,\}]*}
    case $line in
        *'"initialize"'*) answer '"result":{"protocolVersion":"'"$(cat version)"'","capabilities":{"tools":{}}}' ;;
        *'"tools/list"'*) answer '"result":{"tools":['"$(cat tools)"']}' ;;
        *'"test/fail"'*) answer '"error":{"code":-32000,"message":"no"}' ;;
        *'"test/print"'*) echo up and running && answer '"result":{}' ;;
        *'"test/die"'*) kill -9 $$ ;;
        *'"test/leave"'*) answer '"result":{}' && exit ;;
        *'"test/hang"'*) ;;
        *) answer '"result":{}' ;;
    esac
done
"#;
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a-test","version":"1"}}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("home/version", "2025-11-25");
    sandbox.write("home/tools", "{},{},{}");
    sandbox
}

fn serve<'s>(sandbox: &'s Sandbox, options: &[&str]) -> PipedClient<'s> {
    PipedClient::run(sandbox, options, &["sh", "-c", SERVER])
}

/// A client with its server, after their handshake.
fn connect(sandbox: &Sandbox) -> PipedClient<'_> {
    let mut client = serve(sandbox, &[]);
    say(&mut client, INITIALIZE);
    hear(&mut client);
    say(&mut client, INITIALIZED);
    client
}

fn say(client: &mut PipedClient<'_>, message: &str) {
    client.say(format!("{message}\n"));
}

fn hear(client: &mut PipedClient<'_>) -> Value {
    serde_json::from_slice(&client.hear_line()).unwrap()
}

fn ask(client: &mut PipedClient<'_>, id: u32, method: &str) {
    say(client, &format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#));
}

/// Asks and waits for the answer; what the server says of its own accord before is left out.
fn call(client: &mut PipedClient<'_>, id: u32, method: &str) -> Value {
    ask(client, id, method);
    loop {
        let answer = hear(client);
        if answer["id"] == id {
            return answer;
        }
    }
}

/// What `status` says of the server once it is as wanted.
fn server_when(sandbox: &Sandbox, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    wait::until(what, || sandbox.server("server").filter(&is_so))
}

/// A command on the only session there is.
fn in_session(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let status = sandbox.status();
    let session = status["sessions"][0]["id"].as_str().unwrap();
    sandbox.hook([arguments, &["--session", session]].concat())
}

fn me() -> u32 {
    std::process::id()
}

#[test]
fn requests_errors_open_calls_and_stray_lines_are_counted_and_shown_everywhere() {
    let sandbox = sandbox();
    let mut client = connect(&sandbox);
    for (id, method) in [(1, "tools/list"), (2, "tools/call"), (3, "tools/call"), (4, "test/fail"), (5, "test/print")] {
        call(&mut client, id, method);
    }
    ask(&mut client, 6, "test/hang");
    let server = server_when(&sandbox, "seven requests", |server| server["traffic"]["requests"] == 7);
    let traffic = &server["traffic"];
    let keys: Vec<_> = traffic.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["errors", "in_flight", "last", "methods", "requests", "stray_lines"]);
    assert_eq!((&traffic["errors"], &traffic["in_flight"], &traffic["stray_lines"]), (&1.into(), &1.into(), &1.into()));
    assert!(traffic["last"].as_u64().is_some_and(|last| last > 1_700_000_000_000), "{traffic}");
    let calls = &traffic["methods"]["tools/call"];
    assert_eq!((&calls["count"], &calls["errors"]), (&2.into(), &0.into()));
    assert!(calls["median_ms"].as_f64() <= calls["max_ms"].as_f64() && calls["max_ms"].as_f64() > Some(0.0), "{calls}");
    assert_eq!(traffic["methods"]["test/fail"]["errors"], 1);
    assert_eq!(traffic["methods"]["test/hang"], json!({"count": 1, "errors": 0, "median_ms": null, "max_ms": null}));
    assert_eq!(server["client"], json!({"pid": me(), "name": "a-test"}));

    let table = in_session(&sandbox, &["status"]).ok().stdout;
    assert!(table.contains("CLIENT") && table.contains("a-test"), "{table}");
    let details = in_session(&sandbox, &["status", "server"]).ok().stdout;
    for line in [
        &format!("client      a-test, pid {}\n", me()),
        "requests    7, 1 error, 1 open for ",
        "methods     tools/call  2, median ",
        "test/fail   1, median ",
        ", 1 error\n",
        "messages    the last one ",
        "stray lines 1\n",
    ] {
        assert!(details.contains(line), "{line}\n{details}");
    }
    client.finish();
}

#[test]
fn nothing_that_a_message_says_is_written_anywhere() {
    let sandbox = sandbox();
    let mut client = connect(&sandbox);
    say(&mut client, r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a-s3cret"}}"#);
    hear(&mut client);
    server_when(&sandbox, "both requests", |server| server["traffic"]["requests"] == 2);
    let files = sandbox.run(sandbox.command("grep").args(["-r", "a-s3cret"]).arg(sandbox.root()));
    assert_eq!((files.code(), files.stdout.as_str()), (1, ""));
    client.finish();
}

#[test]
fn without_the_relay_the_client_is_known_and_nothing_is_counted() {
    let sandbox = sandbox();
    let mut client = serve(&sandbox, &["--direct"]);
    say(&mut client, INITIALIZE);
    hear(&mut client);
    let server = sandbox.server("server").unwrap();
    assert_eq!((&server["client"]["pid"], &server["traffic"]), (&me().into(), &Value::Null));
    client.finish();
}

#[test]
fn a_call_in_which_the_server_dies_is_an_error_and_what_its_successor_lacks_is_told() {
    let sandbox = sandbox();
    let mut client = connect(&sandbox);
    call(&mut client, 1, "tools/list");
    sandbox.write("home/version", "2025-06-18");
    sandbox.write("home/tools", "{}");
    let failed = call(&mut client, 2, "test/die");
    assert_eq!(failed["error"]["data"]["source"], "mcp-hook");
    call(&mut client, 3, "tools/list");
    let server = server_when(&sandbox, "four requests", |server| {
        server["traffic"]["requests"] == 4 && server["traffic"]["in_flight"] == 0
    });
    let traffic = &server["traffic"];
    assert_eq!((&traffic["errors"], &server["restarts"]), (&1.into(), &1.into()));
    let told =
        ["it speaks protocol version 2025-06-18, its predecessor 2025-11-25", "it has 1 tools, its predecessor had 3"];
    assert_eq!(server["warnings"], json!(told));
    let details = in_session(&sandbox, &["status", "server"]).ok().stdout;
    assert!(details.contains("restarts    1 under this client\n"), "{details}");
    let log = in_session(&sandbox, &["logs", "server"]).ok().stdout;
    for difference in told {
        assert!(log.contains(difference) && details.contains(&format!("warning: {difference}")), "{log}{details}");
    }
    client.finish();
}

#[test]
fn a_server_that_left_is_idle_in_every_view_until_its_client_asks_again() {
    let sandbox = sandbox();
    let mut client = connect(&sandbox);
    call(&mut client, 1, "test/leave");
    server_when(&sandbox, "it is idle", |server| server["state"] == "idle");
    let shown = in_session(&sandbox, &["status", "server"]).expect_code(3).stdout;
    assert!(shown.contains("○ server  idle"), "{shown}");
    assert!(shown.contains("it ended by itself: exit status 0; its client's next request starts it"), "{shown}");
    assert!(shown.contains("requests    2\n"), "{shown}");
    call(&mut client, 2, "tools/list");
    server_when(&sandbox, "it runs again", |server| server["traffic"]["requests"] == 3);
    client.finish();
}

/// Makes it so long ago that a server heard of its client, as its record has it.
fn silence(sandbox: &Sandbox, name: &str, hours: u64) {
    let session = sandbox.status()["sessions"][0]["id"].as_str().unwrap().to_owned();
    let file = sandbox.runtime().join("pids").join(session).join(format!("{name}.json"));
    let mut record: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let last = record["traffic"]["last"].as_u64().unwrap();
    record["traffic"]["last"] = (last - hours * 3_600_000).into();
    fs::write(&file, record.to_string()).unwrap();
}

#[test]
fn several_servers_of_one_name_and_long_silence_are_pointed_out() {
    let sandbox = sandbox();
    let mut clients = [connect(&sandbox), connect(&sandbox)];
    let is_counted = |server: &Value| server["traffic"]["last"].is_u64() && server["state"] == "running";
    wait::until("both are recorded", || sandbox.server("server.2").filter(is_counted));
    wait::until("both are recorded", || sandbox.server("server").filter(is_counted));
    silence(&sandbox, "server.2", 3);
    let shown = in_session(&sandbox, &["status"]).ok().stdout;
    let same = format!(
        "a-test (pid {}) runs 2 servers that it calls server (server, server.2); this one has been silent for longest",
        me()
    );
    let quiet = format!("no message of a-test (pid {}) has passed for 3h 00m", me());
    let stop = "mcp-hook stop server.2";
    assert!(shown.contains(&format!("warning: {same}; {stop} ends it\n")), "{shown}");
    assert!(
        shown.contains(&format!("warning: {quiet}; run --idle 30m ends it until it is needed again; {stop}")),
        "{shown}"
    );
    assert_eq!(sandbox.server("server").unwrap()["warnings"], json!([]));
    let doctor = sandbox.hook(["doctor"]).stdout;
    for text in [&same, &quiet] {
        assert!(doctor.contains(&format!("server.2: {text}\n")), "{doctor}");
    }
    assert!(doctor.contains(&format!("hint: {stop} --session ")), "{doctor}");
    ask(&mut clients[1], 1, "ping");
    hear(&mut clients[1]);
    let is_heard = || sandbox.server("server.2").filter(|server| server["traffic"]["requests"] == 2);
    let heard = wait::until("it is heard of again", is_heard);
    assert_eq!(heard["warnings"], json!([]));
    clients.into_iter().for_each(|client| drop(client.finish()));
}
