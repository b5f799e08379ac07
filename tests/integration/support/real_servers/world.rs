//! Where the real servers and clients are, and a sandbox in which they work without a network.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::turn::Turn;
use crate::support::Sandbox;

/// A sandbox with `npx` and `uvx` that find what is installed.
pub struct World {
    pub sandbox: Sandbox,
    installed: PathBuf,
    /// The last to be dropped: by then nothing of the sandbox runs.
    _turn: Turn,
}

/// A server and the command line that people start it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// The reference server.
    Everything,
    /// The last one that ignores the end of its standard input.
    OlderEverything,
    /// The filesystem server, for the home of the test.
    Filesystem,
    /// A server in Python, by `uvx`.
    Time,
}

impl Server {
    /// What its own process has in its command line.
    pub fn program(self) -> &'static str {
        match self {
            Self::Everything | Self::OlderEverything => "mcp-server-everything",
            Self::Filesystem => "mcp-server-filesystem",
            Self::Time => "mcp-server-time",
        }
    }

    /// A tool that it has.
    pub fn tool(self) -> &'static str {
        match self {
            Self::Everything | Self::OlderEverything => "echo",
            Self::Filesystem => "list_directory",
            Self::Time => "get_current_time",
        }
    }

    /// A tool that takes long to answer, and its arguments.
    pub fn long_call(self) -> (&'static str, serde_json::Value) {
        let name = match self {
            Self::OlderEverything => "longRunningOperation",
            _ => "trigger-long-running-operation",
        };
        (name, serde_json::json!({"duration": 1000, "steps": 2}))
    }
}

impl World {
    pub fn new() -> Self {
        let turn = Turn::wait();
        let sandbox = Sandbox::new();
        let installed = installed();
        sandbox.write("home/.npmrc", NPM);
        let uv = fs::read(installed.join("uv.toml")).unwrap();
        sandbox.write("home/.config/uv/uv.toml", uv);
        let path = sandbox.environment().into_iter().find(|(name, _)| name == "PATH").unwrap().1;
        let path = [installed.join("python/bin")].into_iter().chain(std::env::split_paths(&path));
        sandbox.env("PATH", std::env::join_paths(path).unwrap());
        sandbox.env("SHELL", "/bin/sh");
        Self { sandbox, installed, _turn: turn }
    }

    /// From now on every server that `npx` starts waits before its program begins until the gate is opened for it. (The
    /// SDKs hand on no variable by which Node could be told, but npm reads a file.)
    pub fn gate(&self) -> Gate {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/gate.cjs");
        self.sandbox.write("home/.npmrc", format!("{NPM}node-options=--require={program}\n"));
        let fifo = self.sandbox.home().join("gate");
        mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        // Open for both, so that neither side waits for the other to open it.
        Gate(File::options().read(true).write(true).open(fifo).unwrap())
    }

    /// Something that was installed.
    pub fn installed(&self, name: &str) -> PathBuf {
        self.installed.join(name)
    }

    /// The major version of the Node that is there.
    pub fn node_version(&self) -> u32 {
        let said = self.sandbox.run(self.sandbox.command("node").arg("--version")).ok().stdout;
        said.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok()).expect("vMAJOR.MINOR.PATCH")
    }

    /// The words that start `server`.
    pub fn words(&self, server: Server) -> Vec<OsString> {
        let words: &[&str] = match server {
            Server::Everything | Server::OlderEverything => &["npx", "-y", "@modelcontextprotocol/server-everything"],
            Server::Filesystem => &["npx", "-y", "@modelcontextprotocol/server-filesystem"],
            Server::Time => &["uvx", "mcp-server-time"],
        };
        let mut words: Vec<_> = words.iter().map(OsString::from).collect();
        if server == Server::Filesystem {
            words.push(self.sandbox.home().into());
        }
        words
    }

    /// The words with which a client starts `server` through mcp-hook.
    pub fn run_words(&self, name: &str, server: Server) -> Vec<OsString> {
        let hook = [env!("CARGO_BIN_EXE_mcp-hook"), "run", name, "--"];
        hook.iter().map(OsString::from).chain(self.words(server)).collect()
    }

    /// The same with the client's own streams for the server.
    pub fn direct_words(&self, name: &str, server: Server) -> Vec<OsString> {
        let hook = [env!("CARGO_BIN_EXE_mcp-hook"), "run", "--direct", name, "--"];
        hook.iter().map(OsString::from).chain(self.words(server)).collect()
    }

    /// The project in which `npx` finds `server`.
    pub fn project(&self, server: Server) -> PathBuf {
        self.installed(if server == Server::OlderEverything { "older" } else { "node" })
    }

    /// A command in the sandbox and in the project of `server`.
    pub fn command(&self, program: impl AsRef<Path>, server: Server) -> Command {
        let mut command = self.sandbox.command(program.as_ref());
        command.current_dir(self.project(server));
        command
    }
}

/// What servers wait at. A client that lists the tools and leaves would otherwise be gone before its tree has been seen.
pub struct Gate(File);

impl Gate {
    /// Lets one server on.
    pub fn open(&mut self) {
        self.0.write_all(b"o").unwrap();
    }
}

const NPM: &str = "offline=true\nupdate-notifier=false\n";

/// The cache that `.ci/install` fills.
pub fn installed() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let cache = cache.unwrap_or_else(|| Path::new(&std::env::var_os("HOME").unwrap()).join(".cache"));
    let installed = cache.join("mcp-hook-tests");
    assert!(
        installed.join("version").exists(),
        "the real servers and clients are not installed\nhint: run .ci/install"
    );
    installed
}
