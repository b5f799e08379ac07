//! One user has one place for records, whoever asks: a client that hands on few variables, a shell that has others, a user
//! without a home.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::WindowSession;
use crate::support::{Output, Sandbox, Terminal, Tree, skip, wait};

/// What the SDKs hand on to a server.
const CLIENT: &str = "env -i HOME=$HOME PATH=$PATH SHELL=/bin/bash TERM=dumb";

/// A sandbox whose shells have these variables but not `MCP_HOOK_DIR`; paths below the sandbox, made with mode 0700.
fn with_variables(variables: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.unset("MCP_HOOK_DIR");
    for (name, directory) in variables {
        let directory = sandbox.path(directory);
        fs::create_dir(&directory).unwrap();
        fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
        sandbox.env(name, directory);
    }
    sandbox
}

/// Has a client of the terminal, which outlives its shell, run the tree as `t` with the few variables.
fn run_by_client<'s>(session: &mut WindowSession<'s>) -> Tree<'s> {
    let mut tree = Tree::new(session.sandbox, "t");
    session.terminal.run("mkfifo in").ok();
    let line = tree.command(&["--ready"]).join(" ");
    session.terminal.run(&format!("{{ sh -c 'trap : HUP; {CLIENT} mcp-hook run t -- {line} <>in; :' & }}"));
    tree.wait_for(&["leader"]);
    tree
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// `mcp-hook WORDS` as such a client of the terminal would.
#[track_caller]
fn as_client(terminal: &mut Terminal<'_>, line: &str) -> Output {
    terminal.run(&format!("{CLIENT} mcp-hook {line}"))
}

#[test]
fn a_server_of_a_client_with_few_variables_ends_with_its_terminal() {
    for variables in [
        &[("XDG_RUNTIME_DIR", "xdg")][..],
        &[("MCP_HOOK_DIR", "records")],
        &[("XDG_STATE_HOME", "state")],
        &[("XDG_RUNTIME_DIR", "xdg"), ("XDG_STATE_HOME", "state")],
    ] {
        let sandbox = with_variables(variables);
        let mut session = WindowSession::open(&sandbox);
        let tree = run_by_client(&mut session);
        let status = session.hook("status").ok();
        assert!(words(&status.stdout).contains(&"t"), "{variables:?}\n{status}");
        let logs = session.terminal.variable("MCP_LOG_DIR");
        wait::until("its log is with the terminal's", || Path::new(&logs).join("t.log").exists().then_some(()));
        session.terminal.signal(Signal::SIGKILL);
        session.terminal.wait_exit();
        tree.assert_gone();
    }
}

#[test]
fn what_was_opened_with_other_variables_is_told_stopped_and_swept() {
    let sandbox = with_variables(&[("XDG_RUNTIME_DIR", "xdg")]);
    let mut session = WindowSession::open(&sandbox);
    let tree = session.start(&[]);
    sandbox.unset("XDG_RUNTIME_DIR");
    let ids =
        |status: &Value| status["sessions"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&sandbox.status()), [session.id.clone()]);
    let names = sandbox.hook(["names", "sessions"]).ok();
    assert_eq!(names.stdout.trim(), session.id);
    let output = as_client(&mut session.terminal, "status").ok();
    assert!(output.stdout.contains("web"), "{output}");
    let doctor = sandbox.hook(["doctor"]);
    assert!(doctor.stdout.contains("1 with a living shell, 1 server in them"), "{doctor}");
    sandbox.hook(["stop", "--session", &session.id, "web"]).ok();
    tree.assert_gone();
    session.terminal.signal(Signal::SIGKILL);
    session.terminal.wait_exit();
    let output = sandbox.hook(["cleanup"]).ok();
    assert!(output.stdout.contains(&session.id) && output.stdout.contains("removed"), "{output}");
    assert_eq!(ids(&sandbox.status()).len(), 0);
}

#[test]
fn what_was_opened_without_a_variable_is_told_where_there_is_one() {
    let sandbox = with_variables(&[]);
    let session = WindowSession::open(&sandbox);
    for variable in ["XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
        let elsewhere = sandbox.path(variable);
        fs::create_dir(&elsewhere).unwrap();
        fs::set_permissions(&elsewhere, Permissions::from_mode(0o700)).unwrap();
        sandbox.env(variable, &elsewhere);
        assert_eq!(sandbox.status()["sessions"][0]["id"], session.id, "{variable}");
        sandbox.unset(variable);
    }
    session.end();
}

#[test]
fn places_that_are_no_text_cost_no_session() {
    let sandbox = with_variables(&[]);
    for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
        let script = format!("export {variable}=$(printf '%s/\\377' \"$PWD\"); exec mcp-hook run e -- echo '{{}}'");
        // Without a home, records are in a directory of all.
        let script =
            if variable == "HOME" { format!("export MCP_HOOK_DIR=\"$PWD/records\"; {script}") } else { script };
        let output = sandbox.run(sandbox.command("sh").args(["-c", &script])).ok();
        assert_eq!(output.stdout, "{}\n", "{variable}: {output}");
    }
}

#[test]
fn definitions_and_what_is_allowed_are_those_of_the_terminal() {
    let sandbox =
        with_variables(&[("XDG_RUNTIME_DIR", "xdg"), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")]);
    sandbox.write("home/project/.mcp.json", r#"{"mcpServers": {"theirs": {"command": "cat"}}}"#);
    let mut session = WindowSession::open(&sandbox);
    session.hook("add mine -- cat").ok();
    session.terminal.run("cd project && mcp-hook allow </dev/null").ok();
    for name in ["mine", "theirs"] {
        let output = session.terminal.run(&format!("echo '{{\"said\":1}}' | {CLIENT} mcp-hook run {name}")).ok();
        assert!(output.stdout.contains("{\"said\":1}"), "{output}");
    }
    let output = as_client(&mut session.terminal, "list").ok();
    assert!(output.stdout.contains("mine") && output.stdout.contains("theirs"), "{output}");
    assert!(!output.stdout.contains("not allowed"), "{output}");
    session.end();
}

#[test]
fn a_runtime_directory_that_is_opened_to_others_keeps_its_sessions() {
    let sandbox = with_variables(&[("XDG_RUNTIME_DIR", "xdg")]);
    let mut session = WindowSession::open(&sandbox);
    let tree = session.start(&[]);
    fs::set_permissions(sandbox.path("xdg"), Permissions::from_mode(0o755)).unwrap();
    let output = session.hook("status").ok();
    assert!(output.stdout.contains("running"), "{output}");
    let open = sandbox.hook(["open"]).ok();
    assert!(open.stdout.contains("/xdg/mcp-hook/pids/"), "{open}");
    tree.assert_alive();
    session.end();
}

#[test]
fn a_session_is_joined_again_by_a_shell_that_has_other_variables_by_now() {
    let sandbox = with_variables(&[("XDG_RUNTIME_DIR", "xdg")]);
    let mut session = WindowSession::open(&sandbox);
    session.terminal.run("unset XDG_RUNTIME_DIR; eval \"$(mcp-hook open)\"").ok();
    assert_eq!(session.terminal.variable("MCP_SESSION_ID"), session.id);
    session.hook("status").ok();
    let twice = sandbox.path("home/.local/state/mcp-hook/pids").join(&session.id);
    assert!(!twice.exists(), "it has one record");
    session.end();
}

#[test]
fn roots_that_are_gone_are_forgotten_and_there_are_never_many() {
    let sandbox = with_variables(&[]);
    let remembered = || fs::read_dir(sandbox.path("home/.local/state/mcp-hook/roots")).map_or(0, Iterator::count);
    for number in 0..70 {
        let mut command = sandbox.command("mcp-hook");
        sandbox.run(command.arg("open").env("MCP_HOOK_DIR", sandbox.path(format!("root{number}")))).ok();
        assert!(remembered() <= 64);
    }
    assert_eq!(remembered(), 64);
    for number in 0..70 {
        fs::remove_dir_all(sandbox.path(format!("root{number}"))).unwrap();
    }
    let mut command = sandbox.command("mcp-hook");
    sandbox.run(command.arg("open").env("MCP_HOOK_DIR", sandbox.path("last"))).ok();
    assert_eq!(remembered(), 1);
    // What is found without a variable need not be remembered.
    fs::remove_dir_all(sandbox.path("home/.local/state/mcp-hook/roots")).unwrap();
    sandbox.hook(["open"]).ok();
    assert_eq!(remembered(), 0);
}

#[test]
fn a_root_that_is_remembered_is_checked_like_every_other() {
    let sandbox = with_variables(&[("XDG_RUNTIME_DIR", "xdg")]);
    let mut session = WindowSession::open(&sandbox);
    fs::set_permissions(sandbox.path("xdg/mcp-hook"), Permissions::from_mode(0o777)).unwrap();
    let output = as_client(&mut session.terminal, "status");
    assert!(output.code() == 1 && output.stdout.contains("this shell has none"), "{output}");
    fs::set_permissions(sandbox.path("xdg/mcp-hook"), Permissions::from_mode(0o700)).unwrap();
    as_client(&mut session.terminal, "status").ok();
    session.end();
}

/// `mcp-hook run e -- cat` with these variables, where `setup` was done first by root in a mount namespace.
#[track_caller]
fn served(sandbox: &Sandbox, test: &str, setup: &str, variables: &str) -> Option<Output> {
    served_with(sandbox, test, setup, variables, "")
}

/// The same with options of `run`.
#[track_caller]
fn served_with(sandbox: &Sandbox, test: &str, setup: &str, variables: &str, options: &str) -> Option<Output> {
    let said = sandbox.write("said", "{\"hello\":1}\n");
    let mut command: Command = sandbox.command("unshare");
    // The program may lie below what `setup` covers.
    let copy = "exec 9<$(command -v mcp-hook) && mount -t tmpfs none /mnt && cat <&9 >/mnt/mcp-hook && exec 9<&-";
    let run = format!("exec env -i PATH=\"/mnt:$PATH\" {variables} mcp-hook run {options} e -- cat");
    let script = format!("{copy} && chmod 755 /mnt/mcp-hook && {setup} && {run}");
    command.args(["--mount", "sh", "-c", &script]).stdin(fs::File::open(said).unwrap());
    if !nix::unistd::geteuid().is_root() {
        skip(test, "needs root to mount");
        return None;
    }
    let output = sandbox.run(&mut command).ok();
    assert_eq!(output.stdout, "{\"hello\":1}\n", "{output}");
    Some(output)
}

#[test]
fn without_home_the_password_file_names_it() {
    let sandbox = with_variables(&[]);
    let passwd = sandbox.write("passwd", format!("root:x:0:0::{}:/bin/sh\n", sandbox.path("home").display()));
    let setup = format!("mount --bind {} /etc/passwd", passwd.display());
    if served(&sandbox, "without_home_the_password_file_names_it", &setup, "").is_some() {
        assert!(sandbox.path("home/.local/state/mcp-hook/pids").exists());
    }
}

#[test]
fn the_home_of_another_user_is_not_taken_for_ones_own() {
    let sandbox = with_variables(&[]);
    let test = "the_home_of_another_user_is_not_taken_for_ones_own";
    let passwd = sandbox.write("passwd", format!("root:x:0:0::{}:/bin/sh\n", sandbox.path("home").display()));
    fs::create_dir(sandbox.path("theirs")).unwrap();
    let _ = nix::unistd::chown(&sandbox.path("theirs"), Some(65_534.into()), Some(65_534.into()));
    let setup = format!("mount --bind {} /etc/passwd", passwd.display());
    let theirs = format!("HOME={}", sandbox.path("theirs").display());
    if let Some(output) = served(&sandbox, test, &setup, &theirs) {
        assert!(sandbox.path("home/.local/state/mcp-hook/pids").exists(), "{output}");
        assert_eq!(fs::read_dir(sandbox.path("theirs")).unwrap().count(), 0);
    }
}

#[test]
fn without_any_home_records_are_in_a_private_directory_under_tmp() {
    let sandbox = with_variables(&[]);
    let test = "without_any_home_records_are_in_a_private_directory_under_tmp";
    let setup = "mount --bind /dev/null /etc/passwd && mount -t tmpfs -o mode=1777 none /tmp";
    let Some(output) = served(&sandbox, test, &format!("{setup} && cd /"), "") else { return };
    assert!(output.stderr.contains("its log is /tmp/mcp-hook-0/logs/"), "{output}");
}

#[test]
fn with_no_place_for_records_at_all_a_server_is_run_without() {
    let sandbox = with_variables(&[]);
    let test = "with_no_place_for_records_at_all_a_server_is_run_without";
    let setup = "mount --bind /dev/null /etc/passwd && mount -t tmpfs -o ro none /tmp && cd /";
    for options in ["", "--port auto"] {
        let Some(output) = served_with(&sandbox, test, setup, "", options) else { return };
        assert!(output.stderr.contains("warning: nothing is recorded"), "{output}");
    }
}

#[test]
fn on_a_file_system_that_takes_nothing_more_a_server_is_run_without_records() {
    let sandbox = with_variables(&[]);
    let test = "on_a_file_system_that_takes_nothing_more_a_server_is_run_without_records";
    sandbox.hook(["run", "e", "--", "true"]).ok();
    let home = sandbox.path("home");
    let setup = format!("mount --bind -o ro {0} {0} && mount -o remount,bind,ro {0}", home.display());
    let Some(output) = served(&sandbox, test, &setup, "HOME=\"$HOME\"") else { return };
    assert!(output.stderr.contains("warning: nothing is recorded: "), "{output}");
}

#[test]
fn the_usual_runtime_directory_is_found_without_a_variable() {
    let sandbox = with_variables(&[]);
    let test = "the_usual_runtime_directory_is_found_without_a_variable";
    let usual = sandbox.path("usual");
    fs::create_dir(&usual).unwrap();
    fs::set_permissions(&usual, Permissions::from_mode(0o700)).unwrap();
    let setup =
        format!("mount -t tmpfs none /run && mkdir -p /run/user/0 && mount --bind {} /run/user/0", usual.display());
    if served(&sandbox, test, &setup, "HOME=\"$HOME\"").is_some() {
        wait::until("the record is there", || usual.join("mcp-hook/pids").exists().then_some(()));
    }
}
