//! Clients that people use in a terminal, each with a model and a server of a test's own.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use serde_json::{Value, json};

use super::{Model, World};
use crate::support::wait::Deadline;
use crate::support::{Output, Process, Shell, skip};

/// The oldest Node in which the pinned Gemini CLI runs.
const GEMINI_CLI_NEEDS: u32 = 20;

/// What Claude Code is given as the key of its user's account. It is approved by its end.
const KEY: &str = "sk-ant-a-key-that-nobody-has";

/// Which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    ClaudeCode,
    Codex,
    GeminiCli,
}

/// What a client has as its servers.
pub struct Servers {
    pub entries: Vec<(String, Entry)>,
    /// How many seconds one may take to come up.
    pub patience: u32,
}

/// How a client reaches a server.
pub enum Entry {
    Command(Vec<String>),
    Url(String),
}

/// A client that is installed, with its home in the sandbox.
pub struct TerminalClient<'w> {
    world: &'w World,
    product: Product,
    program: PathBuf,
}

/// One that works on its only prompt.
pub struct RunningClient {
    child: Child,
    process: Process,
    /// Where its standard output and standard error go.
    streams: [PathBuf; 2],
}

impl<'w> TerminalClient<'w> {
    /// One that asks `model` and has a server `mortal`, started by `words`; `None`, and it is said why, where it does not run.
    pub fn new(product: Product, world: &'w World, model: &Model, words: &[OsString]) -> Option<Self> {
        let words = words.iter().map(|word| word.to_str().unwrap().to_owned()).collect();
        let servers = Servers { entries: vec![("mortal".to_owned(), Entry::Command(words))], patience: 100 };
        Self::with_servers(product, world, model, &servers)
    }

    /// One that asks `model` and has these servers; `None`, and it is said why, where it does not run.
    pub fn with_servers(product: Product, world: &'w World, model: &Model, servers: &Servers) -> Option<Self> {
        let program = product.program(world)?;
        let client = Self { world, product, program };
        let temporary = world.sandbox.home().join("tmp");
        for path in [&temporary, &client.directory()] {
            fs::create_dir(path).unwrap();
        }
        world.sandbox.env("TMPDIR", temporary);
        match product {
            Product::ClaudeCode => client.configure_claude_code(model, servers),
            Product::Codex => client.configure_codex(model, servers),
            Product::GeminiCli => client.configure_gemini_cli(model, servers),
        }
        Some(client)
    }

    /// Starts it with one prompt, after which it leaves, and with `more` options.
    pub fn start(&self, prompt: &str, more: &[&str]) -> RunningClient {
        let streams = ["client.out", "client.err"].map(|name| self.world.sandbox.path(name));
        let [stdout, stderr] = [&streams[0], &streams[1]].map(|path| File::create(path).unwrap());
        let child = self.prompted(prompt, more).stdout(stdout).stderr(stderr).spawn().unwrap();
        let process = Process::with_pid(child.id().cast_signed()).expect("it runs");
        RunningClient { child, process, streams }
    }

    /// What a shell starts it with for one prompt.
    pub fn prompt_line(&self, prompt: &str, more: &[&str]) -> String {
        let command = self.prompted(prompt, more);
        let words = [command.get_program()].into_iter().chain(command.get_args());
        let words: Vec<_> = words.map(|word| Shell::Bash.quote(word.to_str().unwrap())).collect();
        format!("cd '{}' && {} </dev/null", self.directory().display(), words.join(" "))
    }

    fn prompted(&self, prompt: &str, more: &[&str]) -> Command {
        let words: &[&str] = match self.product {
            Product::ClaudeCode => &["--allowedTools", "mcp__mortal", "--print"],
            Product::Codex => &["exec", "--skip-git-repo-check"],
            Product::GeminiCli => &["--model", "gemini-2.5-flash", "--yolo", "--prompt"],
        };
        let mut command = self.command(words);
        command.arg(prompt).args(more);
        command
    }

    /// Runs a command of it to its end.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> Output {
        self.world.sandbox.run(&mut self.command(words))
    }

    /// What a shell starts Claude Code with, to talk with it.
    pub fn line(&self) -> String {
        assert_eq!(self.product, Product::ClaudeCode);
        format!("cd '{}' && '{}' --allowedTools mcp__mortal", self.directory().display(), self.program.display())
    }

    /// A command of it, to be run.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.world.sandbox.command(&self.program);
        command.args(words).current_dir(self.directory());
        command
    }

    /// Where it works.
    pub fn directory(&self) -> PathBuf {
        self.world.sandbox.home().join("work")
    }

    fn configure_claude_code(&self, model: &Model, servers: &Servers) {
        let state = json!({
            "hasCompletedOnboarding": true,
            "customApiKeyResponses": { "approved": [&KEY[KEY.len() - 20..]] },
            "projects": { self.directory().to_str().unwrap(): { "hasTrustDialogAccepted": true } },
            "mcpServers": servers.object(|url| json!({ "type": "http", "url": url })),
        });
        let sandbox = &self.world.sandbox;
        sandbox.write("home/.claude.json", state.to_string());
        sandbox.env("ANTHROPIC_BASE_URL", model.url());
        sandbox.env("ANTHROPIC_API_KEY", KEY);
        // Otherwise the model has to look for tools before it sees them.
        sandbox.env("ENABLE_TOOL_SEARCH", "false");
        sandbox.env("MCP_TIMEOUT", (servers.patience * 1000).to_string());
    }

    /// A server that is not required may come later than the first request to the model. Codex hands on few variables.
    fn configure_codex(&self, model: &Model, servers: &Servers) {
        let url = model.url();
        let settings = format!(
            "model = 'test'
             model_provider = 'test'
             check_for_update_on_startup = false
             [analytics]
             enabled = false
             [features]
             plugins = false
             [model_providers.test]
             name = 'test'
             base_url = '{url}/v1'
             wire_api = 'responses'\n"
        );
        let records = self.world.sandbox.runtime();
        let entries = servers.entries.iter().map(|(name, entry)| {
            format!(
                "[mcp_servers.{name}]\n{}required = true\nstartup_timeout_sec = {}\n\
                 default_tools_approval_mode = 'approve'\n",
                entry.toml(&records),
                servers.patience
            )
        });
        let settings = settings + &entries.collect::<String>();
        self.world.sandbox.write("home/.codex/config.toml", settings);
    }

    fn configure_gemini_cli(&self, model: &Model, servers: &Servers) {
        let mut settings = json!({
            "security": { "auth": { "selectedType": "gemini-api-key" }, "folderTrust": { "enabled": false } },
            "general": { "enableAutoUpdate": false },
            "privacy": { "usageStatisticsEnabled": false },
            "mcpServers": servers.object(|url| json!({ "httpUrl": url })),
        });
        for (_, server) in settings["mcpServers"].as_object_mut().unwrap() {
            server["timeout"] = json!(servers.patience * 1000);
        }
        let sandbox = &self.world.sandbox;
        sandbox.write("home/.gemini/settings.json", settings.to_string());
        sandbox.env("GOOGLE_GEMINI_BASE_URL", model.url());
        sandbox.env("GEMINI_API_KEY", "a-key-that-nobody-has");
    }
}

impl RunningClient {
    /// Its process, or its launcher's.
    pub fn process(&self) -> Process {
        self.process
    }

    /// Waits until it has ended; fails unless it succeeded and said `word`.
    #[track_caller]
    pub fn expect(mut self, word: &str) {
        assert!(self.process.gone_by(Deadline::usual()), "it did not end\n{self}");
        let status = self.child.wait().unwrap();
        let said = fs::read_to_string(&self.streams[0]).unwrap();
        assert!(status.success() && said.contains(word), "{status}\n{self}");
    }
}

impl std::fmt::Display for RunningClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [stdout, stderr] = self.streams.each_ref().map(|path| fs::read_to_string(path).unwrap_or_default());
        write!(out, "--- stdout of the client\n{stdout}\n--- stderr of the client\n{stderr}")
    }
}

impl Drop for RunningClient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Product {
    /// Its program, `None` where it does not run.
    fn program(self, world: &World) -> Option<PathBuf> {
        match self {
            Self::ClaudeCode => claude_code(world),
            Self::Codex => {
                // Beside the launcher there is a package with the program, if there is one for this machine.
                let packages = world.installed("codex/node_modules/@openai").read_dir().unwrap();
                let program = (packages.count() > 1).then(|| world.installed("codex/node_modules/.bin/codex"));
                program.or_else(|| skipped("Codex", "there is no build of it for this machine"))
            }
            Self::GeminiCli => {
                let runs = world.node_version() >= GEMINI_CLI_NEEDS;
                let program = runs.then(|| world.installed("gemini/node_modules/.bin/gemini"));
                program.or_else(|| skipped("Gemini CLI", "it does not run in a Node as old as this one"))
            }
        }
    }
}

/// Claude Code's program, `None` where there is no build of it. It asks nobody for anything but its model, and leaves nothing
/// outside the sandbox.
pub fn claude_code(world: &World) -> Option<PathBuf> {
    let sandbox = &world.sandbox;
    sandbox.env("DISABLE_AUTOUPDATER", "1");
    sandbox.env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    sandbox.env("CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL", "1");
    sandbox.env("CLAUDE_CODE_TMPDIR", sandbox.home());
    let packages = world.installed("claude/node_modules/@anthropic-ai").read_dir().unwrap();
    let mut programs = packages.filter_map(|entry| Some(entry.ok()?.path().join("claude")));
    let program = programs.find(|program| program.is_file());
    program.or_else(|| skipped("Claude Code", "there is no build of it for this machine"))
}

fn skipped(what: &str, why: &str) -> Option<PathBuf> {
    skip(what, why);
    None
}

impl Servers {
    /// As clients have them in their files of JSON.
    pub fn object(&self, with_url: impl Fn(&str) -> Value) -> Value {
        let entries = self.entries.iter().map(|(name, entry)| match entry {
            Entry::Command(words) => (name.clone(), json!({ "command": words[0], "args": words[1..] })),
            Entry::Url(url) => (name.clone(), with_url(url)),
        });
        Value::Object(entries.collect())
    }
}

impl Entry {
    /// As Codex has it in its file, with where mcp-hook keeps its records.
    fn toml(&self, records: &Path) -> String {
        match self {
            Self::Command(words) => {
                let [command, arguments] = [json!(words[0]), json!(words[1..])];
                let records = records.display();
                format!("command = {command}\nargs = {arguments}\nenv = {{ MCP_HOOK_DIR = '{records}' }}\n")
            }
            Self::Url(url) => format!("url = '{url}'\n"),
        }
    }
}
