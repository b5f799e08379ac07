//! The terminal that a server has to be hung up: it must not feel it. Whoever opens `/dev/tty` is told at once that there is
//! none, as without mcp-hook, and is neither kept waiting nor stopped.

use std::process::Stdio;

use crate::support::{Output, Sandbox, skip};

/// What programs do with a terminal, none of which may last; each says last that it is over.
const USES: [&str; 9] = [
    "read x </dev/tty; echo over",
    "head -c 1000000 /dev/zero >/dev/tty; echo over",
    // In a group of its own, where the kernel stops who reads (SIGTTIN).
    "timeout 1000 sh -c 'read x </dev/tty'; echo over",
    "timeout 1000 sh -c 'stty tostop </dev/tty; echo >/dev/tty'; echo over",
    "(read x </dev/tty) & wait; echo over",
    "stty -a </dev/tty; tty; echo over",
    "printf 'protocol=https\\nhost=localhost\\n\\n' | git credential fill; echo over",
    "python3 -c 'import getpass; getpass.getpass()'; echo over",
    "d=$(mktemp -d); cd $d; ssh-keygen -q -t ed25519 -N secret -f key; ssh-keygen -y -f key; rm -r $d; echo over",
];

/// Runs `line` as a client's server, with an empty input.
fn run(sandbox: &Sandbox, prefix: &[&str], line: &str) -> Output {
    let mut command = sandbox.command("mcp-hook");
    command.args(["run", "--direct", "server", "--"]).args(prefix).args(["sh", "-c", line]);
    sandbox.run(command.stdin(Stdio::null()))
}

/// Runs it without mcp-hook and without a terminal.
fn run_bare(sandbox: &Sandbox, prefix: &[&str], line: &str) -> Output {
    let mut command = sandbox.command("setsid");
    command.arg("--wait").args(prefix).args(["sh", "-c", line]);
    sandbox.run(command.stdin(Stdio::null()))
}

/// What the programs said themselves. The words for a terminal that is not there differ from those for one that cannot be
/// opened.
fn theirs(said: &Output) -> String {
    let lines = said.stderr.lines().filter(|line| !line.starts_with("mcp-hook: ") && !line.starts_with("OSError: "));
    let lines: Vec<_> = lines.map(|line| line.replace("No such device or address", "Input/output error")).collect();
    lines.join("\n")
}

#[track_caller]
fn assert_same_as_bare(sandbox: &Sandbox, prefix: &[&str]) {
    sandbox.env("GIT_CONFIG_NOSYSTEM", "1");
    for line in USES {
        let bare = run_bare(sandbox, prefix, line);
        let said = run(sandbox, prefix, line);
        assert!(said.stdout.ends_with("over\n"), "{line}\n{said}");
        assert_eq!((said.code(), &said.stdout), (bare.code(), &bare.stdout), "{line}\n{said}\n{bare}");
        assert_eq!(theirs(&said), theirs(&bare), "{line}");
    }
    sandbox.assert_clean();
}

#[test]
fn a_server_that_asks_on_its_terminal_fares_as_without_one() {
    assert_same_as_bare(&Sandbox::new(), &[]);
}

#[test]
fn a_server_of_another_user_that_asks_on_its_terminal_fares_as_without_one() {
    if !nix::unistd::geteuid().is_root() {
        return skip("a_server_of_another_user_that_asks_on_its_terminal", "needs root");
    }
    assert_same_as_bare(&Sandbox::new(), &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
}

#[test]
fn a_terminal_that_cannot_be_kept_from_being_opened_is_none() {
    let sandbox = Sandbox::new();
    sandbox.env("MCP_HOOK_FAILPOINT", "terminal-lock");
    assert_same_as_bare(&sandbox, &[]);
}

#[test]
fn a_server_in_the_background_finds_no_terminal_either() {
    let sandbox = Sandbox::new();
    let session = crate::support::BackgroundSession::open(&sandbox);
    let line = "read x </dev/tty || echo none; exec sleep 1000";
    session.start(&["--ready-log", "^none$"], "server", &["sh", "-c", line].map(str::to_owned)).ok();
    session.hook("stop", &["server"]).ok();
}
