//! What runs beside a server that is checked is not held against it.

use std::process::Child;

use serde_json::{Value, json};

use super::{assert_nothing_is_left, codes, connect, define, servers};
use crate::support::Sandbox;

/// A server with one tool, between what its first argument and what its second has it do.
const SERVER: &str = r#"
import json, os, sys, time

exec(sys.argv[1])
for line in sys.stdin:
    request = json.loads(line)
    if request["method"] == "initialize":
        info = {"name": "server", "version": "1"}
        body = {"result": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}}
    elif request["method"] == "tools/list":
        body = {"result": {"tools": [{"name": "add", "inputSchema": {"type": "object"}}]}}
    else:
        body = {"error": {"code": -32601, "message": "Method not found"}}
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **body}), flush=True)
exec(sys.argv[2])
"#;

/// Keeps a process to one processor.
const ON_ONE: &str = "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})";
/// A tenth of a second of work: where twelve others want the processor, it is done after more than a second.
const WORK: &str = "end = time.process_time() + 0.1\nwhile time.process_time() < end: pass";
/// In pieces: of a machine that stands still, only one of them notices nothing.
const PAUSE: &str = "for _ in range(12): time.sleep(0.1)";

fn server(begin: &str, end: &str) -> Value {
    json!({"command": "python3", "args": ["-c", SERVER, begin, end]})
}

/// Programs that keep one processor busy.
struct Hogs(Vec<Child>);

impl Hogs {
    fn start(sandbox: &Sandbox) -> Self {
        let script = format!("import os\n{ON_ONE}\nwhile True: pass");
        let hog = |_| sandbox.command("python3").args(["-c", &script]).spawn().unwrap();
        Self((0..12).map(hog).collect())
    }
}

impl Drop for Hogs {
    fn drop(&mut self) {
        for hog in &mut self.0 {
            hog.kill().unwrap();
            hog.wait().unwrap();
        }
    }
}

#[test]
fn an_end_that_waits_for_a_processor_is_not_slow_and_one_that_pauses_is() {
    let sandbox = Sandbox::new();
    let cases = [("works", WORK), ("pauses", PAUSE)];
    let named = |(name, end): &(&str, &str)| ((*name).to_owned(), server(ON_ONE, end));
    define(&sandbox, &cases.iter().map(named).collect());
    let hogs = Hogs::start(&sandbox);
    let all = servers(&connect(&sandbox, &["--json"]).ok());
    drop(hogs);
    assert!(codes(&all["works"]).is_empty(), "{:#}", all["works"]);
    // Where it also waits for long between its pauses, these may seem to be longer.
    assert!(matches!(codes(&all["pauses"])[..], ["slow-stop" | "ignores-eof"]), "{:#}", all["pauses"]);
    assert_nothing_is_left(&sandbox);
}

/// Comes once `other` runs: makes a file, and has it until nobody checks `other` any more.
const HOLDS: &str = r#"
def await_it(is_so):
    while not is_so():
        time.sleep(0.01)

def is_checked(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False

await_it(lambda: os.path.exists("../other"))
checker = int(open("../other").read())
held = open("held.db", "w")
await_it(lambda: not is_checked(checker))
os.remove("held.db")
"#;
/// Has the same file, too.
const OTHER: &str = r#"
open("../new", "w").write(str(os.getppid()))
os.rename("../new", "../other")
while not os.path.exists("held.db"):
    time.sleep(0.01)
held = open("held.db")
"#;

#[test]
fn a_file_that_another_server_has_is_not_left_by_one_that_had_it_open() {
    let sandbox = Sandbox::new();
    let directory = sandbox.path("home/work");
    std::fs::create_dir(&directory).unwrap();
    let mut pair = [("holds", server(HOLDS, "")), ("other", server(OTHER, ""))];
    pair.iter_mut().for_each(|(_, server)| server["cwd"] = directory.to_str().unwrap().into());
    define(&sandbox, &pair.into_iter().map(|(name, server)| (name.to_owned(), server)).collect());
    let all = servers(&connect(&sandbox, &["--json", "--timeout", "1h"]).ok());
    for (name, server) in all {
        assert!(codes(&server).is_empty(), "{name}: {server:#}");
    }
    assert_nothing_is_left(&sandbox);
}

#[test]
fn what_appears_in_a_directory_where_everybody_writes_is_nobodys_unless_it_was_open() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let directory = sandbox.path("home/work");
    std::fs::create_dir(&directory).unwrap();
    std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o1777)).unwrap();
    let mut server = server("open('passing', 'w').close(); kept = open('kept', 'w')", "");
    server["cwd"] = directory.to_str().unwrap().into();
    define(&sandbox, &[("web".to_owned(), server)].into_iter().collect());
    let web = &servers(&connect(&sandbox, &["--json"]).ok())["web"];
    let message = web["findings"][0]["message"].as_str().unwrap();
    assert!(message.ends_with("home/work: kept"), "{web:#}");
}
