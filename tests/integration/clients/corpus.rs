//! Each client's files as people have them: what would change is shown, and everything comes back to the byte.

use std::fs;
use std::path::{Path, PathBuf};

use super::{hook, said};
use crate::support::Sandbox;

/// Puts a file of the corpus where its client looks for it.
fn place(sandbox: &Sandbox, fixture: &str, at: &str) -> (PathBuf, String) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clients").join(fixture);
    let home = fs::canonicalize(sandbox.home()).unwrap();
    let text = fs::read_to_string(fixture).unwrap().replace("@HOME@", home.to_str().unwrap());
    (sandbox.write(Path::new("home").join(at), &text), text)
}

/// Shows, wraps, wraps again and unwraps the files of a client.
fn there_and_back(client: &str, files: &[(&str, &str)]) {
    let sandbox = Sandbox::new();
    let files: Vec<(PathBuf, String)> = files.iter().map(|(fixture, at)| place(&sandbox, fixture, at)).collect();
    let is_as_it_was = || files.iter().all(|(path, text)| fs::read_to_string(path).unwrap() == *text);
    let mut text = said(&sandbox, &hook(&sandbox, &format!("clients {client}"))) + "\n";
    text += &said(&sandbox, &hook(&sandbox, &format!("wrap {client} --dry-run")));
    assert!(is_as_it_was(), "a look changed something");
    insta::assert_snapshot!(client, text);

    hook(&sandbox, &format!("wrap {client} --yes")).ok();
    let wrapped: Vec<String> = files.iter().map(|(path, _)| fs::read_to_string(path).unwrap()).collect();
    hook(&sandbox, &format!("wrap {client} --yes")).ok();
    for ((path, text), wrapped) in files.iter().zip(&wrapped) {
        assert_eq!(fs::read_to_string(path).unwrap(), *wrapped, "a second time changed something");
        assert_ne!(wrapped, text, "{} was not wrapped", path.display());
    }
    hook(&sandbox, &format!("unwrap {client} --yes")).ok();
    for (path, text) in &files {
        // One entry of the corpus was wrapped by hand, and that is taken away, too.
        let by_hand =
            "\"command\": \"/usr/local/bin/mcp-hook\",\n      \"args\": [\"run\", \"wrapped\", \"--\", \"npx\", \"x\"]";
        let text = text.replace(by_hand, "\"command\": \"npx\",\n      \"args\": [\"x\"]");
        assert_eq!(fs::read_to_string(path).unwrap(), text);
    }
}

#[test]
fn claude_code() {
    there_and_back(
        "claude-code",
        &[("claude-code/user.json", ".claude.json"), ("claude-code/project.json", "shop/.mcp.json")],
    );
}

#[test]
fn claude_desktop() {
    there_and_back("claude-desktop", &[("claude-desktop/config.json", ".config/Claude/claude_desktop_config.json")]);
}

#[test]
fn codex() {
    there_and_back(
        "codex",
        &[("codex/config.toml", ".codex/config.toml"), ("codex/project.toml", "shop/.codex/config.toml")],
    );
}

#[test]
fn gemini() {
    there_and_back("gemini", &[("gemini/settings.json", ".gemini/settings.json")]);
}

#[test]
fn cursor() {
    there_and_back(
        "cursor",
        &[("cursor/mcp.json", ".cursor/mcp.json"), ("cursor/project.json", "shop/.cursor/mcp.json")],
    );
}

#[test]
fn vscode() {
    there_and_back("vscode", &[("vscode/mcp.json", "shop/.vscode/mcp.json")]);
}

#[test]
fn windsurf() {
    there_and_back("windsurf", &[("windsurf/mcp_config.json", ".codeium/windsurf/mcp_config.json")]);
}

#[test]
fn zed() {
    there_and_back("zed", &[("zed/settings.json", ".config/zed/settings.json")]);
}

#[test]
fn cline() {
    let at = ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json";
    there_and_back("cline", &[("cline/cline_mcp_settings.json", at)]);
}

#[test]
fn opencode() {
    there_and_back("opencode", &[("opencode/opencode.jsonc", ".config/opencode/opencode.jsonc")]);
}

#[test]
fn amp() {
    there_and_back("amp", &[("amp/settings.json", ".config/amp/settings.json")]);
}

#[test]
fn copilot() {
    there_and_back("copilot", &[("copilot/mcp-config.json", ".copilot/mcp-config.json")]);
}

#[test]
fn kiro() {
    there_and_back("kiro", &[("kiro/mcp.json", ".kiro/settings/mcp.json")]);
}

#[test]
fn lm_studio() {
    there_and_back("lm-studio", &[("lm-studio/mcp.json", ".lmstudio/mcp.json")]);
}

#[test]
fn of_yaml_the_lines_to_change_are_shown_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    let files = [
        place(&sandbox, "continue/config.yaml", ".continue/config.yaml"),
        place(&sandbox, "goose/config.yaml", ".config/goose/config.yaml"),
    ];
    let text = ["clients", "wrap --yes", "unwrap --yes"].map(|line| said(&sandbox, &hook(&sandbox, line)) + "\n");
    insta::assert_snapshot!(text.concat());
    for (path, text) in files {
        assert_eq!(fs::read_to_string(path).unwrap(), text);
    }
}

#[test]
fn a_broken_file_is_named_with_line_and_column_and_left_alone() {
    let sandbox = Sandbox::new();
    let broken = [
        ("shop/.mcp.json", "{\n  // mine\n  \"mcpServers\": {}\n}"),
        (".codex/config.toml", "[mcp_servers.a]\ncommand = npx\n"),
        (".gemini/settings.json", "{\"mcpServers\": {\"a\": {\"command\": \"x\",}}}"),
        (".cursor/mcp.json", "{\"mcpServers\": {\"a\": {\"command\": \"x\"}"),
        (".kiro/settings/mcp.json", "{'mcpServers': {}}"),
    ];
    for (at, text) in broken {
        sandbox.write(Path::new("home").join(at), text);
    }
    // The others are done all the same.
    sandbox.write("home/.lmstudio/mcp.json", super::DIRECT);
    let text = ["wrap --yes", "clients cursor"].map(|line| said(&sandbox, &hook(&sandbox, line)) + "\n");
    insta::assert_snapshot!(text.concat());
    for (at, text) in broken {
        assert_eq!(fs::read_to_string(sandbox.home().join(at)).unwrap(), text);
    }
    assert!(fs::read_to_string(sandbox.home().join(".lmstudio/mcp.json")).unwrap().contains("mcp-hook"));
}
