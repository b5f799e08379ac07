//! What an agent does not reach, and what it is not told.

use std::fs;

use serde_json::json;

use super::session_client::{SessionClient, text};
use super::{definitions, named, open};
use crate::support::defined_session::define;
use crate::support::{Sandbox, Shell, Terminal, wait};

#[test]
fn the_servers_of_another_session_are_not_reached() {
    let sandbox = Sandbox::new();
    definitions(&sandbox);
    let (_terminal, mut agent) = open(&sandbox);
    let mut other = Terminal::open(&sandbox, Shell::Bash);
    other.run("mcp-hook start web").ok();
    let status = agent.data("server_status", &json!({}));
    assert_eq!(status["servers"], json!([]));
    let refused = ["server_stop", "server_restart", "server_logs", "server_status"]
        .map(|tool| format!("{tool}: {}\n", agent.refusal(tool, &named("web"))));
    let root = fs::canonicalize(sandbox.root()).unwrap();
    let id = status["session"].as_str().unwrap();
    insta::assert_snapshot!(refused.concat().replace(root.to_str().unwrap(), "").replace(id, "ID"));
    assert_eq!(sandbox.server("web").unwrap()["restarts"], 0);
    let started = agent.data("server_start", &named("web"));
    assert_eq!(started["server"]["restarts"], 0);
    assert_eq!(other.run("mcp-hook status --json").ok().json()["sessions"][0]["servers"].as_array().unwrap().len(), 1);
}

#[test]
fn a_name_that_is_none_reaches_no_file() {
    let sandbox = Sandbox::new();
    let (_terminal, mut agent) = open(&sandbox);
    for name in ["../x", "session", "", "-v", "a b", "a\nb", "é"] {
        for tool in ["server_logs", "server_start", "server_check"] {
            let said = agent.refusal(tool, &named(name));
            assert!(said.contains("server name") && said.contains("hint: server_status shows the names"), "{said}");
        }
    }
}

#[test]
fn an_agent_does_not_end_its_own_connection() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let mut agent = SessionClient::start(&sandbox, &mut terminal, "mcp-hook run own -- sh -c 'mcp-hook mcp; :'");
    let refused = ["server_stop", "server_restart"].map(|tool| agent.refusal(tool, &named("own")) + "\n");
    insta::assert_snapshot!(refused.concat(), @r"
    could not stop own: mcp-hook mcp itself, which was asked for it, runs in it
    hint: mcp-hook stop own in a terminal does it
    could not restart own: mcp-hook mcp itself, which was asked for it, runs in it
    hint: mcp-hook restart own in a terminal does it
    ");
    assert_eq!(sandbox.server("own").unwrap()["restarts"], 0);
    terminal.run("mcp-hook start web -- sleep 1000").ok();
    assert_eq!(agent.data("server_stop", &named("web"))["server"]["state"], "stopped");
    agent.data("server_start", &named("web"));
    agent.finish();
    assert_eq!(sandbox.server("web").unwrap()["state"], "running", "it outlives the server that its agent was in");
}

#[test]
fn what_a_project_defines_is_not_started_before_it_was_allowed() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.mcp.json", r#"{"mcpServers": {"web": {"command": "sleep", "args": ["1000"]}}}"#);
    let (mut terminal, mut agent) = open(&sandbox);
    assert_eq!(agent.data("server_status", &json!({}))["startable"], json!([]));
    let refused = agent.refusal("server_start", &named("web"));
    assert!(
        refused.contains("it has not been allowed (not-allowed)\nhint: look at the file, then: mcp-hook allow"),
        "{refused}"
    );
    let checked = agent.call("server_check", &named("web"));
    assert_eq!(checked["structuredContent"]["findings"][0]["code"], "not-allowed", "{checked}");
    terminal.run("mcp-hook allow --yes").ok();
    assert_eq!(agent.data("server_start", &named("web"))["server"]["state"], "running");
}

/// Prints secrets, what a terminal would obey, and a great deal.
const LOUD: &str = r#"
printf 'token %s\n' "$API_TOKEN" >&2
printf '\033[31mred\033[0m \033]0;title\007 \033[2J\n'
i=0; while [ $i -lt 1000 ]; do i=$((i+1)); printf '%s %0500d\n' $i 7; done
printf '%09000d\n' 1
echo last
exec sleep 1000
"#;

#[test]
fn what_a_server_prints_is_tamed_masked_and_bounded() {
    let sandbox = Sandbox::new();
    let loud = sandbox.write("home/loud.sh", LOUD);
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.run("export API_TOKEN=hunter2-and-more").ok();
    terminal.run(&format!("mcp-hook start loud --ready-log '^last$' -- sh {}", loud.display())).ok();
    let mut agent = SessionClient::start(&sandbox, &mut terminal, "mcp-hook mcp");
    let errors = agent.call("server_logs", &json!({ "name": "loud", "errors": true }));
    assert!(text(&errors).contains("err token ***"), "{errors}");
    let all = agent.call("server_logs", &json!({ "name": "loud", "lines": 1000 }));
    let lines = all["structuredContent"]["lines"].as_array().unwrap();
    assert!(all["structuredContent"]["left_out"].as_u64().unwrap() + lines.len() as u64 == 1000, "{}", lines.len());
    assert!(text(&all).len() < 40 << 10, "{}", text(&all).len());
    assert!(text(&all).starts_with('('), "that lines are missing is said first");
    let long = lines.iter().map(|line| line["text"].as_str().unwrap()).find(|line| line.ends_with('…')).unwrap();
    assert!(long.len() < 4200);
    assert!(lines.iter().any(|line| line["text"] == "last"));
    let few = agent.data("server_logs", &json!({ "name": "loud", "lines": 2 }));
    assert_eq!(few["left_out"], 0);

    terminal.run(r"mcp-hook start rude --ready-log end -- printf '\033[31mred\033[0m \033]0;t\007 \033[2J\nend\n'");
    let rude = agent.data("server_logs", &named("rude"));
    let texts: Vec<&str> = rude["lines"].as_array().unwrap().iter().filter_map(|line| line["text"].as_str()).collect();
    assert!(texts.contains(&r"red \u{1b}]0;t\u{7} \u{1b}[2J"), "{texts:?}");
}

#[test]
fn of_a_server_that_fails_the_last_words_are_tamed_masked_and_bounded_wherever_they_are_shown() {
    let sandbox = Sandbox::new();
    let script = r"printf '\033[31m%s\033[0m \033]0;t\007\n' $API_TOKEN >&2; printf '%09000d\n' 1 >&2; exit 3";
    define(&sandbox, &json!({ "rude": { "command": "sh", "args": ["-c", script] } }));
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.run("export API_TOKEN=hunter2-and-more").ok();
    let mut agent = SessionClient::start(&sandbox, &mut terminal, "mcp-hook mcp");
    let started = agent.refusal("server_start", &named("rude"));
    let status = agent.call("server_status", &named("rude"));
    let checked = agent.call("server_check", &named("rude"));
    let said = format!("{status}{checked}");
    for text in [&started, &text(&status), &text(&checked)] {
        assert!(text.contains(r"*** \u{1b}]0;t\u{7}"), "{text}");
        assert!(text.contains("000…") && text.lines().all(|line| line.len() < 4200), "{text}");
    }
    let words = [&status["structuredContent"]["servers"][0]["last_words"], &checked["structuredContent"]["stderr"]];
    for words in words {
        assert_eq!(words[0], r"*** \u{1b}]0;t\u{7}");
        assert!(words[1].as_str().unwrap().len() < 4200, "{words}");
    }
    assert!(!said.contains("hunter2") && !started.contains("hunter2"));
}

#[test]
fn what_a_client_has_told_only_its_server_is_masked_while_the_client_is_there() {
    let sandbox = Sandbox::new();
    definitions(&sandbox);
    let (mut terminal, mut agent) = open(&sandbox);
    let script = r#"echo "with $GITHUB_TOKEN" >&2; exec python3 tickets.py"#;
    let run = format!("env GITHUB_TOKEN=ghp-0123456789 mcp-hook run tickets -- sh -c '{script}'");
    let client = SessionClient::start(&sandbox, &mut terminal, &run);
    let mut log = || {
        let log = text(&agent.call("server_logs", &named("tickets")));
        log.contains("err with ").then_some(log)
    };
    let while_it_runs = wait::until("it has said so", &mut log);
    terminal.run("mcp-hook stop tickets").ok();
    for log in [while_it_runs, log().expect("its words")] {
        assert!(log.contains("err with ***"), "{log}");
    }
    client.finish();
}

#[test]
fn a_client_in_no_session_is_told_how_to_get_one() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("sh");
    let asked = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"server_status"}}"#;
    let output = sandbox.run(command.args(["-c", &format!("echo '{asked}' | mcp-hook mcp")])).ok();
    let answer: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(answer["result"]["isError"], true);
    insta::assert_snapshot!(text(&answer["result"]));
}
