//! A server's environment: what it inherits, and what it is told of its session.

use std::ffi::OsString;

use super::token::{KEEP_VARIABLE, Token, VARIABLE};
use crate::disk::layout::ServerPaths;

/// The environment variable that names the server's plain pid file.
pub const PID_FILE: &str = "MCP_PID_FILE";

/// The variables that are set for a server, on top of the inherited ones.
#[must_use]
pub fn additions(token: &Token, paths: &ServerPaths) -> Vec<(&'static str, OsString)> {
    vec![
        ("MCP_SESSION_ID", token.session().as_str().into()),
        ("MCP_SERVER_NAME", token.server().as_str().into()),
        (PID_FILE, paths.pid.clone().into()),
        ("MCP_CONFIG_DIR", paths.configs.clone().into()),
        ("MCP_LOG_FILE", paths.log.clone().into()),
        (VARIABLE, token.to_string().into()),
    ]
}

/// The variables that a server does not inherit: only a descendant itself may ask to be let go, and a server is
/// nobody's shell.
pub const REMOVED: [&str; 2] = [KEEP_VARIABLE, "MCP_HOOK_OWNER"];
