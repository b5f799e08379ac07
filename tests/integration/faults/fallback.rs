//! Kernels that lack something, or filters that forbid it: the same result by other means, and one warning.

use nix::sys::signal::Signal;

use crate::support::WindowSession;
use crate::support::{Sandbox, Tree, skip};

/// How mcp-hook is started in this test, with what is in its way.
struct Lack {
    prefix: String,
    warnings: &'static [&'static str],
}

const NO_PIDFD: &str = "there are no pidfds";
const NO_SUBREAPER: &str = "orphans cannot be adopted";
const NO_CHILDREN: &str = "children are not listed";

/// strace stands aside (`-DDD`: no parent of what it traces) and makes the call fail in all that comes of the command.
fn failing_call(test: &str, sandbox: &Sandbox, call: &str, error: &str) -> Option<Lack> {
    let trace = sandbox.path("trace");
    let inject = format!("inject={call}:error={error}");
    let able = sandbox.command("strace").args(["-f", "-o", "/dev/null", "-e", &inject, "true"]).output();
    if !able.is_ok_and(|output| output.status.success()) {
        skip(test, "needs strace");
        return None;
    }
    let prefix = format!("strace -DDD -f -q -o {} -e trace={call} -e {inject} ", trace.display());
    Some(Lack { prefix, warnings: &[NO_PIDFD] })
}

fn failpoints(names: &str, warnings: &'static [&'static str]) -> Lack {
    Lack { prefix: format!("MCP_HOOK_FAILPOINT={names} "), warnings }
}

/// The nasty tree, started with something lacking.
fn start<'s>(session: &mut WindowSession<'s>, lack: &Lack) -> Tree<'s> {
    let mut tree = Tree::new(session.sandbox, "web");
    session.terminal.run(&format!("{}mcp-hook start web -- {}", lack.prefix, tree.nasty_line())).ok();
    tree.wait_nasty();
    let log = session.log();
    for warning in lack.warnings {
        assert_eq!(log.matches(warning).count(), 1, "one warning\n{log}");
    }
    assert_eq!(log.matches("warning:").count(), lack.warnings.len(), "{log}");
    tree
}

fn ends_with_its_shell(lack: &Lack, sandbox: &Sandbox) {
    let mut session = WindowSession::open(sandbox);
    let tree = start(&mut session, lack);
    session.end();
    tree.assert_gone();
}

fn ends_by_stop(lack: &Lack, sandbox: &Sandbox) {
    let mut session = WindowSession::open(sandbox);
    let tree = start(&mut session, lack);
    session.terminal.run(&format!("{}mcp-hook stop web", lack.prefix)).ok();
    tree.assert_gone();
    session.hook("status web").expect_code(3);
    session.end();
}

fn ends_without_its_supervisor(lack: &Lack, sandbox: &Sandbox) {
    let mut session = WindowSession::open(sandbox);
    let tree = start(&mut session, lack);
    let server = session.hook("status web --json").json()["sessions"][0]["servers"][0].clone();
    let supervisor = i32::try_from(server["supervisor_pid"].as_i64().unwrap()).unwrap();
    crate::support::Process::with_pid(supervisor).unwrap().signal(Signal::SIGKILL);
    tree.assert_gone();
    session.end();
}

#[test]
fn case_29_without_pidfds_the_tree_ends_with_its_shell() {
    for error in ["ENOSYS", "EPERM"] {
        let sandbox = Sandbox::new();
        if let Some(lack) = failing_call("case_29_shell", &sandbox, "pidfd_open", error) {
            ends_with_its_shell(&lack, &sandbox);
        }
    }
}

#[test]
fn case_29_without_pidfds_stop_ends_the_tree() {
    for error in ["ENOSYS", "EPERM"] {
        let sandbox = Sandbox::new();
        if let Some(lack) = failing_call("case_29_stop", &sandbox, "pidfd_open", error) {
            ends_by_stop(&lack, &sandbox);
        }
    }
}

#[test]
fn case_29_without_pidfds_the_keeper_sweeps() {
    let sandbox = Sandbox::new();
    if let Some(lack) = failing_call("case_29_keeper", &sandbox, "pidfd_open", "ENOSYS") {
        ends_without_its_supervisor(&lack, &sandbox);
    }
}

const NEITHER: &[&str] = &[NO_SUBREAPER, NO_CHILDREN];

#[test]
fn case_30_without_subreaper_and_children_file_the_tree_ends_with_its_shell() {
    ends_with_its_shell(&failpoints("subreaper,children-file", NEITHER), &Sandbox::new());
}

#[test]
fn case_30_without_subreaper_and_children_file_stop_ends_the_tree() {
    ends_by_stop(&failpoints("subreaper,children-file", NEITHER), &Sandbox::new());
}

#[test]
fn case_30_without_subreaper_and_children_file_the_keeper_sweeps() {
    ends_without_its_supervisor(&failpoints("subreaper,children-file", NEITHER), &Sandbox::new());
}

#[test]
fn case_30_without_subreaper_alone_stop_ends_the_tree() {
    ends_by_stop(&failpoints("subreaper", &[NO_SUBREAPER]), &Sandbox::new());
}

#[test]
fn case_30_without_children_file_alone_stop_ends_the_tree() {
    ends_by_stop(&failpoints("children-file", &[NO_CHILDREN]), &Sandbox::new());
}

#[test]
fn case_30_without_children_file_the_tree_ends_with_its_shell() {
    ends_with_its_shell(&failpoints("children-file", &[NO_CHILDREN]), &Sandbox::new());
}
