//! What macOS has to do without, tried here: no orphan is adopted and none carries a mark. What has dropped its
//! environment and is deaf to SIGTERM is then known by the session it is in.

use nix::sys::signal::Signal;

use crate::support::{Process, Sandbox, Shell, Terminal, wait};

const WITHOUT: &str = "MCP_HOOK_FAILPOINT=subreaper,mark";

/// A server whose launcher leaves a nameless, deaf process behind; returns that one.
fn start(sandbox: &Sandbox, terminal: &mut Terminal<'_>) -> Process {
    let file = sandbox.path("orphan");
    let orphan = format!("trap \"\" TERM HUP; echo $$ > {}; exec sleep 1000", file.display());
    let script = sandbox.write("server.sh", format!("env -i /bin/sh -c '{orphan}' &\nexec sleep 1000\n"));
    terminal.run(&format!("env {WITHOUT} mcp-hook start deaf -- sh {}", script.display())).ok();
    let pid = wait::until("the orphan tells its pid", || std::fs::read_to_string(&file).ok()?.trim().parse().ok());
    let orphan = Process::with_pid(pid).expect("the orphan lives");
    sandbox.watch(orphan);
    orphan
}

#[test]
fn stop_ends_an_orphan_that_only_its_session_gives_away() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let orphan = start(&sandbox, &mut terminal);
    terminal.run("mcp-hook stop deaf").ok();
    assert!(!orphan.alive(), "{orphan} outlived stop");
}

#[test]
fn the_keeper_ends_an_orphan_that_only_its_session_gives_away() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let orphan = start(&sandbox, &mut terminal);
    let server = sandbox.server("deaf").expect("it is there");
    let supervisor = server["supervisor_pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).expect("a pid");
    Process::with_pid(supervisor).expect("it lives").signal(Signal::SIGKILL);
    assert!(orphan.gone_by(wait::Deadline::usual()), "{orphan} outlived its supervisor");
}
