//! Case 37: servers that do not share their port, not even with a socket that is only bound.

use nix::sys::signal::Signal;

use super::{PORT, answers, claimed, port_of, server};
use crate::support::{Process, Sandbox, Shell, Terminal, Tree, wait};

#[test]
fn case_37_python_s_simplest_server_gets_its_port() {
    let sandbox = Sandbox::new();
    let script = sandbox.write(
        "server.py",
        "import socketserver, sys\n\
         address = ('127.0.0.1', int(sys.argv[1]))\n\
         socketserver.TCPServer(address, socketserver.BaseRequestHandler).serve_forever()\n",
    );
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.run(&format!("mcp-hook start web --port auto -- python3 {} {PORT}", script.display())).ok();
    let port = port_of(&sandbox, "web");
    let log = terminal.run("mcp-hook logs web").ok().stdout;
    assert!(log.contains("Address already in use"), "it does share its port\n{log}");
    assert!(log.contains("trying once more with the port let go"), "{log}");
    terminal.run("mcp-hook restart web").ok();
    assert_eq!(port_of(&sandbox, "web"), port, "it has the same port again");
    assert!(answers("127.0.0.1", port));
    let log = terminal.run("mcp-hook logs web").ok().stdout;
    assert_eq!(log.matches("once more").count(), 1, "it is known by now\n{log}");
    assert_eq!(server(&sandbox, "web")["restarts"], 1, "the first try is no restart");
    terminal.run("mcp-hook stop web").ok();
    assert!(claimed(&sandbox).is_empty());
}

#[test]
fn case_37_one_that_crashes_gets_its_port_again() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let tree = Tree::program().display();
    terminal.run(&format!("mcp-hook start web --port auto -- {tree} --listen-alone {PORT}@::")).ok();
    let port = port_of(&sandbox, "web");
    let pid = server(&sandbox, "web")["pid"].as_i64().unwrap();
    Process::with_pid(i32::try_from(pid).unwrap()).expect("it runs").signal(Signal::SIGKILL);
    wait::until("it runs again", || {
        let server = server(&sandbox, "web");
        (server["state"] == "running" && server["restarts"] == 1).then_some(())
    });
    assert_eq!(port_of(&sandbox, "web"), port);
    assert!(answers("::1", port));
}
