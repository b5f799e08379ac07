//! What a shell is told of its session.

use super::quote::Syntax;
use crate::disk::layout::Root;
use crate::session::open::Session;

/// One line that exports the session's variables when it is evaluated. Paths contain no line breaks: `Root::open`
/// refuses such.
#[must_use]
pub fn line(root: &Root, session: &Session, syntax: Syntax) -> String {
    let id = &session.record.id;
    let paths = root.session(id);
    let text = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
    let variables = [
        ("MCP_SESSION_ID", id.to_string()),
        ("MCP_PID_FILE", text(paths.pid())),
        ("MCP_CONFIG_DIR", text(paths.configs)),
        ("MCP_LOG_DIR", text(paths.logs)),
        ("MCP_HOOK_OWNER", format!("{}:{id}", session.record.owner.pid)),
    ];
    let words = variables.map(|(name, value)| (name, syntax.quote(&value)));
    match syntax {
        Syntax::Posix => format!("export {}", words.map(|(name, value)| format!("{name}={value}")).join(" ")),
        Syntax::Fish => words.map(|(name, value)| format!("set -gx {name} {value}")).join("; "),
    }
}
