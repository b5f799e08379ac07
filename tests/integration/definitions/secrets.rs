//! A secret reaches the server and nothing else.

use std::fs;

use serde_json::json;

use super::hook_in;
use crate::support::DefinedSession;
use crate::support::defined_session::write_user;
use crate::support::defined_session::{define, entry, files};
use crate::support::{BackgroundSession, Sandbox, wait};

const TOKEN: &str = r#"t0ken"with\quotes"#;
const PASSWORD: &str = "p4ssword-of-pve1";
const OWN: &str = "0wn-of-the-definition";
const KEY: &str = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----";
/// Prints all it knows on both streams, in several ways, and ends badly if told to.
const TALKER: &str = r#"#!/bin/sh
env; env >&2
printf '%s\n' "$@"
python3 -c 'import json, os; print(json.dumps(dict(os.environ)))' >&2
python3 - <<'END'
import base64, os, urllib.parse
for name in ["TOKEN", "PVE_PASSWORD", "OWN"]:
    value = os.environ[name]
    for text in [urllib.parse.quote(value), urllib.parse.quote(value, safe=""), urllib.parse.quote_plus(value)]:
        print(name, "in urls:", text, text.lower() if name == "TOKEN" else "")
    for before in ["", "a", "ab", "user:"]:
        bytes = (before + value + ":").encode()
        print(name, "in base64:", base64.b64encode(bytes).decode(), base64.urlsafe_b64encode(bytes).decode())
END
printf '%s' "$PVE_PASSWORD" | cut -c1-6 | tr -d '\n'; printf '%s\n' "$PVE_PASSWORD" | cut -c7-
echo up
[ -z "$FAIL" ] || exit 3
exec sleep 1000
"#;

/// The parts that must not be found.
fn parts() -> Vec<String> {
    let json = serde_json::to_string(TOKEN).unwrap();
    let mut parts: Vec<String> = [TOKEN, &json[1..json.len() - 1], PASSWORD, OWN].map(str::to_owned).into();
    parts.extend(KEY.lines().map(str::to_owned));
    // printf '%s' "$TOKEN" | base64; printf 'user:%s' "$PVE_PASSWORD" | base64; jq -Rr @uri <<<"$TOKEN", both cases
    parts.extend(
        ["dDBrZW4id2l0aFxxdW90ZXM", "nA0c3N3b3JkLW9mLXB2ZT", "t0ken%22with%5Cquotes", "t0ken%22with%5cquotes"]
            .map(str::to_owned),
    );
    parts
}

#[track_caller]
fn assert_silent(what: &str, text: &str) {
    for part in parts() {
        assert!(!text.contains(&part), "{what} tells {part}:\n{text}");
    }
}

#[test]
fn a_secret_is_in_no_file_and_no_output() {
    let sandbox = Sandbox::new();
    sandbox.program("talker", TALKER);
    sandbox.write("home/.config/mcp-hook/config.json", r#"{"servers": [{"password_env_var": "PVE_PASSWORD"}]}"#);
    let secret = |name: &str| json!({ "name": name, "isSecret": true, "isRequired": true, "description": "secret" });
    let mut web = entry(&json!({
        "environmentVariables": [secret("TOKEN"), secret("KEY"), secret("OWN")],
        "config": { "source": "config.json", "env": ["servers.*.password_env_var"] },
        "port": "auto", "restart": "no",
    }));
    web["command"] = json!("talker");
    web["args"] = json!(["--token=${TOKEN}", "${KEY}", format!("--own={OWN}")]);
    web["env"] = json!({ "OWN": OWN });
    web["url"] = json!("http://127.0.0.1:${MCP_PORT}/${TOKEN}");
    web["headers"] = json!({ "Authorization": "Bearer ${TOKEN}" });
    write_user(&sandbox, &json!({ "mcpServers": { "web": web } }).to_string());
    let session = DefinedSession::open(&sandbox);
    let variables = [("TOKEN", TOKEN), ("PVE_PASSWORD", PASSWORD), ("KEY", KEY)];
    let failing = [&variables[..], &[("FAIL", "1")]].concat();

    let mut said = Vec::new();
    let mut run = |variables: &[(&str, &str)], words: &str| {
        let output = session.hook_with(variables, words);
        said.push((words.to_owned(), format!("{}{}", output.stdout, output.stderr)));
        output
    };
    run(&variables, "start web --verbose").ok();
    for words in ["status", "status web", "status --json", "logs web", "logs", "env", "restart web", "stop web"] {
        run(&variables, words).ok();
    }
    run(&failing, "start web");
    run(&failing, "restart web --fresh --verbose");
    // It has said that it is up, which counts as started, and fails a moment later.
    let has_ended = || matches!(sandbox.server("web")?["state"].as_str(), Some("exited" | "failed")).then_some(());
    wait::until("it has ended", has_ended);
    run(&variables, "start web").ok();
    for arguments in [&["check"][..], &["check", "--json"], &["list"], &["list", "--json"], &["status", "--all"]] {
        let output = sandbox.run(sandbox.command("mcp-hook").args(arguments).envs(variables));
        let own =
            if arguments[0] == "list" { output.stdout.replace(OWN, "as the user wrote it") } else { output.stdout };
        said.push((arguments.join(" "), own + &output.stderr));
    }
    for (words, text) in &said {
        assert_silent(words, text);
    }
    let log = fs::read_to_string(sandbox.runtime().join("logs").join(&session.id).join("web.log")).unwrap();
    assert!(log.contains("TOKEN=***") && log.contains("--token=***") && log.contains("PVE_PASSWORD=***"), "{log}");
    for (path, content) in files(&sandbox.runtime()) {
        assert_silent(&path.display().to_string(), &String::from_utf8_lossy(&content));
    }
    session.end();
}

#[test]
fn a_wrong_secret_is_not_shown_where_it_is_refused() {
    let sandbox = Sandbox::new();
    sandbox
        .write("home/.config/mcp-hook/config.json", format!(r#"{{"password_env_var": "{PASSWORD}", "token": "x"}}"#));
    let mut web = entry(&json!({
        "environmentVariables": [{ "name": "TOKEN", "isSecret": true, "choices": ["one", "two"] }],
        "config": { "source": "config.json", "env": ["password_env_var"] },
    }));
    web["cwd"] = json!("${TOKEN}");
    define(&sandbox, &json!({ "web": web }));
    let session = DefinedSession::open(&sandbox);
    let refused = session.hook_with(&[("TOKEN", TOKEN)], "start web --verbose").expect_code(1);
    assert_silent("the refusal", &(refused.stdout.clone() + &refused.stderr));
    insta::assert_snapshot!(super::said(&sandbox, &session.hook_with(&[("TOKEN", TOKEN)], "start web")), @r#"
    mcp-hook: could not start web (invalid-definition):
      TOKEN is none of one, two
      /home/.config/mcp-hook/config.json: password_env_var is not the name of a variable
      cwd: it holds TOKEN, which is secret, and paths are shown
    hint: set it where mcp-hook is called, or under "env" of web in /home/.config/mcp-hook/servers.json
    [1]
    "#);
    session.end();
}

#[test]
fn the_client_gets_what_the_server_says_and_the_log_does_not() {
    let sandbox = Sandbox::new();
    let web = json!({ "command": "sh", "args": ["-c", "echo \"[\\\"$TOKEN\\\"]\"; echo $TOKEN >&2"], "hook": {
        "environmentVariables": [{ "name": "TOKEN", "isSecret": true }],
    } });
    define(&sandbox, &json!({ "web": web }));
    let session = DefinedSession::open(&sandbox);
    let output = session.hook_with(&[("TOKEN", PASSWORD)], "run web").ok();
    assert_eq!(output.stdout, format!("[\"{PASSWORD}\"]\n"));
    assert!(output.stderr.starts_with(&format!("{PASSWORD}\n")), "{}", output.stderr);
    let log = fs::read_to_string(sandbox.runtime().join("logs").join(&session.id).join("web.log")).unwrap();
    assert!(log.contains("err ***") && !log.contains(PASSWORD), "{log}");
    session.end();
}

#[test]
fn a_secret_of_a_few_letters_is_warned_of_and_garbles_nothing() {
    let sandbox = Sandbox::new();
    let web = json!({ "command": "sh", "args": ["-c", "echo a bad day at http://127.0.0.1; exec sleep 1000"],
        "url": "http://127.0.0.1:${MCP_PORT}/a", "hook": {
        "environmentVariables": [{ "name": "PIN", "isSecret": true }, { "name": "ONE", "isSecret": true }],
        "ready": { "log": "day" }, "port": "auto",
    } });
    define(&sandbox, &json!({ "web": web }));
    let session = DefinedSession::open(&sandbox);
    let variables = [("PIN", "127"), ("ONE", "a")];
    insta::assert_snapshot!(super::said(&sandbox, &sandbox.run(sandbox.command("mcp-hook").args(["check"]).envs(variables))), @r"
    ✓ web
        warning: ONE is secret, but shorter than 4 bytes: logs are not kept clear of it
        warning: PIN is secret, but shorter than 4 bytes: logs are not kept clear of it
    [0]
    ");
    let started = session.hook_with(&variables, "start web --no-wait").ok();
    assert!(started.stderr.contains("warning: ONE is secret, but"), "{started}");
    let log = sandbox.runtime().join("logs").join(&session.id).join("web.log");
    let text = wait::until("it has printed", || fs::read_to_string(&log).ok().filter(|text| text.contains("day")));
    assert!(text.contains("a bad day at http://127.0.0.1"), "{text}");
    let address = session.hook("env").ok().stdout;
    assert!(address.contains("/a"), "{address}");
    session.end();
}

#[test]
fn what_looks_like_a_secret_is_shown_only_where_it_is_to_be_allowed() {
    let sandbox = Sandbox::new();
    let entry = |secret: &str| {
        let command =
            ["-c", "exec sleep 1000", "--token", secret, &format!("http://me:{secret}@h/"), "--max-tokens", "9"];
        json!({ "command": "sh", "args": command })
    };
    let far = json!({ "type": "http", "url": "http://h/?token=s3cret" });
    write_user(&sandbox, &json!({ "mcpServers": { "web": entry("s3cret"), "far": far } }).to_string());
    sandbox.write("p/.mcp.json", json!({ "mcpServers": { "web": entry("theirs") } }).to_string());
    let session = BackgroundSession::open(&sandbox);
    session.hook("start", &["web"]).ok();
    for (verb, arguments) in [("status", &["web"][..]), ("status", &["--json"])] {
        let shown = session.hook(verb, arguments).ok().stdout;
        assert!(!shown.contains("s3cret") && shown.contains("http://***@h/") && shown.contains("***"), "{shown}");
    }
    let listed = super::transcript(&sandbox, "home", &["list"]);
    assert!(!listed.contains("s3cret") && listed.contains("--token '***' 'http://***@h/' --max-tokens 9"), "{listed}");
    let listed = hook_in(&sandbox, "home", "list --json").ok().json();
    let [far, web] = [0, 1].map(|at| &listed["files"][0]["servers"][at]);
    assert_eq!(web["command"][4], "***");
    assert_eq!(far["url"], "http://h/?token=s3cret", "programs connect to it");
    let allowed = super::transcript(&sandbox, "p", &["allow --yes"]);
    assert!(allowed.contains("--token theirs http://me:theirs@h/") && !allowed.contains("s3cret"), "{allowed}");
    session.hook("stop", &["web"]).ok();
}

#[test]
fn an_address_is_shown_as_it_is_defined_and_the_shell_gets_it_as_it_is() {
    let sandbox = Sandbox::new();
    let mut web = entry(&json!({ "port": "auto" }));
    web["url"] = json!("http://127.0.0.1:${MCP_PORT}/${GITHUB_TOKEN}");
    define(&sandbox, &json!({ "web": web }));
    let session = DefinedSession::open(&sandbox);
    session.hook_with(&[("GITHUB_TOKEN", PASSWORD)], "start web").ok();
    let shown = session.hook("status web").ok().stdout;
    assert!(shown.contains("/${GITHUB_TOKEN}") && !shown.contains(PASSWORD), "{shown}");
    let variables = session.hook("env").ok().stdout;
    assert!(variables.contains(PASSWORD), "{variables}");
    session.end();
}
