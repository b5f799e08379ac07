//! Launchers passed by: what runs is what the real launcher runs, in every cache and directory.

mod direct;
mod pinned;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::real_servers::World;
use crate::support::real_servers::registry::Registry;

/// What a program of a test does: it tells what it sees, and ends with its input.
const PROGRAM: &str = r"#!/usr/bin/env node
const fs = require('fs');
const parent = fs.readFileSync(`/proc/${process.ppid}/comm`, 'utf8').trim();
const { version } = require('./package.json');
const { argv, execPath, env } = process;
console.log(JSON.stringify({ parent, version, file: __filename, argv, execPath, cwd: process.cwd(), env }));
process.stdin.resume();
";

/// Who runs what is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Npx,
    Nobody,
}

impl By {
    fn of(seen: &Value) -> Self {
        if seen["parent"] == "mcp-supervisor" { Self::Nobody } else { Self::Npx }
    }
}

/// A world with a registry, and a directory in which everything is run.
struct Npx {
    /// Ends before the world does.
    _registry: Registry,
    world: World,
    directory: PathBuf,
    /// What `--launcher` is given.
    policy: &'static str,
}

impl Npx {
    fn new(policy: &'static str) -> Self {
        let world = World::new();
        let packages = world.sandbox.path("packages");
        fs::create_dir_all(&packages).unwrap();
        let registry = Registry::serve(&world.sandbox, &[&packages]);
        let directory = world.sandbox.path("work");
        fs::create_dir(&directory).unwrap();
        let npx = Self { _registry: registry, world, directory, policy };
        npx.publish("@t/one", "1.0.0", &json!({"one": "run.js"}));
        npx
    }

    /// Adds a package of which each program is `run.js`, `other.js` or what else `bins` names.
    fn publish(&self, name: &str, version: &str, bins: &Value) {
        let directory = format!("packages/{}-{version}", name.replace('/', "-"));
        let manifest = json!({"name": name, "version": version, "bin": bins});
        self.world.sandbox.write(format!("{directory}/package.json"), manifest.to_string());
        for program in ["run.js", "other.js"] {
            self.world.sandbox.write(format!("{directory}/{program}"), PROGRAM);
        }
    }

    /// Has `npx` fetch what it needs for this.
    fn fetch(&self, words: &[&str]) {
        self.seen("npx", words).expect("npx runs it");
    }

    /// What the program sees; `None` if there is none to be run.
    fn seen(&self, program: &str, words: &[&str]) -> Option<Value> {
        let mut command = self.world.sandbox.command(program);
        let output = self.world.sandbox.run(command.args(words).current_dir(&self.directory));
        let last = output.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).ok()
    }

    /// The words with which mcp-hook runs it.
    fn run_words<'a>(&self, words: &[&'a str]) -> Vec<&'a str> {
        let run = ["run", "it", "--direct", "--launcher", self.policy, "--", "npx"];
        run.into_iter().chain(words.iter().copied()).collect()
    }

    /// Compares what `npx` runs with what is run through mcp-hook, which is to be started by `by`.
    #[track_caller]
    fn compare(&self, what: &str, words: &[&str], by: By) {
        let ours = self.seen(env!("CARGO_BIN_EXE_mcp-hook"), &self.run_words(words));
        let theirs = self.seen("npx", words);
        let (Some(mut ours), Some(mut theirs)) = (ours.clone(), theirs.clone()) else {
            assert_eq!((ours, by), (theirs, By::Npx), "{what}");
            return;
        };
        assert_eq!(By::of(&ours), by, "{what}: {}", ours["parent"]);
        ours["parent"].take();
        theirs["parent"].take();
        let ours_env = environment(&mut ours);
        let theirs_env = environment(&mut theirs);
        assert_eq!(ours, theirs, "{what}");
        assert_eq!(ours_env, theirs_env, "{what}");
    }

    /// The directory of the cache that this was fetched into.
    fn cached(&self) -> PathBuf {
        let entries = fs::read_dir(self.world.sandbox.home().join(".npm/_npx")).unwrap();
        let found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    }

    fn write(&self, name: &str, text: &str) {
        self.world.sandbox.write(format!("work/{name}"), text);
    }

    /// Installs a package as npm would, without npm.
    fn install(&self, below: &Path, name: &str, version: &str, bin: &str) {
        let directory = below.join("node_modules").join(name);
        let source = self.world.sandbox.path(format!("packages/{}-{version}", name.replace('/', "-")));
        fs::create_dir_all(directory.parent().unwrap()).unwrap();
        let copied = std::process::Command::new("cp").arg("-r").args([&source, &directory]).status().unwrap();
        assert!(copied.success());
        make_executable(&directory.join("run.js"));
        if below.join("package.json").exists() || !below.ends_with("lib") {
            let bins = below.join("node_modules/.bin");
            fs::create_dir_all(&bins).unwrap();
            symlink(format!("../{name}/run.js"), bins.join(bin)).unwrap();
        }
    }
}

fn make_executable(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The variables, without those of mcp-hook.
fn environment(seen: &mut Value) -> BTreeMap<String, Value> {
    let all = seen["env"].take();
    let all = all.as_object().expect("variables");
    let is_ours = |name: &str| name.starts_with("MCP_") && name != "MCP_HOOK_DIR" && name != "MCP_TEST_TOKEN";
    all.iter().filter(|(name, _)| !is_ours(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}
