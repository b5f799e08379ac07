//! `check --connect`: what keeps servers from working.

mod beside;
mod ends;
mod faults;
mod http;
mod leads;
mod many;
mod meanwhile;
mod of_client;
mod ports;
mod starts;
mod surroundings;
mod unstarted;
mod words;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::support::defined_session::write_user;
use crate::support::faulty;
use crate::support::{Output, Sandbox};

/// Definitions of faulty servers, each under the name of its fault.
fn define_faulty(sandbox: &Sandbox, faults: &[&str]) {
    let program = faulty::program(sandbox);
    let server = |fault: &&str| (fault.to_string(), json!({"command": "python3", "args": [program, fault]}));
    define(sandbox, &faults.iter().map(server).collect());
}

fn define(sandbox: &Sandbox, servers: &Map<String, Value>) {
    write_user(sandbox, &json!({ "mcpServers": servers }).to_string());
}

/// `mcp-hook check --connect ARGUMENTS`.
fn connect(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox.hook(["check", "--connect"].iter().chain(arguments))
}

/// What JSON says of each server, by its name.
#[track_caller]
fn servers(output: &Output) -> BTreeMap<String, Value> {
    by_name(&output.json())
}

#[track_caller]
fn by_name(json: &Value) -> BTreeMap<String, Value> {
    let named = |server: &Value| (server["name"].as_str().unwrap().to_owned(), server.clone());
    json["servers"].as_array().unwrap().iter().map(named).collect()
}

/// The codes of what was found of a server.
fn codes(server: &Value) -> Vec<&str> {
    server["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

/// That nothing is left of what was checked, neither a process nor a session's files.
#[track_caller]
fn assert_nothing_is_left(sandbox: &Sandbox) {
    sandbox.assert_clean();
    for directory in ["pids", "configs"] {
        let left: Vec<_> = std::fs::read_dir(sandbox.runtime().join(directory)).into_iter().flatten().collect();
        assert!(left.is_empty(), "{directory}: {left:?}");
    }
}
