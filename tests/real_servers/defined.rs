//! The two servers that people start most, defined in `servers.json`: a client's entry is only `mcp-hook run NAME`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::real_servers::{Client, Sdk, Server, Snapshot, World, world};
use crate::support::wait::{self, Deadline};
use crate::support::{Process, Shell, Terminal};

const PASSWORD: &str = "s3cret-pve-password";
const TOKEN: &str = "s3cret-pve-token";

/// A world whose user has defined this, and whose root the clients find: they do not hand on `MCP_HOOK_DIR`.
fn world_with(definitions: &Value) -> World {
    let world = World::new();
    world.sandbox.unset("MCP_HOOK_DIR");
    world.sandbox.write("home/.config/mcp-hook/servers.json", json!({ "mcpServers": definitions }).to_string());
    world
}

fn root(world: &World) -> PathBuf {
    world.sandbox.path("home/.local/state/mcp-hook")
}

fn run_words(name: &str) -> [OsString; 3] {
    [env!("CARGO_BIN_EXE_mcp-hook").into(), "run".into(), name.into()]
}

/// The template of a cluster of two, with what the server itself needs.
fn template() -> Value {
    let server = |host: &str| json!({ "host": host, "password_env_var": "PVE_PASSWORD", "token_env_var": "PVE_TOKEN" });
    json!({
        "servers": { "pve1": server("192.0.2.1"), "pve2": server("192.0.2.2") },
        "proxmox": { "host": "192.0.2.1" },
        "auth": { "user": "root@pam", "token_name": "mcp", "token_value": "in the environment" },
        "mcp": { "transport": "STDIO" },
    })
}

fn world_with_proxmox(template: &Value) -> World {
    let command = world::installed().join("proxmox/bin/proxmox-mcp-plus");
    let world = world_with(&json!({ "proxmox": {
        "command": command,
        "env": { "PROXMOX_MCP_CONFIG": "${MCP_CONFIG_FILE}", "PVE_PASSWORD": PASSWORD, "PVE_TOKEN": TOKEN },
        "cwd": "${MCP_CONFIG_DIR}",
        "hook": {
            "environmentVariables": [
                { "name": "PVE_TOKEN", "description": "the API token", "isRequired": true, "isSecret": true },
            ],
            "config": {
                "source": "proxmox.json",
                "required": ["servers.*.host", "servers.*.password_env_var"],
                "env": ["servers.*.token_env_var", "servers.*.password_env_var"],
            },
        },
    } }));
    world.sandbox.write("home/.config/mcp-hook/proxmox.json", template.to_string());
    world
}

#[test]
fn proxmox_without_the_name_of_its_password_variable_is_refused_before_anything_is_started() {
    let mut template = template();
    template["servers"]["pve2"].as_object_mut().unwrap().remove("password_env_var");
    let world = world_with_proxmox(&template);
    let sandbox = &world.sandbox;
    let redacted = |text: &str| text.replace(sandbox.root().to_str().unwrap(), "ROOT");

    let checked = sandbox.hook(["check"]).expect_code(1);
    insta::assert_snapshot!(redacted(&checked.stdout), @"
    ✗ proxmox
        ROOT/home/.config/mcp-hook/proxmox.json: servers.pve2.password_env_var is missing
    ");
    assert!(!root(&world).exists(), "check makes nothing");
    let run = sandbox.hook(["run", "proxmox"]).expect_code(1);
    insta::assert_snapshot!(redacted(&run.stderr), @"
    mcp-hook: could not run proxmox: ROOT/home/.config/mcp-hook/proxmox.json: servers.pve2.password_env_var is missing (invalid-definition)
    hint: proxmox is defined in ROOT/home/.config/mcp-hook/servers.json; mcp-hook check proxmox looks again and starts nothing
    ");

    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/stdio_client.py");
    let client =
        sandbox.run(sandbox.command(world.installed("python/bin/python")).arg(driver).args(run_words("proxmox")));
    assert_ne!(client.code(), 0, "{client}");
    assert!(
        client.stderr.contains("servers.pve2.password_env_var is missing"),
        "the client's user reads why\n{client}"
    );

    for directory in ["pids", "configs"] {
        let left: Vec<_> = fs::read_dir(root(&world).join(directory)).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    assert!(sandbox.survivors().is_empty());
    assert!(!root(&world).join("logs/main.log").exists(), "nothing happened");
}

/// A client in a window, in the session of its shell.
struct InWindow<'w> {
    world: &'w World,
    terminal: Terminal<'w>,
    id: String,
    name: &'static str,
}

impl<'w> InWindow<'w> {
    fn open(world: &'w World, name: &'static str) -> Self {
        let mut terminal = Terminal::open(&world.sandbox, Shell::Bash);
        let id = terminal.variable("MCP_SESSION_ID");
        nix::unistd::mkfifo(&world.sandbox.path(name), nix::sys::stat::Mode::S_IRWXU).unwrap();
        Self { world, terminal, id, name }
    }

    fn copy(&self) -> PathBuf {
        root(self.world).join("configs").join(&self.id).join("proxmox-config.json")
    }

    /// Connects a client in the background of the shell. Dropping the writing end of its orders closes it.
    fn connect(&mut self) -> (fs::File, Vec<String>) {
        let [orders, told] =
            [self.name.to_owned(), format!("{}.told", self.name)].map(|it| self.world.sandbox.path(it));
        let python = self.world.installed("python/bin/python");
        let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/stdio_client.py");
        let line = format!("{} {} mcp-hook run proxmox", python.display(), driver.display());
        let _ = fs::remove_file(&told);
        self.terminal.run(&format!("{{ {line} <{} >{} 2>&1 & }}", orders.display(), told.display())).ok();
        let orders = fs::OpenOptions::new().write(true).open(orders).unwrap();
        let tools = wait::try_until(|| {
            let text = fs::read_to_string(&told).ok()?;
            let line = text.lines().find(|line| line.starts_with(r#"{"event": "tools""#))?;
            let event: Value = serde_json::from_str(line).ok()?;
            Some(event["names"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect())
        });
        let said = fs::read_to_string(&told).unwrap_or_default();
        (orders, tools.unwrap_or_else(|| panic!("no tools were listed\n{said}")))
    }

    /// The server that has read this session's copy.
    fn server(&self) -> Process {
        let entry = format!("PROXMOX_MCP_CONFIG={}", self.copy().display());
        let found: Vec<_> =
            self.world.sandbox.survivors().into_iter().filter(|process| process.has_env(&entry)).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0]
    }
}

#[test]
fn proxmox_reads_the_copy_of_its_session_and_two_sessions_have_different_ones() {
    let world = world_with_proxmox(&template());
    let source = world.sandbox.path("home/.config/mcp-hook/proxmox.json");
    let before = fs::read(&source).unwrap();
    world.sandbox.hook(["check"]).ok();
    let [mut one, mut other] = ["one", "other"].map(|name| InWindow::open(&world, name));

    let (orders, all) = one.connect();
    assert!(all.len() > 50 && all.iter().any(|tool| tool == "get_nodes"), "{all:?}");
    assert_eq!(fs::read(one.copy()).unwrap(), before);
    let process = one.server();
    drop(orders);
    assert!(process.gone_by(Deadline::usual()), "{process}");

    // What is changed in one session is changed for this session's next server, and for nobody else's.
    let mut edited: Value = serde_json::from_slice(&before).unwrap();
    edited["mcp"]["tool_allowlist"] = json!(["get_nodes", "get_vms"]);
    fs::write(one.copy(), edited.to_string()).unwrap();
    let (orders_of_one, few) = one.connect();
    let (orders_of_other, as_before) = other.connect();
    assert_eq!(few, ["get_nodes", "get_vms"]);
    assert_eq!(as_before, all);
    let both = [one.server(), other.server()];
    for (window, process) in [&one, &other].into_iter().zip(both) {
        let directory = fs::read_link(format!("/proc/{}/cwd", process.pid)).unwrap();
        assert_eq!(directory, window.copy().parent().unwrap());
    }
    assert_eq!(fs::read(other.copy()).unwrap(), before);
    assert_eq!(fs::read(&source).unwrap(), before, "the source is never touched");
    assert_no_secret_below(&root(&world));

    drop((orders_of_one, orders_of_other));
    for process in both {
        assert!(process.gone_by(Deadline::usual()), "{process}");
    }
    drop((one, other));
    world.sandbox.assert_clean();
}

fn assert_no_secret_below(directory: &Path) {
    let mut looked_at = 0;
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let content = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!content.contains(PASSWORD) && !content.contains(TOKEN), "{}: {content}", path.display());
            looked_at += 1;
        }
    }
    assert!(looked_at > 4, "there was something to look at");
}

#[test]
fn the_filesystem_server_is_run_by_its_name_alone() {
    let world = world_with(&json!({ "directory-polling": {
        "command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "${HOME}/projects"],
    } }));
    world.sandbox.write("home/projects/plan.txt", "");
    world.sandbox.hook(["check"]).ok();
    let mut client = Client::connect(&world, Sdk::TypeScript, Server::Filesystem, &run_words("directory-polling"));
    let tree = Snapshot::below(&world, client.process());
    tree.launcher(Server::Filesystem);
    client.call("list_directory", &json!({ "path": world.sandbox.path("home/projects") }));
    assert_eq!(client.expect("text")["text"], "[FILE] plan.txt");
    client.close();
    tree.assert_gone(&world, &[]);
}
