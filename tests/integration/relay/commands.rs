//! Commands on a server whose client is there.

use crate::support::wait::Deadline;
use crate::support::watchers::{kill, kill_both};
use crate::support::{BackgroundSession, Sandbox, Scripted, Shell, Terminal, Watchers};

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
fn commands_that_want_opposite_things_at_once_cost_no_client_its_connection() {
    let sandbox = Sandbox::new();
    let mut client = Scripted::legacy(&sandbox, &[]);
    let session = client.session();
    for verbs in [["stop", "restart"], ["start", "stop"], ["stop", "stop"]].into_iter().cycle().take(12) {
        let commands = verbs.map(|verb| {
            let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
            command.args([verb, "--session", &session, "server"]).stderr(std::process::Stdio::piped());
            (verb, command.spawn().unwrap())
        });
        for (verb, command) in commands {
            let output = command.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(verb != "stop" || output.status.success(), "{verb}: {said}");
        }
        client.hook("restart").ok();
        client.echo();
    }
    client.finish();
}

#[test]
fn the_keys_of_the_live_view_work_on_a_clients_server() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let session = terminal.variable("MCP_SESSION_ID");
    let mut client = Scripted::legacy(&sandbox, &["--session", &session]);
    let server = client.server();
    terminal.wait_prompt();
    terminal.send_line("TERM=xterm mcp-hook status --watch; echo \"sta\"tus:$?:");
    terminal.wait_for("restart");
    terminal.send("x");
    client.await_state("idle");
    assert!(!server.alive());
    assert_eq!(refusal(&mut client), STOPPED);
    // The result of the one is shown before the other is asked for. The log, which is shown too, has it in other words.
    terminal.wait_for("(signal");
    terminal.send("r");
    client.await_state("running");
    client.echo();
    terminal.send("q");
    terminal.wait_for("status:0:");
    client.client.finish();
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
