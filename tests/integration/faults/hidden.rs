//! Processes that `/proc` does not show: those of others where it hides them, those outside of a container.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::places::apart;
use crate::support::{Namespace, Sandbox, skip};

/// An ordinary user, and a script of root that has that user's `$USER_SHELL -c` and may hide processes by `$HIDE`.
const OTHER: u32 = 65_534;

fn with_hiding(sandbox: &Sandbox, test: &str, script: &str) -> Option<Command> {
    fs::set_permissions(sandbox.root(), Permissions::from_mode(0o755)).unwrap();
    sandbox.install(Path::new(env!("CARGO_BIN_EXE_mcp-hook")), "mcp-hook");
    let directory = sandbox.path("theirs");
    fs::create_dir(&directory).unwrap();
    sandbox.env("HOME", &directory);
    sandbox.env("MCP_HOOK_DIR", directory.join("run"));
    if nix::unistd::chown(&directory, Some(OTHER.into()), Some(OTHER.into())).is_err() {
        skip(test, "needs root to become another user");
        return None;
    }
    sandbox.env("HIDE", "mount -t proc -o hidepid=2 none /proc");
    sandbox.env("USER_SHELL", format!("setpriv --reuid {OTHER} --regid {OTHER} --clear-groups bash"));
    let mut command = apart(sandbox, test, &["--mount"], script)?;
    command.current_dir(&directory);
    Some(command)
}

#[test]
fn a_session_is_the_same_once_proc_hides_the_processes_of_others() {
    const TEST: &str = "a_session_is_the_same_once_proc_hides_the_processes_of_others";
    let sandbox = Sandbox::new();
    let theirs = "eval \"$(mcp-hook open)\" && mcp-hook start web -- sleep 1000 && touch ready && \
                  until [ -e hidden ]; do :; done && mcp-hook cleanup && mcp-hook status && mcp-hook stop web";
    let script = format!("$USER_SHELL -c '{theirs}' & until [ -e ready ]; do :; done; $HIDE; touch hidden; wait $!");
    let Some(mut command) = with_hiding(&sandbox, TEST, &script) else { return };
    let output = sandbox.run(&mut command).ok();
    assert!(output.stdout.contains("running") && output.stderr.contains("stopped web after"), "{output}");
}

#[test]
fn where_proc_hides_the_client_a_server_is_run_for_it() {
    const TEST: &str = "where_proc_hides_the_client_a_server_is_run_for_it";
    let sandbox = Sandbox::new();
    let script = "$HIDE && exec $USER_SHELL -c 'exec mcp-hook run echo -- cat'";
    let Some(mut command) = with_hiding(&sandbox, TEST, script) else { return };
    sandbox.write("said", "{\"hello\":1}\n");
    command.stdin(fs::File::open(sandbox.path("said")).unwrap());
    let output = sandbox.run(&mut command).ok();
    assert_eq!(output.stdout, "{\"hello\":1}\n", "{output}");
}

#[test]
fn the_first_process_of_a_container_runs_a_server() {
    const TEST: &str = "the_first_process_of_a_container_runs_a_server";
    let sandbox = Sandbox::new();
    let script = "exec mcp-hook run echo -- cat";
    let Some(mut command) = apart(&sandbox, TEST, &["--pid", "--fork", "--kill-child", "--mount-proc"], script) else {
        return;
    };
    sandbox.write("said", "{\"hello\":1}\n");
    command.stdin(fs::File::open(sandbox.path("said")).unwrap());
    let output = sandbox.run(&mut command).ok();
    assert_eq!(output.stdout, "{\"hello\":1}\n", "{output}");
}

#[test]
fn who_comes_into_a_container_from_outside_runs_a_server() {
    const TEST: &str = "who_comes_into_a_container_from_outside_runs_a_server";
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open(&sandbox, TEST) else { return };
    let first = namespace.outer_pid();
    sandbox.write("said", "{\"hello\":1}\n");
    let mut command = sandbox.command("nsenter");
    // Who is sent in has no parent there (0), as with `docker exec`.
    command.args([&format!("--target={first}"), "--user", "--preserve-credentials", "--mount", "--pid"]);
    command.args(["mcp-hook", "run", "echo", "--", "cat"]).stdin(fs::File::open(sandbox.path("said")).unwrap());
    let output = sandbox.run(&mut command).ok();
    assert_eq!(output.stdout, "{\"hello\":1}\n", "{output}");
    assert!(namespace.run("mcp-hook status --all").contains("echo"), "its record was made");
}
