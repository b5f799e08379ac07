//! The address that a server was seen to listen on is the one that shells, tables and programs are told.

use serde_json::json;

use super::{PORT, answers, port_of, server};
use crate::support::{Sandbox, Shell, Terminal, Tree, wait};

/// Starts a server and expects that everything leads to `address`.
#[track_caller]
fn is_told(terminal: &mut Terminal<'_>, sandbox: &Sandbox, name: &str, how: &str, address: &str) {
    let said = terminal.run(&format!("mcp-hook start {name} --port auto {how}")).ok().stdout;
    let port = port_of(sandbox, name);
    if address != "127.0.0.1" && !how.contains("--ready-log") {
        assert!(said.contains(&format!(", port {port} at {address}\n")), "{said}");
    }
    let place = if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") };
    wait::until("it is seen", || (server(sandbox, name)["address"] == address).then_some(()));
    assert!(answers(address, port), "{address}");
    terminal.run("eval \"$(mcp-hook env)\"").ok();
    let url = terminal.variable(&format!("MCP_{}_URL", name.to_uppercase()));
    assert_eq!(url, format!("http://{place}/mcp"));
    let details = terminal.run(&format!("mcp-hook status {name}")).ok().stdout;
    assert!(details.contains(&format!("address     {place}")), "{details}");
}

#[test]
fn a_server_is_found_where_it_listens() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let tree = Tree::program().display();
    for (index, (bind, address)) in [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.2"),
        ("::1", "::1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "127.0.0.1"),
    ]
    .iter()
    .enumerate()
    {
        let how = format!("-- {tree} --listen {PORT}@{bind}");
        is_told(&mut terminal, &sandbox, &format!("web{index}"), &how, address);
    }
    // Not a connection is needed to tell a wildcard address of IPv6 alone.
    let script = "import socket,sys; it=socket.create_server((\"::\",int(sys.argv[1])),family=socket.AF_INET6,dualstack_ipv6=False); [it.accept() for _ in iter(int, 1)]";
    is_told(&mut terminal, &sandbox, "six", &format!("-- python3 -c '{script}' {PORT}"), "::1");
    assert_eq!(server(&sandbox, "six")["state"], "running");
}

#[test]
fn a_server_that_does_not_share_or_is_ready_by_another_sign_is_found_where_it_listens() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let tree = Tree::program().display();
    is_told(&mut terminal, &sandbox, "alone", &format!("-- {tree} --listen-alone {PORT}@::1"), "::1");
    let script = format!("echo up; exec {tree} --listen $MCP_PORT@127.0.0.2");
    is_told(&mut terminal, &sandbox, "line", &format!("--ready-log up -- sh -c '{script}'"), "127.0.0.2");
}

#[test]
fn a_node_server_on_localhost_is_found_where_it_listens() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let script = "const it=require(\"http\").createServer().listen(process.argv[1],\"localhost\",()=>console.log(it.address().address))";
    terminal.run(&format!("mcp-hook start web --port auto -- node -e '{script}' {PORT}")).ok();
    let address = server(&sandbox, "web")["address"].as_str().expect("an address").to_owned();
    // It listens before it says so.
    let said = wait::until("it says where", || {
        let log = terminal.run("mcp-hook logs web").ok().stdout;
        log.lines().find_map(|line| line.trim_end().split_once(" out ").map(|(_, said)| said.to_owned()))
    });
    assert_eq!(said, address);
    assert!(answers(&address, port_of(&sandbox, "web")));
}

#[test]
fn an_address_in_a_definition_gives_way_to_the_one_that_was_seen() {
    let sandbox = Sandbox::new();
    let tree = Tree::program().to_str().unwrap();
    let web = json!({
        "command": tree, "args": ["--listen", "${MCP_PORT}@::1"],
        "url": "http://127.0.0.1:${MCP_PORT}/it", "hook": { "port": "auto" },
    });
    sandbox.write("home/.config/mcp-hook/servers.json", json!({ "mcpServers": { "web": web } }).to_string());
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.run("mcp-hook start web && eval \"$(mcp-hook env)\"").ok();
    let url = format!("http://[::1]:{}/it", port_of(&sandbox, "web"));
    assert_eq!(terminal.variable("MCP_WEB_URL"), url);
    assert_eq!(server(&sandbox, "web")["url"], url);
}
