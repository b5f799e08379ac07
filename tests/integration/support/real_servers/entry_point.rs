//! Servers by their installed entry points: started without a launcher, which would take most of the time.

use std::ffi::OsString;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::World;

/// A server that somebody else wrote, or the few lines that make one on somebody else's SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPoint {
    Everything,
    Filesystem,
    Memory,
    Playwright,
    Git,
    Time,
    /// On `FastMCP`, with the tools `pid` and `die`.
    FastMcp,
    /// On the Rust SDK, with the same tools.
    Rmcp,
}

/// How client and server speak: with a handshake up to 2025-11-25, without a state since 2026-07-28.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    Handshake,
    Stateless,
}

impl EntryPoint {
    /// The eras in which it speaks.
    pub fn eras(self) -> &'static [Era] {
        match self {
            Self::Everything | Self::Filesystem | Self::Memory | Self::Playwright => &[Era::Handshake],
            Self::Git | Self::Time | Self::FastMcp | Self::Rmcp => &[Era::Handshake, Era::Stateless],
        }
    }

    /// What starts it.
    pub fn words(self, world: &World) -> Vec<OsString> {
        let (program, argument) = match self {
            Self::Everything => ("node/node_modules/.bin/mcp-server-everything", None),
            Self::Filesystem => ("node/node_modules/.bin/mcp-server-filesystem", Some(world.sandbox.home())),
            Self::Memory => ("servers/node_modules/.bin/mcp-server-memory", None),
            Self::Playwright => ("servers/node_modules/.bin/playwright-mcp", None),
            Self::Git => ("servers/python/bin/mcp-server-git", None),
            Self::Time => ("python/bin/mcp-server-time", None),
            Self::FastMcp => ("servers/python/bin/python", Some(fastmcp_server())),
            Self::Rmcp => ("rust-server", None),
        };
        let program = world.installed(program).into_os_string();
        [program].into_iter().chain(argument.map(PathBuf::into_os_string)).collect()
    }

    /// What starts it through mcp-hook.
    pub fn run_words(self, world: &World, name: &str) -> Vec<OsString> {
        let hook = [env!("CARGO_BIN_EXE_mcp-hook"), "run", name, "--"];
        hook.iter().map(OsString::from).chain(self.words(world)).collect()
    }

    /// A request that it answers soon, and that needs nothing but itself.
    pub fn request(self) -> (&'static str, Value) {
        let call = |name: &str, arguments: Value| ("tools/call", json!({"name": name, "arguments": arguments}));
        match self {
            Self::Everything => call("echo", json!({"message": "hello"})),
            Self::Filesystem => call("list_allowed_directories", json!({})),
            Self::Memory => call("read_graph", json!({})),
            Self::Time => call("get_current_time", json!({"timezone": "UTC"})),
            Self::FastMcp | Self::Rmcp => call("pid", json!({})),
            // Its tools need a browser, or a repository.
            Self::Playwright | Self::Git => ("tools/list", json!({})),
        }
    }

    /// A request on which it works for longer than any test, and tells of its progress by this token.
    pub fn long_request(self, token: &str) -> Option<(&'static str, Value)> {
        let arguments = json!({"duration": 1000, "steps": 100_000});
        let name = "trigger-long-running-operation";
        let params = json!({"name": name, "arguments": arguments, "_meta": {"progressToken": token}});
        (self == Self::Everything).then_some(("tools/call", params))
    }
}

fn fastmcp_server() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients/servers/fastmcp_server.py")
}
