//! A server's environment: what it inherits, and what it is told of its session.

use std::ffi::OsString;

use super::record::Mode;
use super::settings::PortWish;
use super::token::{KEEP_VARIABLE, Token, VARIABLE};
use crate::context;
use crate::disk::layout::ServerPaths;
use crate::disk::names::{ServerName, SessionId};

/// The environment variable that names the server's plain pid file.
pub const PID_FILE: &str = "MCP_PID_FILE";

/// What a server is told of itself and its session, which its definition may use as well.
pub fn usual(session: &SessionId, server: &ServerName, paths: &ServerPaths) -> [(&'static str, OsString); 5] {
    [
        ("MCP_SESSION_ID", session.as_str().into()),
        ("MCP_SERVER_NAME", server.as_str().into()),
        (PID_FILE, paths.pid.path().into()),
        ("MCP_CONFIG_DIR", paths.configs.path().into()),
        ("MCP_LOG_FILE", paths.log.path().into()),
    ]
}

/// The variables that are set for every server, on top of the inherited ones.
pub fn additions(token: &Token, paths: &ServerPaths) -> impl Iterator<Item = (&'static str, OsString)> {
    usual(token.session(), token.server(), paths).into_iter().chain([(VARIABLE, token.to_string().into())])
}

/// Has programs in Python print at once what is waited for and logged, unless they were told otherwise. What a client
/// reads itself is between the two: a Python that does not buffer may hand on half of a long message.
pub fn unbuffered(mode: Mode) -> Option<(&'static str, &'static str)> {
    const NAME: &str = "PYTHONUNBUFFERED";
    (mode == Mode::Start && context::variable_as_it_is(NAME).is_none()).then_some((NAME, "1"))
}

/// The variables that tell a server its port.
pub fn port(number: Option<u16>, wish: Option<&PortWish>) -> Vec<(String, String)> {
    let Some(number) = number else { return Vec::new() };
    let named = wish.and_then(|wish| wish.variable.clone());
    [Some("MCP_PORT".to_owned()), named].into_iter().flatten().map(|name| (name, number.to_string())).collect()
}

/// The variables that a server does not inherit: a descendant asks to be let go only for itself, and a server owns no
/// session.
pub const REMOVED: [&str; 2] = [KEEP_VARIABLE, "MCP_HOOK_OWNER"];
