//! Claude Code, Codex and Gemini CLI with `mcp-hook mcp` beside a server that their model works on: the model changes the server
//! by the client's own shell, has it restarted and uses it, in one conversation.

use serde_json::json;

use crate::support::real_servers::terminal_client::{Entry, Servers};
use crate::support::real_servers::{END, Model, Product, TerminalClient, World};

/// A server whose code stands in a file that is read when it starts. Its tool says which code runs.
const SERVER: &str = r#"
from mcp.server.mcpserver import MCPServer

server = MCPServer("web")


@server.tool()
def tell_build() -> str:
    """Says which build this is."""
    return "the first build"


server.run()
"#;

/// What the model has done to it.
const REBUILD: &str = "sed -i 's/first build/second build/' web.py";

#[test]
fn the_model_of_claude_code_restarts_the_server_that_it_has_rebuilt_and_calls_it() {
    rebuild(Product::ClaudeCode, ("Bash", "command"), &["--allowedTools", "mcp__web,mcp__mcp-hook,Bash"]);
}

#[test]
fn the_model_of_codex_restarts_the_server_that_it_has_rebuilt_and_calls_it() {
    rebuild(Product::Codex, ("exec_command", "cmd"), &["--dangerously-bypass-approvals-and-sandbox"]);
}

#[test]
fn the_model_of_gemini_cli_restarts_the_server_that_it_has_rebuilt_and_calls_it() {
    rebuild(Product::GeminiCli, ("run_shell_command", "command"), &[]);
}

/// `shell` is the client's tool for commands and what it calls one. Nothing was started in a session: `mcp-hook run` opens one, in which `mcp-hook mcp` then is.
fn rebuild(product: Product, (shell, key): (&str, &str), more: &[&str]) {
    let world = World::new();
    let rebuild = format!("{shell}{}", json!({ key: REBUILD }));
    let restart = r#"server_restart{"name": "web"}"#;
    let model = Model::asking_for(&world, &["tell_build", &rebuild, "tell_build", restart, "tell_build"]);
    let Some(client) = TerminalClient::with_servers(product, &world, &model, &servers(&world)) else {
        return;
    };
    world.sandbox.write("home/work/web.py", SERVER);
    client.start("continue", more).expect(END);
    let told = model.results("tell_build");
    assert_eq!(told.len(), 3, "{model}");
    for (text, build) in told.iter().zip(["first", "first", "second"]) {
        assert!(text.contains(&format!("the {build} build")), "{model}");
    }
    assert!(model.results("server_restart")[0].contains("started web, pid "), "{model}");
    world.sandbox.assert_clean_but(&[model.process()]);
}

fn servers(world: &World) -> Servers {
    let hook = env!("CARGO_BIN_EXE_mcp-hook");
    let python = world.installed("python/bin/python").into_os_string().into_string().unwrap();
    let web = [hook, "run", "web", "--", &python, "web.py"];
    let entries = [("web", &web[..]), ("mcp-hook", &[hook, "mcp"])];
    let entries = entries.map(|(name, words)| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        (name.to_owned(), Entry::Command(words))
    });
    Servers { entries: entries.into(), patience: 100 }
}
