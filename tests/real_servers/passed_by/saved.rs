//! What a start without a launcher has saved, as it is told.

use serde_json::{Value, json};

use crate::support::real_servers::registry::Registry;
use crate::support::real_servers::{Era, PlainClient, World};
use crate::support::wait;

const WORDS: [&str; 3] = ["npx", "-y", "@modelcontextprotocol/server-memory@2026.8.31"];

/// Runs the server once for a client, and returns what `status` says of its start when `is_wanted` is so.
fn launch(world: &World, options: &[&str], is_wanted: impl Fn(&Value) -> bool) -> Value {
    let run = [env!("CARGO_BIN_EXE_mcp-hook"), "run", "memory"].into_iter().chain(options.iter().copied());
    let words: Vec<_> = run.chain(["--"]).chain(WORDS).map(Into::into).collect();
    let mut client = PlainClient::connect(world, Era::Handshake, &words);
    client.expect_result("tools/list", json!({}));
    let launch =
        wait::until("it is told", || Some(world.sandbox.server("memory")?["launch"].clone()).filter(&is_wanted));
    client.close();
    launch
}

#[test]
fn what_was_saved_is_told_by_status_the_log_and_check() {
    let world = World::new();
    let _registry = Registry::serve(&world.sandbox, &[&world.installed("servers")]);
    let any = |_: &Value| true;
    launch(&world, &[], any);
    let unmeasured = |launch: &Value| launch["saved"]["milliseconds"].is_null();
    let saved = launch(&world, &[], unmeasured)["saved"].clone();
    assert!(saved["processes"].as_u64() >= Some(2), "{saved}");
    assert!(saved["memory_bytes"].as_u64() > Some(1 << 20), "{saved}");

    launch(&world, &["--launcher", "as-written"], any);
    let measured = |launch: &Value| launch["saved"]["milliseconds"].is_i64();
    launch(&world, &[], measured);
    let log = world.sandbox.hook(["logs", "--lines", "1000"]).ok().stdout;
    assert!(log.contains("memory saved: ") && log.contains(" processes, "), "{log}");

    let check = |more: &[&str]| {
        let words = ["check", "--connect"].iter().chain(more).chain(&["--"]).chain(&WORDS);
        world.sandbox.hook(words).ok()
    };
    let report = check(&["--json"]).json();
    let launch = &report["servers"][0]["launch"];
    assert_eq!(launch["how"], "direct", "{report}");
    assert!(launch["saved"]["milliseconds"].is_i64(), "{report}");
    let text = check(&[]).stdout;
    assert!(text.contains("started: without npx: ") && text.contains("(saves "), "{text}");
}
