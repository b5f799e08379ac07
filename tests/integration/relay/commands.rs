//! Commands on a server whose client is there.

use std::fs;
use std::process::Stdio;

use nix::sys::stat::Mode;

use crate::support::scripted::SERVER;
use crate::support::wait::Deadline;
use crate::support::watchers::{kill, kill_both};
use crate::support::{BackgroundSession, Sandbox, Scripted, Watchers};

/// What a request is answered with by the relay.
#[track_caller]
fn refusal(client: &mut Scripted<'_>) -> String {
    let id = client.call("echo");
    client.hear_answer(id)["error"]["message"].as_str().expect("an error").to_owned()
}

const STOPPED: &str = "The MCP server \"server\" did not get this call: somebody stopped it with mcp-hook stop; mcp-hook start \
                       server or mcp-hook restart server brings it back.";

#[test]
fn a_stopped_server_is_gone_and_its_client_is_told_who_stopped_it_until_it_is_brought_back() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    for verb in ["start", "restart"] {
        let server = client.server();
        let open = client.call("hang");
        client.server();
        let said = client.hook("stop").ok();
        assert!(said.stderr.contains("stopped server after"), "{said}");
        assert!(!server.alive(), "stop waits for the end");
        let error = client.hear_answer(open)["error"].clone();
        assert!(error["message"].as_str().unwrap().contains("was ended because it was stopped"), "{error}");
        assert_eq!(error["data"]["restarting"], false);
        assert_eq!([refusal(&mut client), refusal(&mut client)], [STOPPED, STOPPED]);
        assert_eq!(sandbox.server("server").unwrap()["state"], "stopped");
        assert!(client.hook("stop").ok().stderr.contains("server is not running"));
        let said = client.hook(verb).ok();
        assert!(said.stderr.contains("started server, pid "), "{said}");
        let (before, _) = client.echo();
        assert_eq!(before.len(), 1, "{before:?}");
    }
    client.finish();
}

#[test]
fn a_server_that_is_to_be_started_again_can_be_stopped_meanwhile() {
    let sandbox = Sandbox::new();
    Scripted::plan(&sandbox, &["", "die 1", "die 1", "die 1"]);
    let mut client = Scripted::legacy(&sandbox, &[]);
    let id = client.call("kill");
    client.hear_answer(id);
    client.await_state("waiting");
    client.hook("stop").ok();
    assert_eq!(client.await_state("idle")["end"]["reason"], "stopped");
    assert_eq!(refusal(&mut client), STOPPED);
    client.finish();
}

#[test]
fn commands_at_once_cost_no_client_its_connection_and_each_call_has_one_answer() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    let session = client.session();
    let at_once = [["stop", "restart"], ["start", "stop"], ["stop", "stop"], ["restart", "restart"]];
    for verbs in at_once.into_iter().cycle().take(16) {
        let mut calls = vec![client.call("hang"), client.call("echo")];
        let commands = verbs.map(|verb| {
            let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
            command.args([verb, "--session", &session, "server"]).stderr(Stdio::piped());
            (verb, command.spawn().unwrap())
        });
        calls.push(client.call("hang"));
        for (verb, command) in commands {
            let output = command.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            let has_to_succeed = verb == "stop" || verbs == ["restart"; 2];
            assert!(!has_to_succeed || output.status.success(), "{verb} of {verbs:?}: {said}");
        }
        client.hook("restart").ok();
        let (before, _) = client.echo();
        let mut answered: Vec<u64> = before.iter().filter_map(|message| message["id"].as_u64()).collect();
        answered.sort_unstable();
        assert_eq!(answered, calls, "{verbs:?}: {before:?}");
    }
    client.finish();
}

#[test]
fn a_start_beside_a_stop_waits_for_the_end_and_brings_the_server_back() {
    let sandbox = Sandbox::new();
    nix::unistd::mkfifo(&sandbox.path("home/hold"), Mode::S_IRWXU).unwrap();
    // The end of its first process is up to this test.
    let line = format!("trap 'read line < hold; exit 0' TERM; python3 {SERVER}; wait");
    let mut client = Scripted::command(&sandbox, &["--grace", "1h"], &["sh", "-c", &line]);
    client.initialize();
    let commands = ["stop", "start"].map(|verb| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        command.args([verb, "--session", &client.session(), "server"]).stderr(Stdio::piped());
        let command = command.spawn().unwrap();
        client.await_state("stopping");
        command
    });
    fs::write(sandbox.path("home/hold"), "end now\n").unwrap();
    for command in commands {
        let output = command.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    client.echo();
    fs::remove_file(sandbox.path("home/hold")).unwrap();
    client.finish();
}

#[test]
fn a_restart_under_a_client_answers_what_was_open_and_the_next_call_is_the_new_servers() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    let first = client.server();
    let open = client.call("hang");
    client.server();
    client.hook("restart").ok();
    let error = client.hear_answer(open)["error"].clone();
    assert!(error["message"].as_str().unwrap().contains("was ended because it was restarted"), "{error}");
    assert_eq!(error["data"]["restarting"], true);
    assert_ne!(client.server().pid, first.pid);
    let said = sandbox.hook(["restart", "--fresh", "--session", &client.session(), "server"]).expect_code(1);
    assert!(said.stderr.contains("it belongs to a client, which started it as it is"), "{said}");
    client.finish();
}

#[test]
fn a_clients_server_that_runs_is_not_started_once_more() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    let server = client.server();
    for command in [&[][..], &["--", "true"], &["--no-wait"]] {
        let said =
            sandbox.hook([&["start", "--session", &client.session(), "server"][..], command].concat()).expect_code(1);
        let (error, hint) = said.stderr.split_once('\n').unwrap();
        assert!(error.starts_with("mcp-hook: could not start server: it is running already, for "), "{error}");
        assert_eq!(hint, "hint: mcp-hook restart server, or start it under another name\n");
    }
    assert_eq!(client.server().pid, server.pid);
    client.finish();
}

#[test]
fn a_server_with_its_clients_own_streams_is_not_started_again_under_it() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &["--direct"]);
    client.server();
    let said = client.hook("restart").expect_code(1);
    assert!(said.stderr.contains("it belongs to a client; restart it there"), "{said}");
    client.hook("stop").ok();
    assert_eq!(client.client.hear_all().output, b"");
}

#[test]
fn a_name_that_a_client_waits_for_is_not_given_to_another_command() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    client.hook("stop").ok();
    let session = client.session();
    let said = sandbox.hook(["start", "--session", &session, "server", "--", "sleep", "1000"]).expect_code(1);
    insta::assert_snapshot!(said.stderr, @r"
    mcp-hook: could not start server: it has ended and is started again when it is wanted
    hint: mcp-hook start server, without a command, does so now
    ");
    assert_eq!(refusal(&mut client), STOPPED);
    client.finish();
}

#[test]
fn a_client_that_leaves_a_stopped_server_leaves_nothing() {
    let sandbox = Sandbox::new();
    let client = Scripted::legacy(&sandbox, &[]);
    client.hook("stop").ok();
    client.finish();

    let sandbox = Sandbox::new();
    let mut session = BackgroundSession::open(&sandbox);
    let client = Scripted::legacy(&sandbox, &["--session", &session.id]);
    client.hook("stop").ok();
    session.kill_shell();
    assert_eq!(client.client.hear_all().output, b"");
    sandbox.assert_clean();
}

#[test]
fn a_relay_that_loses_one_of_its_watchers_ends_as_it_does_without() {
    for options in [&[][..], &["--direct"]] {
        let lose: [fn(Watchers); 3] =
            [|watchers| kill(watchers.supervisor), |watchers| kill(watchers.keeper), kill_both];
        for lose in lose {
            let sandbox = Sandbox::new();
            let mut client = Scripted::legacy(&sandbox, options);
            let server = client.server();
            lose(Watchers::above(server));
            assert!(server.gone_by(Deadline::usual()));
            client.client.hear_all();
            sandbox.hook(["cleanup"]).ok();
            sandbox.assert_clean();
        }
    }
}
