//! `uvx`, under `--launcher direct`: once it has told what it runs, that is run without it.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{By, Scene};
use crate::support::real_servers::{Era, PlainClient, Server, World};
use crate::support::wait;

/// Makes a wheel of a package with two programs, which tell what they see, and end with their input.
const WHEEL: &str = r#"
import sys, zipfile
directory, version = sys.argv[1:]
program = f"""
import json, os, sys
def main():
    parent = open(f'/proc/{{os.getppid()}}/comm').read().strip()
    argv = open('/proc/self/cmdline').read().split(chr(0))
    seen = dict(parent=parent, version='{version}', file=__file__, argv=argv, cwd=os.getcwd(), env=dict(os.environ))
    print(json.dumps(seen), flush=True)
    sys.stdin.read()
"""
info = f"t_one-{version}.dist-info"
with zipfile.ZipFile(f"{directory}/t_one-{version}-py3-none-any.whl", "w") as wheel:
    wheel.writestr("t_one.py", program)
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: t-one\nVersion: {version}\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\nt-one = t_one:main\nother = t_one:main\n")
    names = ["t_one.py", f"{info}/METADATA", f"{info}/WHEEL", f"{info}/entry_points.txt", f"{info}/RECORD"]
    wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in names))
"#;

impl Scene {
    fn uvx() -> Self {
        let world = World::new();
        let [directory, wheels, cache] = ["work", "wheels", "uv"].map(|name| world.sandbox.path(name));
        fs::create_dir(&directory).unwrap();
        fs::create_dir(&wheels).unwrap();
        let settings = format!(
            "cache-dir = \"{}\"\nfind-links = [\"{}\"]\nno-index = true\noffline = true\npython-downloads = \"never\"\n",
            cache.display(),
            wheels.display()
        );
        world.sandbox.write("home/.config/uv/uv.toml", settings);
        let uvx = Self { _registry: None, world, directory, policy: "direct", launcher: "uvx" };
        uvx.make("1.0.0");
        uvx
    }

    /// Adds a version of the package.
    fn make(&self, version: &str) {
        let script = self.world.sandbox.write("wheel.py", WHEEL);
        let mut python = self.world.sandbox.command("python3");
        self.world.sandbox.run(python.arg(script).arg(self.world.sandbox.path("wheels")).arg(version)).ok();
    }

    /// Starts it once, by `uvx`, and waits until `uvx` has told what it runs.
    #[track_caller]
    fn learn(&self, what: &str, words: &[&str]) {
        let before = self.notes().pop();
        let held = self.hold(words);
        assert_eq!(By::of(&held.seen), By::Launcher, "{what}");
        self.await_learned(what, before.as_ref());
        held.close();
    }

    /// Waits until something else is known than `before`.
    #[track_caller]
    fn await_learned(&self, what: &str, before: Option<&(PathBuf, Value)>) {
        let stamp = |note: &Value| note["environment"]["stamp"].as_str().map(str::to_owned);
        wait::until(what, || {
            let (file, note) = self.notes().pop()?;
            let is_new = before.is_none_or(|before| before.0 != file || stamp(&before.1) != stamp(&note));
            (is_new && stamp(&note).is_some()).then_some(())
        });
    }

    /// Where the environment is that was told last.
    fn bins(&self) -> PathBuf {
        let note = self.notes().pop().expect("a note").1;
        PathBuf::from(note["environment"]["bins"].as_str().expect("it was told"))
    }
}

#[test]
fn what_uvx_has_told_is_run_without_it() {
    let uvx = Scene::uvx();
    for words in [
        &["t-one", "a", "b  c", "$HOME", "--", "-q"][..],
        &["t-one@1.0.0"],
        &["t-one==1.0.0"],
        &["-q", "--from", "t-one", "other", "x"],
        &["--offline", "--from=t_one>=1", "t-one"],
    ] {
        uvx.compare("it is not known", words, By::Launcher);
        uvx.learn(&words.join(" "), words);
        uvx.compare("it is known", words, By::Nobody);
    }
    uvx.world.sandbox.env("UV_NO_CONFIG", "0");
    uvx.compare("another environment", &["t-one"], By::Launcher);
}

#[test]
fn what_is_newer_is_run_a_day_later() {
    let uvx = Scene::uvx();
    let words = ["t-one", "x"];
    uvx.learn("the first start", &words);
    uvx.make("2.0.0");
    let held = uvx.hold(&words);
    assert_eq!((By::of(&held.seen), &held.seen["version"]), (By::Nobody, &json!("1.0.0")), "what is there is used");
    held.close();
    let before = uvx.bins();
    uvx.let_a_day_pass();
    let held = uvx.hold(&words);
    assert_eq!((By::of(&held.seen), &held.seen["version"]), (By::Nobody, &json!("1.0.0")));
    uvx.note("uvx is asked again", |note| note["environment"]["bins"] != json!(before));
    assert!(before.exists(), "it was changed under the server");
    held.close();
    let held = uvx.hold(&words);
    assert_eq!((By::of(&held.seen), &held.seen["version"]), (By::Nobody, &json!("2.0.0")));
    held.close();
    uvx.compare("it is what uvx runs", &words, By::Nobody);
}

#[test]
fn what_has_changed_is_left_to_uvx_and_run_without_it_once_it_is_known_again() {
    let uvx = Scene::uvx();
    let words = ["t-one", "x"];
    uvx.learn("the first start", &words);
    let settings = uvx.world.sandbox.home().join(".config/uv/uv.toml");
    fs::write(&settings, fs::read_to_string(&settings).unwrap() + "# mine\n").unwrap();
    uvx.learn("its settings have changed", &words);
    uvx.compare("it is known again", &words, By::Nobody);

    fs::remove_dir_all(uvx.bins().parent().unwrap()).unwrap();
    uvx.learn("its environment is gone", &words);
    uvx.compare("uvx has made it again", &words, By::Nobody);

    let info = uvx.bins().parent().unwrap().join("lib");
    let version = fs::read_dir(info).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(version.join("site-packages/t_one-1.0.0.dist-info/RECORD")).unwrap();
    uvx.compare("half of it is there", &words, By::Launcher);

    uvx.make("2.0.0");
    let mut install = uvx.world.sandbox.command("uv");
    uvx.world.sandbox.run(install.args(["tool", "install", "t-one==2.0.0"])).ok();
    uvx.compare("it is installed for good, which uvx prefers", &words, By::Launcher);
}

#[test]
fn what_is_not_certain_is_left_to_uvx() {
    let uvx = Scene::uvx();
    let why = |words: &[&str]| {
        let held = uvx.hold(words);
        assert_eq!(By::of(&held.seen), By::Launcher, "{words:?}");
        let launch = uvx.world.sandbox.server("it").expect("it runs")["launch"].clone();
        held.close();
        launch["why"].as_str().expect("a reason").to_owned()
    };
    assert_eq!(why(&["t-one"]), "it has not told yet what it runs");
    assert_eq!(why(&["--no-build", "t-one"]), "uvx has the option --no-build");
    let pinned = Scene { policy: "pinned", ..uvx };
    let held = pinned.hold(&["t-one"]);
    assert_eq!(By::of(&held.seen), By::Launcher);
    held.close();
}

#[test]
fn a_real_server_has_the_same_tools_without_uvx() {
    let world = World::new();
    let tools = || {
        let run = [env!("CARGO_BIN_EXE_mcp-hook"), "run", "time", "--launcher", "direct", "--"];
        let words = run.into_iter().map(Into::into).chain(world.words(Server::Time));
        let mut client = PlainClient::connect(&world, Era::Handshake, &words.collect::<Vec<_>>());
        let launch = || world.sandbox.server("time").expect("it runs")["launch"].clone();
        let tools = client.expect_result("tools/list", json!({}));
        let asked =
            || world.sandbox.hook(["logs", "--lines", "1000"]).stdout.contains("asked uvx: it runs").then_some(());
        wait::until("uvx has told", asked);
        let how = launch()["how"].as_str().map(str::to_owned);
        client.close();
        (how, tools)
    };
    let (first, by_uvx) = tools();
    let (second, direct) = tools();
    assert_eq!((first.as_deref(), second.as_deref()), (Some("as-written"), Some("direct")));
    assert_eq!(by_uvx, direct);
    assert!(by_uvx["tools"].as_array().is_some_and(|tools| !tools.is_empty()));
}
