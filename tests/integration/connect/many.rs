//! Many servers at once, beside one that runs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::{by_name, codes, define};
use crate::support::defined_session::files;
use crate::support::faulty;
use crate::support::port::is_listened_on;
use crate::support::{DefinedSession, Sandbox};

/// What the servers are, by turns: how each is started, and what is found of it.
const KINDS: [(&str, &[&str]); 6] = [
    ("none", &[]),
    ("modern", &[]),
    ("dies-of-discover", &[]),
    ("exited", &["exited"]),
    ("duplicate-tool", &["duplicate-tool"]),
    ("port", &[]),
];

/// Thirty servers, and what is to be found of each.
fn thirty(sandbox: &Sandbox) -> Vec<(String, Value, &'static [&'static str])> {
    let [plain, listening] = [faulty::program(sandbox), faulty::http_program(sandbox)];
    let entry = |kind: &str| match kind {
        "port" => {
            json!({"command": "python3", "args": [listening, "none", "${MCP_PORT}"], "hook": {"port": "auto"}})
        }
        fault => json!({"command": "python3", "args": [plain, fault]}),
    };
    let kinds = KINDS.iter().cycle().take(30).enumerate();
    kinds.map(|(number, (kind, found))| (format!("{kind}-{number}"), entry(kind), *found)).collect()
}

/// All that is there of sessions: records, locks, logs, ports. A record gets a sample of its server's use every minute, which
/// is left out.
fn all_files(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = files(&sandbox.runtime());
    let record = all.iter_mut().find(|(path, _)| path.ends_with("web.json")).unwrap().1;
    let mut parsed: Value = serde_json::from_slice(record).unwrap();
    parsed.as_object_mut().unwrap().remove("history").unwrap();
    *record = parsed.to_string().into_bytes();
    for name in ["web.pid", "web.lock", "web.log", "session.json"] {
        assert!(all.keys().any(|path| path.ends_with(name)), "{name}: {:?}", all.keys());
    }
    assert!(all.keys().any(|path| path.starts_with(sandbox.runtime().join("ports"))), "{:?}", all.keys());
    all
}

/// What there is to be known of the server that runs.
fn running(sandbox: &Sandbox) -> [Value; 4] {
    let web = sandbox.server("web").unwrap();
    ["pid", "state", "port", "restarts"].map(|key| web[key].clone())
}

#[test]
fn thirty_at_once_are_told_apart_and_touch_nothing_of_one_that_runs() {
    let sandbox = Sandbox::new();
    let thirty = thirty(&sandbox);
    let mut definitions: Map<_, _> = thirty.iter().map(|(name, entry, _)| (name.clone(), entry.clone())).collect();
    let web = thirty[5].1.clone();
    definitions.insert("web".to_owned(), web.clone());
    define(&sandbox, &definitions);
    let mut session = DefinedSession::open(&sandbox);
    session.hook("start web --ready-mcp").ok();
    let (before, web_before) = (all_files(&sandbox), running(&sandbox));
    let port = web_before[2].as_u64().unwrap();
    let mut beside = web;
    beside["hook"]["port"] = port.into();
    definitions.insert("beside".to_owned(), beside);
    define(&sandbox, &definitions);

    session.terminal.run("mcp-hook check --connect --json --timeout 1h >checked; [ $? = 1 ]").ok();

    let after = all_files(&sandbox);
    for path in before.keys().chain(after.keys()) {
        assert_eq!(before.get(path), after.get(path), "{}", path.display());
    }
    assert_eq!(running(&sandbox), web_before);
    assert!(is_listened_on(u16::try_from(port).unwrap()));
    let lock = before.keys().find(|path| path.ends_with("web.lock")).unwrap();
    assert!(File::open(lock).unwrap().try_lock().is_err(), "it is still answered for");
    let checked = fs::read_to_string(sandbox.home().join("checked")).unwrap();
    assert_found(&by_name(&serde_json::from_str(&checked).unwrap()), &thirty);
    session.hook("stop web").ok();
    session.end();
}

#[track_caller]
fn assert_found(found: &BTreeMap<String, Value>, thirty: &[(String, Value, &[&str])]) {
    assert_eq!(found.len(), 32);
    for (name, _, expected) in thirty {
        assert_eq!(codes(&found[name]), *expected, "{:#}", found[name]);
    }
    assert_eq!((codes(&found["web"]), &found["web"]["exit"]), (vec![], &Value::Null), "it is asked where it runs");
    assert_eq!(codes(&found["beside"]), ["not-asked"], "its port is taken");
}
