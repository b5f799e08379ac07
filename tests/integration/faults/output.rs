//! Servers that print more than anybody takes: they are not held up, and the lines in the log are whole.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::support::WindowSession;
use crate::support::{Namespace, Sandbox, Tree, wait};

/// The line that `--stdout` and `--stderr` print.
const LINE: &str = "the quick brown fox jumps over the lazy dog, again and again ..";

/// Fails unless every line is one of ours, or the whole line that was printed.
#[track_caller]
pub fn assert_whole(log: &str) -> usize {
    let mut count = 0;
    for line in log.lines() {
        let (stamp, rest) = line.split_once(' ').unwrap_or_default();
        assert!(stamp.len() == 24 && stamp.ends_with('Z'), "{line:?}");
        let text = rest.strip_prefix("out ").or_else(|| rest.strip_prefix("err "));
        assert!(rest.starts_with("hook ") || text == Some(LINE), "{line:?}");
        count += usize::from(text.is_some());
    }
    assert!(log.is_empty() || log.ends_with('\n'), "the last line is not whole");
    count
}

#[test]
fn case_33_gigabyte_of_output_is_taken_and_the_log_stays_small() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let mut tree = Tree::new(&sandbox, "web");
    // In parts, so that a machine under load is not taken for a server that is held up.
    let parts = ["--stdout", "64000000", "--ready"].repeat(16);
    let line = tree.command(&parts).join(" ");
    session.hook(&format!("start web -- {line}")).ok();
    for part in 1..=16 {
        tree.wait_for_report("leader", part);
    }
    session.hook("stop web").ok();
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(session.log_path().parent().unwrap()).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert_whole(&text);
        files += 1;
        bytes += text.len();
    }
    assert!(files > 1 && bytes < 50 << 20, "{files} files with {bytes} bytes");
    session.end();
}

#[test]
fn case_33_full_disk_holds_no_server_up_and_costs_whole_lines_only() {
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open(&sandbox, "case_33_full_disk") else { return };
    // A directory with a stranger's file would not be taken for a root.
    sandbox.hook(["status", "--all"]);
    let logs = sandbox.runtime().join("logs").display().to_string();
    // All but sixty-four kilobytes of it are taken until they are given back.
    namespace
        .run(&format!("mount -t tmpfs -o size=1m,mode=0700 none {logs} && head -c 983040 /dev/zero >{logs}/ballast"));
    namespace.run("eval \"$(mcp-hook open)\"; mkfifo go");
    let tree = Tree::program().display();
    // Ten megabytes into sixty-four kilobytes; then, when there is room again, a few lines more.
    let script = format!(
        "{tree} --stdout 10000000 --leave; : >done; read go <go; {tree} --stdout 640 --leave; : >again; exec sleep 1000"
    );
    // Not ready before all is over: that would be a line of our own among those that are counted.
    namespace.run(&format!("mcp-hook start web --no-wait --ready-delay 1h -- sh -c '{script}'"));
    namespace.run("until [ -e done ]; do :; done");
    let log = namespace.run("cat $MCP_LOG_DIR/web.log");
    let count = assert_whole(&log);
    assert!(count > 0 && log.len() <= 64 << 10, "{} bytes", log.len());
    namespace.run(&format!("rm {logs}/ballast; echo go >go; until [ -e again ]; do :; done"));
    namespace.run("mcp-hook stop web");
    let log = namespace.run("cat $MCP_LOG_DIR/web.log");
    let more = assert_whole(&log);
    assert!(more >= count + 10, "the later lines are there: {count}, {more}");
    let dropped = log.lines().filter_map(|line| line.strip_suffix(" lines were dropped: the log could not be written"));
    let dropped: usize = dropped.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum();
    assert_eq!(more + dropped, (10_000_000usize).div_ceil(64) + 10, "what is missing is counted");
}

#[test]
fn case_33_full_disk_under_the_records_costs_no_supervision() {
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open(&sandbox, "case_33_full_records") else { return };
    fs::create_dir(sandbox.runtime()).unwrap();
    let runtime = sandbox.runtime().display().to_string();
    namespace.run(&format!("mount -t tmpfs -o size=64k,mode=0700 none {runtime}"));
    let script = r#"eval "$(mcp-hook open)"; mcp-hook start web -- sleep 999; cat /dev/zero >$MCP_HOOK_DIR/fill 2>/dev/null
mcp-hook start full -- sleep 998 >said 2>&1; echo $? >code; mcp-hook stop web >>said 2>&1; echo $? >>code
rm $MCP_HOOK_DIR/fill; mcp-hook start web -- sleep 996 >>said 2>&1; echo $? >>code; cat /dev/zero >$MCP_HOOK_DIR/fill 2>/dev/null
true"#;
    sandbox.program("owner", &format!("#!/bin/bash\n{script}\n"));
    namespace.run("owner");
    let said = namespace.run("cat said code");
    let code = namespace.run("cat code");
    assert_eq!(code.lines().collect::<Vec<_>>(), ["1", "0", "0"], "{said}");
    assert!(said.contains("full.json: No space left on device"), "{said}");
    // The owner has ended: so does the last server, though nothing can be written.
    namespace.run("until ! grep -qs '^Name:.sleep' /proc/[0-9]*/status; do :; done");
}

#[test]
fn case_33_removed_log_directory_is_made_again() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let fifo = sandbox.path("say");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let fifo = fifo.display();
    session.hook(&format!("start web -- sh -c 'while :; do read line <{fifo} && echo \"$line\"; done'")).ok();
    fs::write(sandbox.path("say"), "before\n").unwrap();
    wait::until("the first line", || session.log().contains("out before\n").then_some(()));
    for directory in [sandbox.runtime().join("logs").join(&session.id), sandbox.runtime().join("logs")] {
        fs::remove_dir_all(directory).unwrap();
        fs::write(sandbox.path("say"), "after\n").unwrap();
        wait::until("the line after", || session.log().contains("out after\n").then_some(()));
    }
    assert!(session.hook("logs web").ok().stdout.contains("out after"));
    session.end();
}

#[test]
fn case_33_client_that_does_not_read_stderr_holds_no_server_up() {
    let sandbox = Sandbox::new();
    let mut tree = Tree::new(&sandbox, "web");
    let words = tree.command(&["--stderr", "6400000", "--ready", "--echo", "--leave"]);
    let mut command = sandbox.command("mcp-hook");
    command.args(["run", "web", "--"]).args(words);
    let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // All of it was printed though nobody has read a byte.
    tree.wait_for(&["leader"]);
    let mut stdin = client.stdin.take().unwrap();
    stdin.write_all(b"{\"id\":1}\n").unwrap();
    drop(stdin);
    let output = client.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"{\"id\":1}\n", "standard output byte for byte");
    let copy = String::from_utf8(output.stderr).unwrap();
    assert!(copy.starts_with(LINE), "the client gets the beginning at least");
    let logs = fs::read_dir(sandbox.runtime().join("logs")).unwrap().map(|entry| entry.unwrap().path());
    let logs: Vec<_> = logs.filter(|path| path.is_dir()).collect();
    let [directory] = &logs[..] else { panic!("{logs:?}") };
    assert_eq!(assert_whole(&fs::read_to_string(directory.join("web.log")).unwrap()), 100_000, "the log has all");
}

#[test]
fn case_34_child_that_was_let_go_and_holds_stdout_holds_up_no_stop() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let mut tree = Tree::new(&sandbox, "web");
    let mut escaped = Tree::new(&sandbox, "escaped");
    let [holder, leader] = [escaped.command(&["--member", "holder", "--leave"]), tree.command(&["--ready"])];
    let script = format!("MCP_HOOK_KEEP=1 {}; exec {}", holder.join(" "), leader.join(" "));
    session.hook(&format!("start web -- sh -c '{script}'")).ok();
    tree.wait_for(&["leader"]);
    escaped.wait_for(&["holder"]);
    let holder = escaped.member("holder").process;
    let output = |pid: i32| fs::read_link(format!("/proc/{pid}/fd/1")).unwrap();
    assert_eq!(output(holder.pid), output(tree.member("leader").process.pid), "it holds the server's output");
    session.hook("stop web").ok();
    tree.assert_gone();
    assert!(holder.alive(), "it asked to be let go");
    assert!(session.log().contains(&format!("let go of pid {}", holder.pid)), "and the log says so");
    holder.signal(nix::sys::signal::Signal::SIGKILL);
    session.end();
}

#[test]
fn case_34_escaped_child_that_holds_stdout_is_ended_with_its_server() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let mut tree = session.start(&["--member", "holder"]);
    tree.wait_for(&["holder"]);
    session.hook("stop web").ok();
    tree.assert_gone();
    session.end();
}
