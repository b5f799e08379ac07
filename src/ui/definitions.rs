//! `list` as tables for people, one for each file.

use std::fmt::Write;

use super::grid::line;
use super::style::{self, paint};
use crate::definition::allowed::Permission;
use crate::definition::catalogue::DefinitionState;
use crate::definition::view::{DefinitionView, FileView};
use crate::server::settings::PortChoice;
use crate::text::excerpt::excerpt;
use crate::text::plain;

/// What is longer is cut: the whole of it stands in the file.
const LONGEST_COMMAND: usize = 100;

/// A table for each file, headed by the file.
pub fn files(files: &[FileView]) -> String {
    if files.is_empty() {
        return "no servers are defined; mcp-hook add NAME -- COMMAND defines one\n".to_owned();
    }
    files.iter().map(|file| head(file) + &body(file)).collect::<Vec<_>>().join("\n")
}

fn head(file: &FileView) -> String {
    let path = paint(style::HEAD, &plain(&file.file.display().to_string()));
    let rest = match file.permission {
        _ if file.error.is_some() => String::new(),
        Permission::Allowed => String::new(),
        // There is nothing in it that could be allowed.
        _ if file.servers.iter().all(|server| server.state == DefinitionState::Client) => String::new(),
        Permission::Changed => {
            paint(style::WARNING, " (changed since it was allowed: look at it, then mcp-hook allow)")
        }
        Permission::Missing => paint(style::WARNING, " (not allowed: look at it, then mcp-hook allow)"),
    };
    path + &rest + "\n"
}

/// What a file defines, or why that cannot be read.
pub fn body(file: &FileView) -> String {
    match &file.error {
        Some(error) => format!("  {}\n", paint(style::BROKEN, &plain(error))),
        None if file.servers.is_empty() => "  no servers\n".to_owned(),
        None => servers(&file.servers),
    }
}

fn servers(servers: &[DefinitionView]) -> String {
    let has_ports = servers.iter().any(|server| server.port.is_some());
    let has_autostart = servers.iter().any(|server| server.autostart);
    let row = |first: [&str; 3], port: &str, autostart: &str, last: String| {
        let mut row = first.map(str::to_owned).to_vec();
        row.extend(has_ports.then(|| port.to_owned()));
        row.extend(has_autostart.then(|| autostart.to_owned()));
        row.push(last);
        row
    };
    let cells = |server: &DefinitionView| {
        let bullet = if server.state == DefinitionState::Usable { "●" } else { "○" };
        let autostart = if server.autostart { "yes" } else { "-" };
        let port = server.port.map_or("-".to_owned(), port);
        row([bullet, &plain(&excerpt(&server.name)), &server.state.to_string()], &port, autostart, command(server))
    };
    let rows: Vec<Vec<String>> = servers.iter().map(cells).collect();
    let heads = row(["", "NAME", "MAY RUN"], "PORT", "AUTOSTART", "COMMAND".to_owned());
    let width = |column: usize| rows.iter().chain([&heads]).map(|row| row[column].chars().count()).max().unwrap_or(0);
    let layout: Vec<(bool, usize)> = (0..heads.len()).map(|column| (has_ports && column == 3, width(column))).collect();
    let mut text = line(&heads, &layout, |_, cell| paint(style::HEAD, cell));
    for (row, server) in rows.iter().zip(servers) {
        let state = of(&server.state);
        text +=
            &line(row, &layout, |column, cell| if matches!(column, 0 | 2) { paint(state, cell) } else { cell.into() });
        if let DefinitionState::Broken(reason) = &server.state {
            let _ = writeln!(text, "    {}", paint(style::FAINT, &plain(reason)));
        }
    }
    text
}

fn of(state: &DefinitionState) -> anstyle::Style {
    match state {
        DefinitionState::Usable => style::GOOD,
        DefinitionState::Broken(_) => style::BROKEN,
        DefinitionState::Refused(_) => style::WARNING,
        DefinitionState::Remote | DefinitionState::Client | DefinitionState::Shadowed => style::FAINT,
    }
}

fn port(choice: PortChoice) -> String {
    match choice {
        PortChoice::Auto => "auto".to_owned(),
        PortChoice::Prefer(number) => format!("~{number}"),
        PortChoice::Fixed(number) => number.to_string(),
    }
}

/// The command as it would be typed, or the url of a server that runs elsewhere.
fn command(server: &DefinitionView) -> String {
    if server.state == DefinitionState::Client {
        return "(a client's way to a server of mcp-hook)".to_owned();
    }
    let words = server.command.iter().flatten().map(|word| plain(&quoted(word))).collect::<Vec<_>>().join(" ");
    let text = if words.is_empty() { server.url.as_deref().map_or("-".to_owned(), plain) } else { words };
    match text.char_indices().nth(LONGEST_COMMAND) {
        Some((end, _)) => text[..end].to_owned() + "…",
        None => text,
    }
}

/// A word in quotes if it would not be read as one.
pub fn quoted(word: &str) -> String {
    let is_plain = |it: char| it.is_alphanumeric() || "_-+=.,:/@%${}".contains(it);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
