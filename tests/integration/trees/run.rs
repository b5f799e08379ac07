//! `run` as clients and shells call it: the process that was started becomes the keeper, whoever its children and group are.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::support::Watchers;
use crate::support::wait::{self, Deadline};
use crate::support::watchers::kill;
use crate::support::{Process, Sandbox, Tree};

#[test]
fn background_jobs_of_the_shell_that_executed_run_are_neither_ended_nor_left_as_zombies() {
    let sandbox = Sandbox::new();
    let mut tree = Tree::new(&sandbox, "server");
    let server = tree.command(&["--member", "holder", "--ready"]).join(" ");
    let line = format!("sleep 1000 & sleep 1000 & exec mcp-hook run server -- {server}");
    let script = format!("echo $$; {line}");
    let mut command = sandbox.command("sh");
    command.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut client = command.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(client.stdout.take().unwrap()).read_line(&mut first).unwrap();
    tree.wait_for(&["leader", "holder"]);
    let watchers = Watchers::above(tree.member("leader").process);
    assert_eq!(watchers.keeper.pid.to_string(), first.trim(), "the shell has become the keeper");
    let mut jobs: Vec<Process> = watchers.keeper.descendants();
    jobs.retain(|process| process.title() == "sleep");
    let &[one, other] = &jobs[..] else { panic!("{} jobs", jobs.len()) };
    kill(one);
    wait::until("the job that ended is collected", || one.stat().is_none().then_some(()));
    kill(watchers.supervisor);
    tree.assert_gone();
    assert!(watchers.keeper.gone_by(Deadline::usual()));
    client.wait().unwrap();
    assert!(other.alive(), "the job was ended");
    kill(other);
    sandbox.assert_clean();
}

#[test]
fn a_client_that_kills_the_whole_group_of_run_leaves_nothing() {
    for way in [&[][..], &["--direct"]] {
        let sandbox = Sandbox::new();
        let mut tree = Tree::new(&sandbox, "server");
        let mut command = sandbox.command("mcp-hook");
        command.arg("run").args(way).args(["server", "--"]).args(tree.nasty_command());
        let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        tree.wait_nasty();
        let group = Pid::from_raw(client.id().cast_signed());
        let supervisor = Watchers::above(tree.member("leader").process).supervisor;
        killpg(group, Signal::SIGKILL).unwrap();
        client.wait().unwrap();
        tree.assert_gone();
        assert!(supervisor.gone_by(Deadline::usual()));
        sandbox.assert_clean();
    }
}
