//! `npx` with an exact version.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use super::{By, Scene};
use crate::support::real_servers::registry::Registry;
use crate::support::real_servers::{Era, PlainClient, World};

#[test]
fn an_exact_version_is_run_without_npx_once_npx_has_fetched_it() {
    let npx = Scene::npx("pinned");
    let exact = ["-y", "@t/one@1.0.0", "a", "b  c", "$HOME", "--", "-y"];
    npx.compare("nothing is there yet", &exact, By::Launcher);
    npx.compare("it is there", &exact, By::Nobody);
    npx.compare("without -y", &["@t/one@1.0.0"], By::Nobody);
    npx.compare("behind --", &["-y", "--", "@t/one@1.0.0", "x"], By::Nobody);
    npx.compare("a name", &["-y", "@t/one"], By::Launcher);
    npx.compare("a tag", &["-y", "@t/one@latest"], By::Launcher);
    npx.compare("a range", &["-y", "@t/one@^1.0.0"], By::Launcher);
    npx.compare("a call", &["-y", "-p", "@t/one@1.0.0", "-c", "one x"], By::Launcher);
}

#[test]
fn of_several_programs_the_one_is_run_that_npx_would_run() {
    let npx = Scene::npx("pinned");
    npx.publish("two", "1.0.0", &json!({"aaa": "other.js", "two": "run.js"}));
    npx.publish("none", "1.0.0", &json!({"aaa": "other.js", "bbb": "run.js"}));
    npx.publish("same", "1.0.0", &json!({"zzz": "run.js", "aaa": "run.js"}));
    npx.publish("text", "1.0.0", &json!("./run.js"));
    for (package, by) in [("two", By::Nobody), ("none", By::Launcher), ("same", By::Launcher), ("text", By::Nobody)] {
        let spec = format!("{package}@1.0.0");
        let _ = npx.seen("npx", &["-y", &spec]);
        npx.compare(package, &["-y", &spec, "x"], by);
    }
    for words in
        [&["-y", "-p", "none@1.0.0", "bbb"][..], &["-y", "--package", "two@1.0.0", "--package", "@t/one@1.0.0", "one"]]
    {
        npx.fetch(words);
        npx.compare("a program is named", words, By::Nobody);
    }
}

#[test]
fn what_stands_in_front_of_the_cache_is_left_to_npx() {
    let npx = Scene::npx("pinned");
    npx.publish("@t/one", "2.0.0", &json!({"one": "run.js"}));
    let exact = ["-y", "@t/one@1.0.0", "x"];
    npx.fetch(&exact);
    npx.install(&npx.directory, "@t/one", "2.0.0", "one");
    npx.compare("another version is in the project", &exact, By::Nobody);
    fs::remove_dir_all(npx.directory.join("node_modules")).unwrap();
    npx.install(&npx.directory, "@t/one", "1.0.0", "one");
    npx.compare("the same version is in the project", &exact, By::Launcher);
    let below = npx.directory.join("below");
    fs::create_dir(&below).unwrap();
    let npx = Scene { directory: below, ..npx };
    npx.compare("the project is above", &exact, By::Launcher);
    npx.world.sandbox.write("work/below/package.json", r#"{"name": "@t/one", "version": "1.0.0"}"#);
    npx.compare("the directory is the package", &exact, By::Launcher);
    npx.world.sandbox.write("work/below/package.json", r#"{"name": "x", "workspaces": ["y"]}"#);
    npx.compare("there are workspaces", &exact, By::Launcher);
}

#[test]
fn what_is_installed_for_all_is_left_to_npx() {
    let npx = Scene::npx("pinned");
    let exact = ["-y", "@t/one@1.0.0", "x"];
    let prefix = npx.world.sandbox.path("global");
    npx.world.sandbox.env("npm_config_prefix", &prefix);
    npx.fetch(&exact);
    npx.compare("nothing is global", &exact, By::Nobody);
    npx.install(&prefix.join("lib"), "@t/one", "1.0.0", "one");
    fs::create_dir(prefix.join("bin")).unwrap();
    symlink("../lib/node_modules/@t/one/run.js", prefix.join("bin/one")).unwrap();
    npx.compare("it is global", &exact, By::Launcher);
}

#[test]
fn a_cache_that_is_not_whole_is_left_to_npx_and_used_again_once_npx_has_mended_it() {
    let npx = Scene::npx("pinned");
    let exact = ["-y", "@t/one@1.0.0", "x"];
    npx.fetch(&exact);
    let cached = npx.cached();
    let package = cached.join("node_modules/@t/one/package.json");
    let manifest = fs::read_to_string(&package).unwrap();
    fs::write(&package, manifest.replace("1.0.0", "0.9.0")).unwrap();
    npx.compare("it has another version, which npx does not see", &exact, By::Launcher);
    fs::remove_dir_all(cached.join("node_modules/@t")).unwrap();
    npx.compare("the package is gone", &exact, By::Launcher);
    npx.compare("npx has fetched it again", &exact, By::Nobody);
    fs::remove_file(cached.join("node_modules/.package-lock.json")).unwrap();
    npx.compare("half of it was written", &exact, By::Launcher);
    fs::remove_dir_all(&cached).unwrap();
    npx.fetch(&exact);
    fs::remove_file(cached.join("node_modules/.bin/one")).unwrap();
    npx.compare("the program is gone", &exact, By::Launcher);
}

#[test]
fn npms_configuration_counts_as_it_does_for_npx() {
    let npx = Scene::npx("pinned");
    let exact = ["-y", "@t/one@1.0.0", "x"];
    npx.fetch(&exact);
    npx.write(
        "package.json",
        r#"{"name": "@me/mine", "version": "v1.2.3", "bin": "./x.js", "config": {"a": [1, true]}}"#,
    );
    npx.write(".npmrc", "fund=false\nsave-exact=true\nloglevel=error\n//host/:_authToken=secret\n");
    npx.compare("plain settings of a project", &exact, By::Nobody);
    npx.write(".npmrc", "node-options=--no-warnings\n");
    npx.compare("settings that change how it is run", &exact, By::Launcher);
    npx.write(".npmrc", "");
    for (name, value) in
        [("npm_config_offline", "true"), ("EDITOR", "ed"), ("npm_config_user_agent", "mine"), ("CI", "1")]
    {
        npx.world.sandbox.env(name, value);
        npx.compare(name, &exact, By::Nobody);
        npx.world.sandbox.unset(name);
    }
    npx.world.sandbox.env("npm_config_cache", npx.world.sandbox.path("moved"));
    npx.compare("another cache", &exact, By::Launcher);
    npx.compare("another cache, once it is filled", &exact, By::Nobody);
    npx.world.sandbox.unset("npm_config_cache");
    let link = npx.world.sandbox.path("link");
    symlink(&npx.directory, &link).unwrap();
    npx.world.sandbox.env("PWD", &link);
    let npx = Scene { directory: link, ..npx };
    npx.compare("a directory behind a link", &exact, By::Nobody);
}

#[test]
fn a_real_server_has_the_same_tools_without_npx() {
    let world = World::new();
    let _registry = Registry::serve(&world.sandbox, &[&world.installed("servers")]);
    let words = ["npx", "-y", "@modelcontextprotocol/server-memory@2026.8.31"];
    let tools = |options: &[&str]| {
        let run: Vec<&str> =
            [env!("CARGO_BIN_EXE_mcp-hook"), "run", "memory"].into_iter().chain(options.iter().copied()).collect();
        let all: Vec<_> = run.into_iter().chain(["--"]).chain(words).map(Into::into).collect();
        let mut client = PlainClient::connect(&world, Era::Handshake, &all);
        let launch = world.sandbox.server("memory").expect("it runs")["launch"].clone();
        let tools = client.expect_result("tools/list", json!({}));
        client.close();
        (launch["how"].as_str().map(str::to_owned), tools)
    };
    let (first, by_npx) = tools(&[]);
    assert_eq!(first.as_deref(), Some("as-written"));
    let (second, direct) = tools(&[]);
    assert_eq!(second.as_deref(), Some("direct"));
    let (third, _) = tools(&["--launcher", "as-written"]);
    assert_eq!(third.as_deref(), Some("as-written"));
    assert_eq!(by_npx, direct);
    assert!(by_npx["tools"].as_array().is_some_and(|tools| !tools.is_empty()));
}
