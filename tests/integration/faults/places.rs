//! Where a session is, and what cannot be told: a machine that is renamed, `/proc` that is missing or says little, pid
//! namespaces of their own. Nothing that lives is cleared away, and what is dead is.

use std::fs::{self};
use std::path::PathBuf;
use std::process::Command;

use crate::support::WindowSession;
use crate::support::output::redact;
use crate::support::record::{edit, read_json};
use crate::support::{Namespace, Output, Sandbox, skip};

/// `unshare` with these options and a script of `sh`; `None`, said aloud, where it cannot be had.
pub fn apart(sandbox: &Sandbox, test: &str, options: &[&str], script: &str) -> Option<Command> {
    let able = sandbox.command("unshare").args(options).args(["sh", "-c", "mount -t tmpfs none /mnt"]).output();
    if !able.is_ok_and(|output| output.status.success()) {
        skip(test, "needs namespaces of its own (unshare)");
        return None;
    }
    let mut command = sandbox.command("unshare");
    command.args(options).args(["sh", "-c", script]);
    Some(command)
}

/// A session that lives and has started nothing, with a file in its config directory.
fn idle_session(sandbox: &Sandbox) -> (WindowSession<'_>, PathBuf) {
    let session = WindowSession::open(sandbox);
    let copy = sandbox.write(format!("run/configs/{}/web-config.json", session.id), "edited by hand");
    (session, copy)
}

#[test]
fn a_renamed_machine_is_the_same_place() {
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open_renamable(&sandbox, "a_renamed_machine_is_the_same_place") else {
        return;
    };
    namespace.run("hostname one && eval \"$(mcp-hook open)\" && mcp-hook start web -- sleep 1000");
    namespace.run("hostname other");
    assert!(namespace.run("mcp-hook status").contains("running"));
    let id = namespace.run("printf %s \"$MCP_SESSION_ID\"");
    assert_eq!(namespace.run("eval \"$(mcp-hook open)\" && printf %s \"$MCP_SESSION_ID\""), id);
    let said = namespace.run("mcp-hook stop web");
    assert!(said.contains("stopped web after"), "{said}");
    // Renamed again after its owner has ended: what it left is found.
    namespace.run("bash -c 'MCP_HOOK_NESTED=new; export MCP_HOOK_NESTED; eval \"$(mcp-hook open)\"'");
    namespace.run("hostname third && mcp-hook cleanup");
    let left = fs::read_dir(sandbox.runtime().join("pids")).unwrap().count();
    assert_eq!(left, 1, "only the session that lives is left");
}

/// What `script` does where `/proc` tells little costs a living session nothing.
#[track_caller]
fn spares_a_living_session(test: &str, options: &[&str], script: &str) {
    for command in ["mcp-hook cleanup", "mcp-hook open", "bash -c 'eval \"$(mcp-hook open)\"'", "mcp-hook status --all"]
    {
        let sandbox = Sandbox::new();
        let (session, copy) = idle_session(&sandbox);
        // What `open` does in the background is waited for, with everything else that holds the pipe.
        let Some(mut apart) = apart(&sandbox, test, options, &format!("{{ {script}; {command}; }} | cat")) else {
            return;
        };
        let output = sandbox.run(&mut apart);
        assert_eq!(fs::read_to_string(&copy).unwrap_or_default(), "edited by hand", "{command}\n{output}");
        assert!(session.file("session.json").exists(), "{command}\n{output}");
        session.end();
    }
}

#[test]
fn without_proc_nothing_of_a_living_session_is_removed() {
    const TEST: &str = "without_proc_nothing_of_a_living_session_is_removed";
    spares_a_living_session(TEST, &["--mount"], "mount -t tmpfs none /proc");
}

#[test]
fn without_a_boot_id_nothing_of_a_living_session_is_removed() {
    const TEST: &str = "without_a_boot_id_nothing_of_a_living_session_is_removed";
    spares_a_living_session(TEST, &["--mount"], "mount --bind /dev/null /proc/sys/kernel/random/boot_id");
}

#[test]
fn with_the_proc_of_another_namespace_nothing_of_a_living_session_is_removed() {
    const TEST: &str = "with_the_proc_of_another_namespace_nothing_of_a_living_session_is_removed";
    spares_a_living_session(TEST, &["--mount", "--pid", "--fork"], ":");
}

#[test]
fn with_too_many_open_files_nothing_of_a_living_session_is_removed() {
    const TEST: &str = "with_too_many_open_files_nothing_of_a_living_session_is_removed";
    for files in [4, 5, 6, 7] {
        spares_a_living_session(TEST, &["--mount"], &format!("ulimit -n {files}"));
    }
}

#[test]
fn with_too_many_open_files_nobody_is_called_gone_and_no_removal_is_advised() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    for files in 3..12 {
        let output = session.terminal.run(&format!("sh -c 'ulimit -n {files}; mcp-hook open; mcp-hook status; :'"));
        let lies = |lie| output.stdout.contains(lie);
        assert!(!lies("could not find the process") && !lies("goes with it; remove it"), "{files}: {output}");
    }
    session.end();
}

#[test]
fn what_cannot_be_looked_for_is_not_called_stopped() {
    const TEST: &str = "what_cannot_be_looked_for_is_not_called_stopped";
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let tree = session.start(&[]);
    let script = format!("mount -t tmpfs none /proc; mcp-hook stop --session {} web", session.id);
    let Some(mut apart) = apart(&sandbox, TEST, &["--mount"], &script) else { return };
    let output = sandbox.run(&mut apart).expect_code(1);
    insta::assert_snapshot!(redact(&sandbox, &output.stderr), @r#"
    mcp-hook: could not use the session ID: it belongs to an unknown place (/proc does not tell); web runs there
    hint: use it from where it was opened, or open another one here with eval "$(mcp-hook open)"
    "#);
    tree.assert_alive();
    session.hook("stop web").ok();
    tree.assert_gone();
    session.end();
}

/// `mcp-hook WORDS` of the session in a pid namespace of its own.
fn in_namespace(session: &mut WindowSession, test: &str, words: &str) -> Option<Output> {
    let script = format!("mcp-hook {words}");
    let mut apart = apart(session.sandbox, test, &["--pid", "--fork", "--mount-proc"], &script)?;
    Some(session.sandbox.run(apart.env("MCP_SESSION_ID", &session.id)))
}

#[test]
fn from_another_pid_namespace_a_session_is_said_to_be_elsewhere_with_what_runs_in_it() {
    const TEST: &str = "from_another_pid_namespace_a_session_is_said_to_be_elsewhere_with_what_runs_in_it";
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let tree = session.start(&[]);
    let Some(output) = in_namespace(&mut session, TEST, "status") else { return };
    insta::assert_snapshot!(redact(&sandbox, &output.expect_code(1).stderr), @r#"
    mcp-hook: could not use the session ID: it belongs to another pid namespace; web runs there
    hint: use it from where it was opened, or open another one here with eval "$(mcp-hook open)"
    "#);
    let output = in_namespace(&mut session, TEST, "status --all").unwrap().ok();
    assert!(output.stdout.contains("in another pid namespace)") && !output.stdout.contains("ended"), "{output}");
    let output = in_namespace(&mut session, TEST, "stop web").unwrap().expect_code(1);
    assert!(output.stderr.contains("it belongs to another pid namespace; web runs there"), "{output}");
    let output = in_namespace(&mut session, TEST, "cleanup").unwrap().ok();
    assert_eq!(output.stdout, "nothing to clean up\n", "{output}");
    let output = in_namespace(&mut session, TEST, "doctor").unwrap();
    let line = format!("{} belongs to another pid namespace; web runs there", session.id);
    assert!(output.stdout.contains(&line), "{output}");
    let line = format!("its environment names the session {}, which belongs to another pid namespace", session.id);
    assert!(output.stdout.contains(&line), "{output}");
    tree.assert_alive();
    session.end();
}

#[test]
fn what_a_sandbox_left_is_removed_once_nobody_is_in_its_namespace() {
    const TEST: &str = "what_a_sandbox_left_is_removed_once_nobody_is_in_its_namespace";
    let sandbox = Sandbox::new();
    let script = "eval \"$(mcp-hook open)\"; mcp-hook start web -- sleep 1000; mcp-hook start other -- sleep 1000";
    let Some(mut apart) = apart(&sandbox, TEST, &["--pid", "--fork", "--kill-child", "--mount-proc"], script) else {
        return;
    };
    // Its first process ends, and the kernel kills all others.
    sandbox.run(&mut apart).ok();
    let pids = sandbox.runtime().join("pids");
    assert_eq!(fs::read_dir(&pids).unwrap().count(), 1);
    let output = sandbox.hook(["cleanup", "--dry-run"]).ok();
    assert!(output.stdout.contains("would remove the session's files (its shell is gone)"), "{output}");
    let output = sandbox.hook(["cleanup"]).ok();
    assert!(output.stdout.contains("removed the session's files (its shell is gone)"), "{output}");
    assert_eq!(fs::read_dir(&pids).unwrap().count(), 0, "{output}");
}

#[test]
fn what_a_living_sandbox_has_is_left_alone_by_every_command_outside() {
    const TEST: &str = "what_a_living_sandbox_has_is_left_alone_by_every_command_outside";
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open(&sandbox, TEST) else { return };
    namespace.run("eval \"$(mcp-hook open)\" && mcp-hook start web -- sleep 1000");
    let id = namespace.run("printf %s \"$MCP_SESSION_ID\"");
    for words in [&["cleanup"][..], &["open"], &["status", "--all"], &["stop", "--session", &id, "web"]] {
        sandbox.hook(words);
    }
    assert!(namespace.run("mcp-hook status").contains("running"));
    // In the sandbox the user may have another number.
    edit(&sandbox.runtime().join("pids").join(&id).join("session.json"), |record| record["user"] = 4711.into());
    sandbox.hook(["cleanup"]);
    assert!(sandbox.runtime().join("pids").join(&id).join("web.json").exists());
}

#[test]
fn a_sandbox_that_was_given_the_number_of_one_that_ended_does_not_keep_what_that_one_left() {
    const TEST: &str = "a_sandbox_that_was_given_the_number_of_one_that_ended_does_not_keep_what_that_one_left";
    let sandbox = Sandbox::new();
    let Some(mut namespace) = Namespace::open(&sandbox, TEST) else { return };
    namespace.run("eval \"$(mcp-hook open)\"");
    let id = namespace.run("printf %s \"$MCP_SESSION_ID\"");
    let record = sandbox.runtime().join("pids").join(&id).join("session.json");
    sandbox.hook(["cleanup"]).ok();
    assert!(record.exists(), "it lives");
    edit(&record, |record| {
        let (link, _) = record["host"]["namespace"].as_str().unwrap().split_once('@').unwrap();
        record["host"]["namespace"] = format!("{link}@1").into();
    });
    let output = sandbox.hook(["cleanup"]).ok();
    assert!(output.stdout.contains("removed the session's files (its shell is gone)"), "{output}");
}

#[test]
fn a_server_that_lost_its_watchers_is_swept_after_the_machine_was_renamed() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let tree = session.start(&[]);
    let file = session.file("web.json");
    edit(&file, |record| record["host"]["name"] = "another".into());
    edit(&session.file("session.json"), |record| record["host"]["name"] = "another".into());
    session.hook("stop web").ok();
    tree.assert_gone();
    assert_eq!(read_json(&file)["state"]["is"], "ended");
    session.end();
}

#[test]
fn a_directory_that_is_no_utf_8_is_named() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    session.terminal.run("mkdir \"$(printf 'odd\\377')\" && cd odd*").ok();
    let output = session.hook("start web -- cat").expect_code(1);
    assert!(output.stdout.contains("/home/odd") && output.stdout.contains("its name is not UTF-8"), "{output}");
    session.end();
}

#[test]
fn under_direnv_a_session_is_said_to_end_with_the_file() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("bash");
    command.args(["-c", "eval \"$(mcp-hook open)\""]).env("DIRENV_IN_ENVRC", "1");
    let output = sandbox.run(&mut command).ok();
    assert!(output.stderr.contains("this session ends with the file"), "{output}");
}
