//! A copy of a server finds what the server would find, and touches nothing of one that runs.

use serde_json::json;

use super::{assert_nothing_is_left, connect, define, servers};
use crate::support::{DefinedSession, Sandbox};

#[test]
fn a_copy_has_the_environment_the_directory_and_the_configuration_of_its_server() {
    let sandbox = Sandbox::new();
    sandbox.env("API_KEY", "open-sesame");
    sandbox.write("home/template.json", "{\"host\": \"pve1\"}");
    let script = "echo $API_KEY; echo $PWD $API_KEY $EXTRA >&2; cat \"$MCP_CONFIG_FILE\" >&2; echo >&2; exit 1";
    let hook = json!({
        "config": {"source": sandbox.home().join("template.json")},
        "environmentVariables": [{"name": "API_KEY", "isSecret": true}],
    });
    let directory = sandbox.path("bin");
    let entry =
        json!({"command": "sh", "args": ["-c", script], "cwd": directory, "env": {"EXTRA": "more"}, "hook": hook});
    define(&sandbox, &[("web".to_owned(), entry)].into_iter().collect());
    let output = connect(&sandbox, &["--json"]).expect_code(1);
    assert!(output.stdout.contains("on standard output: \\\"***\\\"") && !output.stdout.contains("sesame"), "{output}");
    let all = servers(&output);
    let expected = json!([format!("{} *** more", directory.display()), "{\"host\": \"pve1\"}"]);
    assert_eq!(all["web"]["stderr"], expected, "{:#}", all["web"]);
    assert_nothing_is_left(&sandbox);
}

#[test]
fn a_server_that_runs_in_the_session_is_left_alone() {
    let sandbox = Sandbox::new();
    let script = "echo $MCP_PID_FILE >&2; cat";
    define(&sandbox, &[("web".to_owned(), json!({"command": "sh", "args": ["-c", script]}))].into_iter().collect());
    let mut session = DefinedSession::open(&sandbox);
    session.hook("start web").ok();
    let before = sandbox.server("web").unwrap();
    let checked = session.terminal.run("mcp-hook check --connect web; mcp-hook check web").ok();
    assert!(checked.stdout.contains("echo:"), "{checked}");
    let after = sandbox.server("web").unwrap();
    assert_eq!((&before["pid"], &before["state"]), (&after["pid"], &after["state"]));
    session.end();
}
