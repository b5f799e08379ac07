//! The same with podman, which has no daemon: its containers descend from the client, and their records do not.

use std::fs;
use std::process::Command;

use crate::support::container::DEAF;
use crate::support::engine::busybox;
use crate::support::watchers::kill_both;
use crate::support::{BackgroundSession, Watchers};
use crate::support::{Process, Sandbox, skip, wait};

/// podman in a sandbox: the words that call it.
struct Podman<'s> {
    sandbox: &'s Sandbox,
    words: Vec<String>,
}

impl<'s> Podman<'s> {
    /// With one image. `None`, said aloud, where it cannot run containers.
    fn open(sandbox: &'s Sandbox, test: &str) -> Option<Self> {
        let at = |name: &str| sandbox.path(name).to_str().unwrap().to_owned();
        let words = [
            vec!["podman".to_owned(), "--root".to_owned(), at("pod"), "--runroot".to_owned(), at("podrun")],
            vec!["--tmpdir".to_owned(), at("podtmp"), "--storage-driver=vfs".to_owned()],
            vec!["--cgroup-manager=cgroupfs".to_owned()],
        ];
        let podman = Self { sandbox, words: words.concat() };
        let image = || {
            let bin = sandbox.path("image/bin");
            fs::create_dir_all(&bin).ok()?;
            fs::copy(busybox()?, bin.join("busybox")).ok()?;
            ["sh", "sleep"].iter().try_for_each(|name| std::os::unix::fs::symlink("busybox", bin.join(name))).ok()?;
            let mut tar = Command::new("tar");
            tar.arg("-C").arg(sandbox.path("image")).args(["-cf", &at("image.tar"), "."]);
            tar.status().ok().filter(std::process::ExitStatus::success)?;
            podman.command(&["import", &at("image.tar"), "box"]).output().ok().filter(|it| it.status.success())?;
            let mut run = podman.command(&[]);
            let output = run.args(&podman.run("box0", "exit 0")[podman.words.len()..]).output().ok()?;
            output.status.success().then_some(())
        };
        let able = nix::unistd::geteuid().is_root().then(image).flatten();
        if able.is_none() {
            skip(test, "needs root, busybox-static and a podman that can run containers");
            sandbox.forgive();
            return None;
        }
        Some(podman)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.sandbox.command(&self.words[0]);
        command.args(&self.words[1..]).args(words);
        command
    }

    fn run(&self, name: &str, script: &str) -> Vec<String> {
        let limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"];
        let words =
            [&["run", "-i", "--rm", "--network", "none", "--name", name][..], &limits, &["box", "sh", "-c", script]];
        self.words.iter().cloned().chain(words.concat().into_iter().map(str::to_owned)).collect()
    }

    /// The containers that there are, in any state.
    fn containers(&self) -> String {
        self.sandbox.run(&mut self.command(&["ps", "--all", "--format", "{{.Names}} {{.Status}}"])).ok().stdout
    }
}

/// Starts a deaf container, ends it in a way and expects that there is none any more, not even in podman's books.
fn is_ended(test: &str, end: impl FnOnce(&Sandbox, &BackgroundSession<'_>)) {
    let sandbox = Sandbox::new();
    let Some(podman) = Podman::open(&sandbox, test) else { return };
    let session = BackgroundSession::open(&sandbox);
    session.start(&["--no-wait", "--grace", "300ms"], "web", &podman.run("box1", DEAF)).ok();
    wait::until("the container runs", || podman.containers().contains(" Up ").then_some(()));
    end(&sandbox, &session);
    assert_eq!(podman.containers(), "");
    session.assert_only_shell_left();
}

#[test]
fn case_58_stop_ends_a_container_of_podman() {
    is_ended("case_58_podman_stop", |_, session| drop(session.hook("stop", &["web"]).ok()));
}

#[test]
fn case_58_cleanup_ends_a_container_of_podman_whose_watchers_both_died() {
    is_ended("case_58_podman_cleanup", |sandbox, session| {
        let client = session.record("web").expect("a record")["state"]["server"]["pid"].as_i64().expect("it runs");
        let client = Process::with_pid(i32::try_from(client).unwrap()).expect("the client runs");
        kill_both(Watchers::above(client));
        sandbox.hook(["cleanup"]).ok();
    });
}
