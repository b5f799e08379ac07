//! Clients that people use in a terminal, each with a model and a server of a test's own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::{Model, World};
use crate::support::skip;

/// The oldest Node in which the pinned Gemini CLI runs.
const GEMINI_CLI_NEEDS: u32 = 20;

/// What Claude Code is given as the key of its user's account. It is approved by its end.
const KEY: &str = "sk-ant-a-key-that-nobody-has";

/// One that is installed, in a sandbox where its home is.
pub struct TerminalClient<'w> {
    world: &'w World,
    program: PathBuf,
    arguments: &'static [&'static str],
}

impl<'w> TerminalClient<'w> {
    /// Claude Code, whose server is called `mortal`, or `None` where there is no build of it.
    pub fn claude_code(world: &'w World, model: &Model, server: &[OsString]) -> Option<Self> {
        let program = claude_code(world)?;
        make_directories(world);
        let state = json!({
            "hasCompletedOnboarding": true,
            "customApiKeyResponses": { "approved": [&KEY[KEY.len() - 20..]] },
            "projects": { work(world).to_str().unwrap(): { "hasTrustDialogAccepted": true } },
            "mcpServers": entry(server),
        });
        world.sandbox.write("home/.claude.json", state.to_string());
        world.sandbox.env("ANTHROPIC_BASE_URL", model.url());
        world.sandbox.env("ANTHROPIC_API_KEY", KEY);
        // Otherwise the model has to look for tools before it sees them.
        world.sandbox.env("ENABLE_TOOL_SEARCH", "false");
        Some(Self { world, program, arguments: &["--allowedTools", "mcp__mortal"] })
    }

    /// Codex with the same server.
    pub fn codex(world: &'w World, model: &Model, server: &[OsString]) -> Option<Self> {
        let program = world.installed("codex/node_modules/.bin/codex");
        let build = world.installed("codex/node_modules/@openai").read_dir().unwrap().count();
        if build < 2 {
            skip("Codex", "there is no build of it for this machine");
            return None;
        }
        make_directories(world);
        let words: Vec<_> = server.iter().map(|word| json!(word.to_str().unwrap()).to_string()).collect();
        let settings = format!(
            "model = 'test'\nmodel_provider = 'test'\ncheck_for_update_on_startup = false\n[analytics]\nenabled = false\n\
             [model_providers.test]\nname = 'test'\nbase_url = '{}/v1'\nwire_api = 'responses'\n\
             [mcp_servers.mortal]\ncommand = {}\nargs = [{}]\nrequired = true\nstartup_timeout_sec = 100\n\
             default_tools_approval_mode = 'approve'\n",
            model.url(),
            words[0],
            words[1..].join(", "),
        );
        world.sandbox.write("home/.codex/config.toml", settings);
        Some(Self { world, program, arguments: &["exec", "--skip-git-repo-check"] })
    }

    /// Gemini CLI with the same server.
    pub fn gemini_cli(world: &'w World, model: &Model, server: &[OsString]) -> Option<Self> {
        if world.node_version() < GEMINI_CLI_NEEDS {
            skip("Gemini CLI", "it does not run in a Node as old as this one");
            return None;
        }
        make_directories(world);
        let settings = json!({
            "security": { "auth": { "selectedType": "gemini-api-key" }, "folderTrust": { "enabled": false } },
            "general": { "enableAutoUpdate": false },
            "privacy": { "usageStatisticsEnabled": false },
            "mcpServers": entry(server),
        });
        world.sandbox.write("home/.gemini/settings.json", settings.to_string());
        world.sandbox.env("GOOGLE_GEMINI_BASE_URL", model.url());
        world.sandbox.env("GEMINI_API_KEY", "a-key-that-nobody-has");
        let program = world.installed("gemini/node_modules/.bin/gemini");
        Some(Self { world, program, arguments: &["--model", "gemini-2.5-flash", "--yolo", "--prompt"] })
    }

    /// A command that starts it.
    pub fn command(&self) -> Command {
        let mut command = self.world.sandbox.command(&self.program);
        command.args(self.arguments).current_dir(work(self.world));
        command
    }

    /// The same as a line for a shell.
    pub fn line(&self) -> String {
        let words = self.arguments.join(" ");
        format!("cd '{}' && '{}' {words}", work(self.world).display(), self.program.display())
    }
}

/// Claude Code's program, `None` where there is no build of it. It asks nobody for updates.
pub fn claude_code(world: &World) -> Option<PathBuf> {
    let packages = world.installed("claude/node_modules/@anthropic-ai").read_dir().unwrap();
    let mut programs = packages.filter_map(|entry| Some(entry.ok()?.path().join("claude")));
    let Some(claude) = programs.find(|program| program.is_file()) else {
        skip("Claude Code", "there is no build of it for this machine");
        return None;
    };
    world.sandbox.env("DISABLE_AUTOUPDATER", "1");
    world.sandbox.env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    Some(claude)
}

/// The directory in which a client is started.
fn work(world: &World) -> PathBuf {
    world.sandbox.home().join("work")
}

/// Makes it, and one for what clients write for a while only.
fn make_directories(world: &World) {
    let temporary = world.sandbox.home().join("tmp");
    for path in [&temporary, &work(world)] {
        std::fs::create_dir(path).unwrap();
    }
    world.sandbox.env("TMPDIR", temporary);
}

/// A server as most clients have it in their files.
fn entry(words: &[OsString]) -> serde_json::Value {
    let words: Vec<_> = words.iter().map(|word| word.to_str().unwrap()).collect();
    json!({ "mortal": { "command": words[0], "args": words[1..] } })
}
