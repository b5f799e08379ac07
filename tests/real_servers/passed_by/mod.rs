//! Launchers passed by: what runs is what the real launcher runs, in every cache and directory.

mod direct;
mod pinned;
mod saved;
mod uvx;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::support::real_servers::World;
use crate::support::real_servers::registry::Registry;
use crate::support::wait;

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
    Launcher,
    Nobody,
}

impl By {
    fn of(seen: &Value) -> Self {
        if seen["parent"] == "mcp-supervisor" { Self::Nobody } else { Self::Launcher }
    }
}

/// A world with a launcher, and a directory in which everything is run.
struct Scene {
    /// Ends before the world does.
    _registry: Option<Registry>,
    world: World,
    directory: PathBuf,
    /// What `--launcher` is given.
    policy: &'static str,
    launcher: &'static str,
}

impl Scene {
    fn npx(policy: &'static str) -> Self {
        let world = World::new();
        let packages = world.sandbox.path("packages");
        fs::create_dir_all(&packages).unwrap();
        let registry = Registry::serve(&world.sandbox, &[&packages]);
        let directory = world.sandbox.path("work");
        fs::create_dir(&directory).unwrap();
        let npx = Self { _registry: Some(registry), world, directory, policy, launcher: "npx" };
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

    /// Has the launcher fetch what it needs for this.
    fn fetch(&self, words: &[&str]) {
        self.seen(self.launcher, words).expect("it is run");
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
        let run = ["run", "it", "--direct", "--launcher", self.policy, "--", self.launcher];
        run.into_iter().chain(words.iter().copied()).collect()
    }

    /// Compares what the launcher runs with what is run through mcp-hook, which is to be started by `by`.
    #[track_caller]
    fn compare(&self, what: &str, words: &[&str], by: By) {
        let ours = self.seen(env!("CARGO_BIN_EXE_mcp-hook"), &self.run_words(words));
        let theirs = self.seen(self.launcher, words);
        let (Some(mut ours), Some(mut theirs)) = (ours.clone(), theirs.clone()) else {
            assert_eq!((ours, by), (theirs, By::Launcher), "{what}");
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

/// A server that runs until it is closed.
struct Held {
    child: Child,
    seen: Value,
}

impl Scene {
    /// Starts what mcp-hook makes of these words.
    fn hold(&self, words: &[&str]) -> Held {
        let mut command = self.world.sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        command.args(self.run_words(words)).current_dir(&self.directory);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).unwrap();
        Held { child, seen: serde_json::from_str(&line).expect("what it sees") }
    }

    /// What is remembered of the command that was run last, once that is as wanted.
    fn note(&self, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        wait::until(what, || Some(self.notes().pop()?.1).filter(&is_wanted))
    }

    fn notes(&self) -> Vec<(PathBuf, Value)> {
        let entries =
            fs::read_dir(self.world.sandbox.home().join(".local/state/mcp-hook/launches")).into_iter().flatten();
        // Not those that are being written: a note is there once its file has its name.
        let is_note = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
        let files = entries.map(|entry| entry.unwrap().path()).filter(is_note);
        let mut files: Vec<PathBuf> = files.collect();
        files.sort_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok());
        files
            .into_iter()
            .filter_map(|path| Some((path.clone(), serde_json::from_slice(&fs::read(path).ok()?).ok()?)))
            .collect()
    }

    /// Lets a day pass since npm was asked last.
    fn let_a_day_pass(&self) {
        let (file, mut note) = self.notes().pop().expect("a note");
        note["asked"] = json!(0);
        fs::write(file, note.to_string()).unwrap();
    }
}

impl Held {
    fn close(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}
