//! What clients start without mcp-hook, so that it may outlive them, and what leads to mcp-hook and no further.

use std::collections::HashSet;

use super::Finding;
use crate::client::entry::{EntryState, ServerEntry, Unwrappable};
use crate::client::file::{self, ClientFile, FileContent};
use crate::client::place::Places;
use crate::client::run_line::RunLine;
use crate::client::scope::Scope;
use crate::definition::catalogue::{Catalogue, DefinitionState};
use crate::definition::document;
use crate::disk::names::ServerName;
use crate::text::excerpt::excerpt;
use crate::units;

const ABOUT: &str = "clients";
/// How many entries are named.
const MOST_NAMED: usize = 3;

/// Reads the files of all clients that are found.
pub fn look() -> Vec<ClientFile> {
    let files = Places::here().map(|places| file::find(&[], &places)).unwrap_or_default();
    // What cannot be read of a project's definitions is told of those.
    files.into_iter().filter(|file| file.content.is_ok() || !document::is_of_project(&file.path)).collect()
}

/// The names that are defined here, whether or not they may be started.
pub fn defined() -> HashSet<String> {
    let catalogue = Catalogue::read();
    let all = catalogue.all().into_iter().filter(|listed| listed.state != DefinitionState::Client);
    all.map(|listed| listed.name.to_owned()).collect()
}

/// What is to be said of the files, where these names are defined.
pub fn judge(files: &[ClientFile], defined: &HashSet<String>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = bypasses(files).into_iter().collect();
    findings.extend(files.iter().flat_map(|file| of_file(file, defined)));
    findings
}

/// What `wrap` would do, in a line.
fn bypasses(files: &[ClientFile]) -> Option<Finding> {
    let mut places = Vec::new();
    for file in files {
        let entries = file.content.iter().flat_map(|content| &content.entries);
        let direct = entries.filter(|entry| matches!(entry.state, EntryState::Direct(_)));
        places.extend(direct.map(|entry| place(file, entry)));
    }
    let more = places.len().saturating_sub(MOST_NAMED);
    let named = places[..places.len() - more].join(", ");
    let text = match places.len() {
        0 => return None,
        1 => format!("{named} is started without mcp-hook and may outlive it"),
        _ if more == 0 => format!("{named} are started without mcp-hook and may outlive it"),
        _ => {
            let more = units::count(more as u64, "more server", "more servers");
            format!("{named} and {more} are started without mcp-hook and may outlive it")
        }
    };
    Some(Finding::warning(ABOUT, text, "mcp-hook wrap puts it in front; mcp-hook wrap --dry-run shows how"))
}

fn of_file(file: &ClientFile, defined: &HashSet<String>) -> Vec<Finding> {
    let content = match &file.content {
        Ok(content) => content,
        Err(error) => return vec![Finding::warning(ABOUT, error.as_str(), "its client cannot use it as it is")],
    };
    let other = content.entries.iter().filter_map(|entry| other_command(file, entry));
    let nowhere = content.entries.iter().filter_map(|entry| leads_nowhere(file, entry, defined));
    other.chain(nowhere).chain(kept(file, content)).collect()
}

fn kept(file: &ClientFile, content: &FileContent) -> Option<Finding> {
    let is_kept = |entry: &&ServerEntry| matches!(entry.state, EntryState::Wrapped { .. } | EntryState::Defined(_));
    let count = content.entries.iter().filter(is_kept).count();
    let text = format!("{}: {count} of its servers run by mcp-hook", file.path.display());
    (count > 0).then(|| Finding::good(ABOUT, text))
}

fn other_command(file: &ClientFile, entry: &ServerEntry) -> Option<Finding> {
    if !matches!(entry.state, EntryState::Unwrappable(Unwrappable::CallsHook(_))) {
        return None;
    }
    let text = format!("{} calls mcp-hook, but not mcp-hook run", place(file, entry));
    Some(Finding::warning(
        ABOUT,
        text,
        format!("let its arguments begin with run {}", ServerName::from_label(&entry.name)),
    ))
}

/// An entry that only leads back to mcp-hook, where nothing is defined behind it. What another project defines is not known.
fn leads_nowhere(file: &ClientFile, entry: &ServerEntry, defined: &HashSet<String>) -> Option<Finding> {
    let EntryState::Defined(command) = &entry.state else { return None };
    let name = &command.words[RunLine::of(&command.words)?.name?];
    if defined.contains(name) || entry.scope == Scope::Local {
        return None;
    }
    let name = excerpt(name);
    let text = format!("{} leads to mcp-hook run {name}, which no file defines", place(file, entry));
    let hint = format!("mcp-hook add {name} -- COMMAND ARGUMENT…, or add \"--\" and the command to its arguments");
    Some(Finding::warning(ABOUT, text, hint))
}

fn place(file: &ClientFile, entry: &ServerEntry) -> String {
    let local = if entry.scope == Scope::Local { " (this project)" } else { "" };
    format!("{:?} in {}{local}", excerpt(&entry.name), file.path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui;

    fn shown(files: &[(&str, &str, &str)]) -> String {
        let defined = ["odd".to_owned(), "kept".to_owned()].into();
        let files: Vec<ClientFile> = files.iter().map(|(id, path, text)| file::sample(id, path, text)).collect();
        ui::findings::unpainted(&judge(&files, &defined))
    }

    #[test]
    fn entries_that_bypass_mcp_hook_are_told_in_a_line() {
        let project = r#"{"mcpServers": {
            "files": {"command": "npx", "args": ["-y", "a-server", "/home/me"], "env": {"TOKEN": "secret"}},
            "my server!": {"command": "/opt/server"},
            "kept": {"command": "/usr/bin/mcp-hook", "args": ["run", "kept"]},
            "odd": {"command": "mcp-hook", "args": ["start", "odd"]},
            "nowhere": {"command": "mcp-hook", "args": ["run", "nowhere"]},
            "whole": {"command": "mcp-hook", "args": ["run", "whole", "--", "x"]},
            "remote": {"type": "http", "url": "https://example.org/mcp"}
        }}"#;
        let own = r#"{"numStartups": 3, "mcpServers": {"top": {"command": "uvx", "args": ["a"]}},
            "projects": {"/p": {"mcpServers": {"web": {"command": "node"}}, "history": []}, "/q": {}}}"#;
        let codex = "[mcp_servers.one]\ncommand = \"x\"\n[mcp_servers.two]\ncommand = \"y\"\n";
        insta::assert_snapshot!(
            [
                shown(&[("claude-code", "/p/.mcp.json", project)]),
                shown(&[("claude-code", "/p/.mcp.json", project), ("claude-code", "/home/me/.claude.json", own)]),
                shown(&[
                    ("claude-code", "/home/me/.claude.json", own),
                    ("codex", "/home/me/.codex/config.toml", codex)
                ]),
                shown(&[("claude-code", "/p/.mcp.json", "{")]),
                shown(&[("claude-code", "/p/.mcp.json", "[]")]),
                shown(&[("claude-code", "/p/.mcp.json", r#"{"mcpServers": {"a": 1}}"#)]),
            ]
            .join("--\n")
        );
    }
}
