//! `check --connect` of a server that is a container.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Container, Engine, Sandbox};

/// An MCP server that waits for a file before it reads, and ends by nothing but SIGKILL.
const SERVER: &str = r#"trap '' TERM INT HUP
until [ -e /gate/open ]; do sleep 0.1; done
answer() { id=${line#*'"id":'}; printf '{"jsonrpc":"2.0","id":%s,%s}\n' "${id%%[,\}]*}" "$1"; }
while read -r line; do
  case $line in
    *'"method":"initialize"'*)
      answer '"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"boxed","version":"1"}}' ;;
    *'"method":"tools/list"'*) answer '"result":{"tools":[{"name":"add","inputSchema":{"type":"object"}}]}' ;;
    *'"id":'*) answer '"error":{"code":-32601,"message":"Method not found"}' ;;
  esac
done
while :; do sleep 1000; done"#;

/// Checks that server in a container; once that runs, `meanwhile` is called before it answers.
#[track_caller]
fn check(sandbox: &Sandbox, container: &Container<'_>, meanwhile: impl FnOnce()) -> Value {
    fs::create_dir(sandbox.path("gate")).unwrap();
    let gate = format!("{}:/gate", sandbox.path("gate").display());
    let words = container.command(&["--rm", "-v", &gate], SERVER);
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    let checking = command.args(["check", "--connect", "--json", "--"]).args(words).stdout(Stdio::piped()).spawn();
    let checking = checking.unwrap();
    container.wait_running();
    meanwhile();
    fs::write(sandbox.path("gate/open"), "").unwrap();
    let output = checking.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let server = report["servers"][0].clone();
    assert_eq!((&server["server"]["name"], &server["tools"]), (&json!("boxed"), &json!(1)), "{server:#}");
    server
}

fn finding<'v>(server: &'v Value, code: &str) -> Option<&'v Value> {
    server["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == code)
}

#[test]
fn case_58_a_check_ends_a_container_that_does_not_end_by_itself() {
    let Some(engine) = Engine::shared("case_58_check") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(engine, &sandbox);
    let server = check(&sandbox, &container, || {});
    assert!(finding(&server, "ignores-eof").is_some(), "{server:#}");
    assert_eq!(finding(&server, "leaves-container"), None);
    container.assert_gone();
    sandbox.assert_clean();
}

#[test]
fn case_58_a_container_that_a_check_could_not_end_is_named_with_the_command_that_does() {
    let Some(engine) = Engine::own("case_58_check_away") else { return };
    let sandbox = Sandbox::new();
    let container = Container::new(&engine, &sandbox);
    let (socket, aside) = (engine.socket(), engine.socket().with_extension("away"));
    let mut id = String::new();
    let server = check(&sandbox, &container, || {
        id = container.wait_running();
        fs::rename(&socket, &aside).unwrap();
    });
    fs::rename(&aside, &socket).unwrap();
    assert_eq!(engine.state(&id).as_deref(), Some("running"));
    let found = finding(&server, "leaves-container").unwrap_or_else(|| panic!("{server:#}"));
    let (message, remedy) = (found["message"].as_str().unwrap(), found["hint"].as_str().unwrap());
    assert!(message.starts_with(&format!("its container {} is still there: ", &id[..12])), "{found:#}");
    sandbox.run(sandbox.command("sh").args(["-c", remedy])).ok();
    container.assert_gone();
    sandbox.assert_clean();
}
