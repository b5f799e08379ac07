//! Servers of several kinds and on several addresses: each is ready when it listens, and marked if others can reach it.

use super::{PORT, answers, claimed, port_of, server};
use crate::support::{Sandbox, Shell, Terminal};

/// What to connect to, and whether other machines could, too.
struct Place {
    bind: &'static str,
    reach: &'static str,
    public: bool,
}

const PLACES: [Place; 4] = [
    Place { bind: "127.0.0.1", reach: "127.0.0.1", public: false },
    Place { bind: "0.0.0.0", reach: "127.0.0.1", public: true },
    Place { bind: "::1", reach: "::1", public: false },
    Place { bind: "::", reach: "127.0.0.1", public: true },
];

fn serves(command: impl Fn(&str) -> String) {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    for (index, place) in PLACES.iter().enumerate() {
        let name = format!("web{index}");
        let command = command(place.bind);
        let said = terminal.run(&format!("mcp-hook start {name} --port auto -- {command}")).ok().stdout;
        let port = port_of(&sandbox, &name);
        assert!(answers(place.reach, port), "ready means that it answers");
        assert!(said.contains(&format!("port {port}")), "{said}");
        let warning = format!("other machines can reach {name} on port {port}");
        assert_eq!(said.contains(&warning), place.public, "{said}");
        assert_eq!(server(&sandbox, &name)["public"], place.public, "{}", place.bind);
        let log = terminal.run(&format!("mcp-hook logs {name}")).ok().stdout;
        assert_eq!(log.contains("other machines can reach it"), place.public, "{log}");
        assert!(!log.contains("once more"), "it had the port at the first try\n{log}");
    }
    let table = terminal.run("mcp-hook status").ok().stdout;
    let rows: Vec<_> = table.lines().filter(|line| line.contains("web")).collect();
    for (row, place) in rows.iter().zip(&PLACES) {
        assert_eq!(row.contains(" public "), place.public, "{table}");
    }
    assert_eq!(claimed(&sandbox).len(), PLACES.len());
    terminal.run("mcp-hook stop --all").ok();
    assert!(claimed(&sandbox).is_empty(), "a lock file was left");
}

#[test]
fn python_s_http_server_has_its_port_on_every_address() {
    serves(|address| format!("python3 -m http.server --bind {address} {PORT}"));
}

#[test]
fn an_asyncio_server_has_its_port_on_every_address() {
    let script = "import asyncio,sys
async def main():
    server = await asyncio.start_server(lambda r, w: w.close(), sys.argv[1], int(sys.argv[2]))
    await server.serve_forever()
asyncio.run(main())";
    // asyncio listens for IPv6 alone there.
    let script = script.replace('\n', "\\n");
    serves(|address| {
        let address = if address == "::" { "" } else { address };
        format!("python3 -c $'{script}' '{address}' {PORT}")
    });
}

#[test]
fn a_node_server_has_its_port_on_every_address() {
    let script = "require(\"http\").createServer().listen(process.argv[2], process.argv[1])";
    serves(|address| format!("node -e '{script}' {address} {PORT}"));
}
