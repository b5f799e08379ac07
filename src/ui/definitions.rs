//! `list` as tables for people, one for each file.

use std::fmt::Write;

use anstyle::Style;

use super::columns::{Columns, Side, cut};
use super::style::{self, paint};
use crate::definition::allowed::Permission;
use crate::definition::catalogue::DefinitionState;
use crate::definition::view::{DefinitionView, FileView};
use crate::server::secret_words;
use crate::server::settings::PortChoice;
use crate::text::excerpt::excerpt;
use crate::text::plain;

/// What is longer is cut: the whole of it stands in the file.
const LONGEST_COMMAND: usize = 100;

struct Column {
    head: &'static str,
    side: Side,
    /// Whether the column stays away where it has nothing to say of any server.
    is_optional: bool,
    cell: fn(&DefinitionView) -> Option<String>,
}

const COLUMNS: [Column; 6] = [
    column("", |it| Some(if it.state == DefinitionState::Usable { "●" } else { "○" }.to_owned())),
    column("NAME", |it| Some(plain(&excerpt(&it.name)))),
    column("MAY RUN", |it| Some(it.state.to_string())),
    Column { side: Side::Right, is_optional: true, ..column("PORT", |it| it.port.map(port)) },
    Column { is_optional: true, ..column("AUTOSTART", |it| it.autostart.then(|| "yes".to_owned())) },
    column("COMMAND", |it| Some(command(it))),
];

const fn column(head: &'static str, cell: fn(&DefinitionView) -> Option<String>) -> Column {
    Column { head, side: Side::Left, is_optional: false, cell }
}

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
    let shown: Vec<&Column> = COLUMNS.iter().filter(|column| speaks(column, servers)).collect();
    let heads: Vec<String> = shown.iter().map(|column| column.head.to_owned()).collect();
    let rows: Vec<Vec<String>> = servers.iter().map(|server| cells(&shown, server)).collect();
    let columns = Columns::fit(shown.iter().map(|column| column.side), rows.iter().chain([&heads]));
    let mut text = columns.line(&heads, |_| style::HEAD);
    for (row, server) in rows.iter().zip(servers) {
        let state = of(&server.state);
        text += &columns.line(row, |column| if matches!(column, 0 | 2) { state } else { Style::new() });
        if let DefinitionState::Broken(reason) = &server.state {
            let _ = writeln!(text, "    {}", paint(style::FAINT, &plain(reason)));
        }
    }
    text
}

fn speaks(column: &Column, servers: &[DefinitionView]) -> bool {
    !column.is_optional || servers.iter().any(|server| (column.cell)(server).is_some())
}

fn cells(columns: &[&Column], server: &DefinitionView) -> Vec<String> {
    columns.iter().map(|column| (column.cell)(server).unwrap_or_else(|| "-".to_owned())).collect()
}

fn of(state: &DefinitionState) -> Style {
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
    let text = if words.is_empty() {
        server.url.as_deref().map_or("-".to_owned(), |url| plain(&secret_words::shown_text(url)))
    } else {
        words
    };
    cut(&text, LONGEST_COMMAND)
}

/// A word in quotes if it would not be read as one.
pub fn quoted(word: &str) -> String {
    if !word.is_empty() && word.chars().all(|it| it.is_alphanumeric() || "_-+=.,:/@%${}".contains(it)) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
