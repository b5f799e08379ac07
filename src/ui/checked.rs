//! `check` for people: a line for each server, and below it what is wrong.

use std::fmt::Write;

use super::style::{self, paint};
use crate::definition::check::Checked;
use crate::text::excerpt::excerpt;
use crate::text::plain;

/// The servers, each with its problems.
pub fn servers(servers: &[Checked]) -> String {
    if servers.is_empty() {
        return "no servers are defined; mcp-hook add NAME -- COMMAND defines one\n".to_owned();
    }
    servers.iter().map(server).collect()
}

fn server(server: &Checked) -> String {
    let is_well = server.problems.is_empty();
    let mark = if is_well { paint(style::GOOD, "✓") } else { paint(style::ERROR, "✗") };
    let name = server.name.as_deref().map_or_else(|| server.file.display().to_string(), |it| excerpt(it).into_owned());
    let mut text = format!("{mark} {}\n", plain(&name));
    for problem in &server.problems {
        let _ = writeln!(text, "    {}", plain(problem));
    }
    if let Some(hint) = &server.hint {
        let _ = writeln!(text, "    {} {}", paint(style::HINT, "hint:"), plain(hint));
    }
    for warning in &server.warnings {
        let _ = writeln!(text, "    {} {}", paint(style::WARNING, "warning:"), plain(warning));
    }
    text
}
