//! `clients` for people: each client with its files, and below each the servers in it.

use std::fmt::Write;

use anstyle::Style;

use super::columns::{Columns, Side, cut};
use super::definitions::quoted;
use super::style::{self, paint};
use crate::app::clients::{ClientView, FileView, ServerView, Way};
use crate::client::scope::Scope;
use crate::text::excerpt::excerpt;
use crate::text::plain;

/// What is longer is cut: the whole of it stands in the file.
const LONGEST_COMMAND: usize = 100;

pub fn clients(clients: &[ClientView]) -> String {
    if clients.is_empty() {
        return "no file of a client was found\n".to_owned();
    }
    clients.iter().map(client).collect::<Vec<_>>().join("\n")
}

fn client(client: &ClientView) -> String {
    let mut text = format!("{} ({})\n", paint(style::HEAD, client.name), client.id);
    for file in &client.files {
        let note = if file.written { "" } else { " (not written by mcp-hook: wrap shows the lines to change)" };
        let _ = writeln!(text, "  {}{note}", plain(&file.path));
        text += &servers(file);
    }
    text
}

fn servers(file: &FileView) -> String {
    if let Some(error) = &file.error {
        return format!("    {}\n", paint(style::BROKEN, &plain(error)));
    }
    if file.servers.is_empty() {
        return "    no servers\n".to_owned();
    }
    let rows: Vec<Vec<String>> = file.servers.iter().map(cells).collect();
    let columns = Columns::fit([Side::Left; 4], &rows);
    let mut text = String::new();
    for (row, server) in rows.iter().zip(&file.servers) {
        let state = of(server.way);
        text += "    ";
        text += &columns.line(row, |column| if matches!(column, 0 | 2) { state } else { Style::new() });
    }
    text
}

fn cells(server: &ServerView) -> Vec<String> {
    let mark = if matches!(server.way, Way::Hook | Way::Control) { "●" } else { "○" };
    let local = if server.scope == Scope::Local { " (this project)" } else { "" };
    let disabled = if server.disabled { " (disabled)" } else { "" };
    let about = match (&server.reason, server.way) {
        (Some(reason), _) => plain(reason),
        (None, _) => {
            cut(&server.command.iter().map(|word| plain(&quoted(word))).collect::<Vec<_>>().join(" "), LONGEST_COMMAND)
        }
    };
    vec![mark.to_owned(), plain(&excerpt(&server.name)) + local + disabled, way(server.way).to_owned(), about]
}

fn way(way: Way) -> &'static str {
    match way {
        Way::Hook => "behind mcp-hook",
        Way::Direct => "direct",
        Way::Control => "mcp-hook itself",
        Way::Elsewhere => "elsewhere",
        Way::Other => "cannot be",
    }
}

fn of(way: Way) -> Style {
    match way {
        Way::Hook | Way::Control => style::GOOD,
        Way::Direct => style::WARNING,
        Way::Elsewhere => style::FAINT,
        Way::Other => style::BROKEN,
    }
}
