//! `npx` with names, tags and ranges, under `--launcher direct`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{By, Scene};
use crate::support::real_servers::registry::Registry;
use crate::support::real_servers::{Era, PlainClient, World};
use crate::support::wait;

#[test]
fn names_tags_and_ranges_are_run_without_npx_once_npx_has_fetched_them() {
    let npx = Scene::npx("direct");
    for package in ["@t/one", "@t/one@latest", "@t/one@^1.0.0", "@t/one@1", "@t/one@1.0.0"] {
        let words = ["-y", package, "a", "b  c", "$HOME", "--", "-y"];
        npx.compare(package, &words, By::Launcher);
        npx.compare(package, &words, By::Nobody);
    }
    npx.publish("two", "1.0.0", &json!({"aaa": "other.js", "bbb": "run.js"}));
    for words in [&["-y", "-p", "two", "bbb"][..], &["-p", "two", "-p", "@t/one@1.0.0", "-y", "one", "x"]] {
        npx.compare("a program is named", words, By::Launcher);
        npx.compare("a program is named", words, By::Nobody);
    }
    npx.compare("which of two it would be is not certain", &["-y", "two"], By::Launcher);
}

#[test]
fn what_is_newer_is_fetched_by_npx_at_a_start_and_never_under_a_server() {
    let npx = Scene::npx("direct");
    let words = ["-y", "@t/one", "x"];
    npx.fetch(&words);
    npx.publish("@t/one", "2.0.0", &json!({"one": "run.js"}));

    let held = npx.hold(&words);
    assert_eq!((By::of(&held.seen), &held.seen["version"]), (By::Nobody, &json!("1.0.0")), "what is there is used");
    npx.note("npm is asked in the background", |note| note["newest"] == json!(["@t/one@2.0.0"]));
    let package = npx.cached().join("node_modules/@t/one/package.json");
    assert!(fs::read_to_string(&package).unwrap().contains("1.0.0"), "it was changed under the server");

    let other = npx.hold(&words);
    assert_eq!(
        (By::of(&other.seen), &other.seen["version"]),
        (By::Nobody, &json!("1.0.0")),
        "one still runs from there"
    );
    other.close();
    held.close();

    let next = npx.hold(&words);
    assert_eq!((By::of(&next.seen), &next.seen["version"]), (By::Launcher, &json!("2.0.0")));
    next.close();
    npx.compare("npx has fetched it", &words, By::Nobody);
}

#[test]
fn npm_is_asked_at_most_once_a_day() {
    let npx = Scene::npx("direct");
    let words = ["-y", "@t/one", "x"];
    npx.fetch(&words);
    let held = npx.hold(&words);
    let first = npx.note("npm is asked", |note| note["newest"].is_array());
    held.close();

    npx.publish("@t/one", "2.0.0", &json!({"one": "run.js"}));
    let held = npx.hold(&words);
    let log = || npx.world.sandbox.hook(["logs", "--lines", "1000"]).stdout;
    wait::until("the second one is ready too", || (log().matches("ready after").count() == 2).then_some(()));
    held.close();
    assert_eq!(npx.notes().pop().expect("a note").1, first, "it was asked again on the same day");

    npx.let_a_day_pass();
    let held = npx.hold(&words);
    npx.note("npm is asked again", |note| note["newest"] == json!(["@t/one@2.0.0"]));
    held.close();
}

#[test]
fn asking_npm_ends_with_the_server() {
    let npx = Scene::npx("direct");
    let words = ["-y", "@t/one", "x"];
    npx.fetch(&words);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let registry = format!("registry=http://{}/\n", silent.local_addr().unwrap());
    npx.world.sandbox.write("home/.npmrc", registry);
    let asking = || npx.world.sandbox.survivors().iter().any(|process| process.title().contains("npm pack"));
    let held = npx.hold(&words);
    assert_eq!(By::of(&held.seen), By::Nobody);
    let (asked, _) = silent.accept().unwrap();
    assert!(asking(), "npm is asked by a process of this world");
    held.close();
    assert!(!asking(), "it has outlived the server");
    drop(asked);
    assert_eq!(npx.notes().pop().expect("a note").1["newest"], Value::Null, "half an answer is none");
}

#[test]
fn what_stands_in_front_of_a_name_is_left_to_npx() {
    let npx = Scene::npx("direct");
    npx.publish("@t/one", "2.0.0", &json!({"one": "run.js"}));
    npx.publish("two", "1.0.0", &json!({"two": "run.js"}));
    let words = ["-y", "@t/one", "x"];
    npx.fetch(&words);
    npx.fetch(&["-y", "two"]);
    npx.install(&npx.directory, "@t/one", "1.0.0", "one");
    npx.compare("another version is in the project", &words, By::Launcher);
    fs::remove_dir_all(npx.directory.join("node_modules")).unwrap();
    npx.compare("nothing is in front any more", &words, By::Nobody);
    npx.write("package.json", r#"{"name": "x", "version": "1.0.0", "bin": {"two": "two.js"}}"#);
    npx.world.sandbox.program("two", "#!/bin/sh\n");
    symlink(npx.world.sandbox.path("bin/two"), npx.directory.join("two.js")).unwrap();
    assert_eq!(
        npx.seen(env!("CARGO_BIN_EXE_mcp-hook"), &npx.run_words(&["-y", "two"])),
        None,
        "the project's own program"
    );
    let prefix = npx.world.sandbox.path("global");
    npx.world.sandbox.env("npm_config_prefix", &prefix);
    npx.install(&prefix.join("lib"), "@t/one", "1.0.0", "one");
    fs::create_dir(prefix.join("bin")).unwrap();
    symlink("../lib/node_modules/@t/one/run.js", prefix.join("bin/one")).unwrap();
    npx.compare("it is global", &words, By::Launcher);
}

#[test]
fn a_cache_of_a_name_that_is_not_whole_is_left_to_npx_and_used_again_once_npx_has_mended_it() {
    let npx = Scene::npx("direct");
    let words = ["-y", "@t/one", "x"];
    npx.fetch(&words);
    let cached = npx.cached();
    let package = cached.join("node_modules/@t/one/package.json");
    let manifest = fs::read_to_string(&package).unwrap();
    fs::write(&package, manifest.replace("1.0.0", "0.9.0")).unwrap();
    npx.compare("it has another version than npm has noted", &words, By::Launcher);
    fs::remove_dir_all(cached.join("node_modules/@t")).unwrap();
    npx.compare("the package is gone", &words, By::Launcher);
    npx.compare("npx has fetched it again", &words, By::Nobody);
    fs::remove_file(cached.join("node_modules/.package-lock.json")).unwrap();
    npx.compare("half of it was written", &words, By::Launcher);
}

#[test]
fn a_real_server_by_its_name_has_the_same_tools_without_npx() {
    let world = World::new();
    let _registry = Registry::serve(&world.sandbox, &[&world.installed("servers")]);
    let tools = || {
        let run = [env!("CARGO_BIN_EXE_mcp-hook"), "run", "memory", "--launcher", "direct", "--"];
        let words = run.into_iter().chain(["npx", "-y", "@modelcontextprotocol/server-memory"]).map(Into::into);
        let mut client = PlainClient::connect(&world, Era::Handshake, &words.collect::<Vec<_>>());
        let launch = world.sandbox.server("memory").expect("it runs")["launch"].clone();
        let tools = client.expect_result("tools/list", json!({}));
        client.close();
        (launch["how"].as_str().map(str::to_owned), tools)
    };
    let (first, by_npx) = tools();
    let (second, direct) = tools();
    assert_eq!((first.as_deref(), second.as_deref()), (Some("as-written"), Some("direct")));
    assert_eq!(by_npx, direct);
    assert!(by_npx["tools"].as_array().is_some_and(|tools| !tools.is_empty()));
}
