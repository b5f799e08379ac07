//! What a client's server hears of the signals that reach `run`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Stdio};

use nix::sys::signal::Signal;

use crate::support::BackgroundSession;
use crate::support::wait;
use crate::support::{Process, Sandbox, Shell, Terminal};

/// A server that says what it hears.
const TELLS: &str = r#"for name in INT QUIT USR1; do trap "echo '[\"heard $name\"]'" $name; done
echo '["up"]'; while :; do sleep 1000 & wait $!; done"#;

/// A client that lives on when it is interrupted, and then sends its server a signal that is passed on in any case.
const CLIENT: &str = r#"
import os, signal, subprocess, sys
options = os.environ["OPTIONS"].split()
server = subprocess.Popen(["mcp-hook", "run", *options, "server", "--", "sh", "-c", sys.argv[1]],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
for typed in (signal.SIGINT, signal.SIGQUIT):
    signal.signal(typed, lambda *_: server.send_signal(signal.SIGUSR1))
for line in server.stdout:
    print("from " + "the server:", line.strip(), flush=True)
    if "heard USR1" in line and len(sys.argv) > 2:
        server.send_signal(signal.SIGINT)
print("server is", "over", flush=True)
"#;

/// What is ignored by the process, as bits from the first signal on (`proc_pid_status(5)`).
fn ignored(process: Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t")).unwrap();
    u64::from_str_radix(mask, 16).unwrap()
}

fn read_line(lines: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    line
}

/// What a client hears is the same with the relay and without it.
const WAYS: [&str; 2] = ["", "--direct"];

/// A client's terminal, up to where its server has started.
fn client<'s>(sandbox: &'s Sandbox, way: &str, arguments: &str) -> Terminal<'s> {
    sandbox.env("OPTIONS", way);
    sandbox.write("home/client.py", CLIENT);
    sandbox.write("home/server.sh", TELLS);
    let mut terminal = Terminal::open(sandbox, Shell::Bash);
    terminal.wait_prompt();
    terminal.send_line(&format!("python3 client.py \"$(cat server.sh)\" {arguments}"));
    terminal.wait_for("from the server: [\"up\"]");
    terminal
}

#[test]
fn what_is_typed_on_a_clients_terminal_is_for_the_client_alone() {
    for way in WAYS {
        let sandbox = Sandbox::new();
        let mut terminal = client(&sandbox, way, "");
        for key in ["\u{3}", "\u{1c}", "\u{3}"] {
            terminal.send(key);
            let heard = terminal.wait_for("from the server: [\"heard USR1\"]");
            assert!(!heard.contains("heard INT") && !heard.contains("heard QUIT"), "{heard}");
        }
        terminal.close_window();
        sandbox.assert_clean();
    }
}

#[test]
fn what_a_client_sends_is_passed_on_whatever_was_typed_before() {
    for way in WAYS {
        let sandbox = Sandbox::new();
        let mut terminal = client(&sandbox, way, "again");
        terminal.send("\u{3}");
        terminal.wait_for("from the server: [\"heard USR1\"]");
        terminal.wait_for("from the server: [\"heard INT\"]");
        terminal.close_window();
        sandbox.assert_clean();
    }
}

#[test]
fn what_is_typed_for_run_itself_reaches_its_server() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    nix::unistd::mkfifo(&sandbox.home().join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (way, input) in WAYS.iter().flat_map(|way| ["", "</dev/null", "<>fifo"].map(|input| (way, input))) {
        terminal.wait_prompt();
        terminal.send_line(&format!(
            "mcp-hook run {way} server -- sh -c 'echo \"u\"p; exec sleep 1000' {input}; echo sta\"\"tus:$?:"
        ));
        terminal.wait_for("up\r\n");
        terminal.send("\u{3}");
        terminal.wait_for("status:130:");
    }
}

/// A client's server, started by a shell that ignores what the line says.
fn ignoring(sandbox: &Sandbox, line: &str) -> (Child, Process, BufReader<ChildStdout>) {
    let mut command = sandbox.command("sh");
    command.args(["-c", line, TELLS]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let run = Process::with_pid(child.id().cast_signed()).unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, run, lines)
}

#[test]
fn what_a_client_ignores_its_server_ignores_and_never_hears() {
    let sandbox = Sandbox::new();
    let line = "trap '' HUP INT QUIT; exec mcp-hook run server -- sh -c \"echo [\\$\\$]; $0\"";
    let (mut child, run, mut lines) = ignoring(&sandbox, line);
    let server = Process::with_pid(read_line(&mut lines).trim_matches(['[', ']', '\n']).parse().unwrap()).unwrap();
    assert_eq!(read_line(&mut lines), "[\"up\"]\n");
    assert_eq!(ignored(server) & 0b111, 0b111);
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGUSR1] {
        run.signal(signal);
    }
    assert_eq!(read_line(&mut lines), "[\"heard USR1\"]\n");
    assert!(server.alive());
    drop(child.stdin.take());
    child.wait().unwrap();
    sandbox.assert_clean();
}

#[test]
fn what_is_ignored_before_run_lives_through_it_as_without() {
    let sandbox = Sandbox::new();
    let (mut child, run, mut lines) = ignoring(&sandbox, "trap '' INT; exec mcp-hook run server -- cat");
    child.stdin.as_mut().unwrap().write_all(b"[1]\n").unwrap();
    assert_eq!(read_line(&mut lines), "[1]\n");
    run.signal(Signal::SIGINT);
    child.stdin.as_mut().unwrap().write_all(b"[2]\n").unwrap();
    assert_eq!(read_line(&mut lines), "[2]\n");
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    sandbox.assert_clean();
}

#[test]
fn a_server_in_the_background_ignores_nothing() {
    let sandbox = Sandbox::new();
    let session = BackgroundSession::open(&sandbox);
    let mut command = sandbox.command("sh");
    let line = format!("trap '' HUP INT QUIT; mcp-hook start --session {} server -- sleep 1000", session.id);
    sandbox.run(command.args(["-c", &line])).ok();
    let pid = session.record("server").unwrap()["state"]["server"]["pid"].as_i64().unwrap();
    let server = Process::with_pid(i32::try_from(pid).unwrap()).unwrap();
    wait::until("it is executed", || (server.title() == "sleep").then_some(()));
    assert_eq!(ignored(server) & 0b111, 0);
    session.hook("stop", &["server"]).ok();
}
