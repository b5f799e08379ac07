//! Entries of MCP clients that start a server without mcp-hook, so that it may outlive them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Finding;
use crate::context;
use crate::definition::catalogue::{Catalogue, DefinitionState};
use crate::definition::client_entry::WayToHook;
use crate::definition::document;
use crate::definition::json;
use crate::disk::names::ServerName;
use crate::text::excerpt::excerpt;

const ABOUT: &str = "clients";
/// What is longer is not read in a hint, in bytes.
const LONGEST: usize = 1000;

/// A client's file that is there.
pub struct ClientFile {
    path: PathBuf,
    /// Its text, or why that cannot be read.
    text: Result<String, String>,
}

/// Reads the project's `.mcp.json` and Claude Code's `~/.claude.json`, as everybody here reads such files.
pub fn look() -> Vec<ClientFile> {
    let mut files = Vec::new();
    let project = context::working_directory().ok().and_then(|directory| document::project(&directory));
    // What cannot be read of a project is told of its definitions.
    if let Some(found) = project
        && let Ok(document) = found.document
    {
        files.push(ClientFile { path: found.file, text: Ok(document.text) });
    }
    if let Some(home) = context::variable("HOME") {
        let file = PathBuf::from(home).join(".claude.json");
        if file.exists() {
            files.push(read(file));
        }
    }
    files
}

fn read(path: PathBuf) -> ClientFile {
    let known = format!("could not read {}: ", path.display());
    let text = document::of_client(&path).map(|document| document.text);
    ClientFile { path, text: text.map_err(|error| format!("{error:#}").replace(&known, "")) }
}

/// The names that are defined here, whether or not they may be started.
pub fn defined() -> HashSet<String> {
    let catalogue = Catalogue::read();
    let all = catalogue.all().into_iter().filter(|listed| listed.state != DefinitionState::Client);
    all.map(|listed| listed.name.to_owned()).collect()
}

/// What is to be said of the files, where these names are defined.
pub fn judge(files: &[ClientFile], defined: &HashSet<String>) -> Vec<Finding> {
    files.iter().flat_map(|file| of_file(file, defined)).collect()
}

fn of_file(file: &ClientFile, defined: &HashSet<String>) -> Vec<Finding> {
    let path = &file.path;
    let value = match parsed(file) {
        Ok(value) => value,
        Err(error) => {
            let text = format!("could not read {}: {error}", path.display());
            return vec![Finding::warning(ABOUT, text, "no client can use it as it is")];
        }
    };
    let entries = entries(&value);
    let mut findings: Vec<Finding> = entries.iter().filter_map(|entry| bypass(path, entry)).collect();
    findings.extend(entries.iter().filter_map(|entry| leads_nowhere(path, entry, defined)));
    let kept = entries.iter().filter(|entry| is_kept(entry.settings)).count();
    if kept > 0 {
        findings.push(Finding::good(ABOUT, format!("{}: {kept} of its servers run by mcp-hook", path.display())));
    }
    findings
}

fn parsed(file: &ClientFile) -> Result<Value, String> {
    json::read(file.text.as_ref().map_err(String::clone)?).map_err(|error| error.to_string())
}

/// A server that a client starts.
struct ClientEntry<'v> {
    name: &'v str,
    /// The project that it is for, if the file is about several.
    project: Option<&'v str>,
    settings: &'v Map<String, Value>,
}

/// The entries of `mcpServers`, at the top and, in Claude Code's own file, in each project.
fn entries(value: &Value) -> Vec<ClientEntry<'_>> {
    let mut entries = entries_of(None, value);
    for (project, value) in value["projects"].as_object().into_iter().flatten() {
        entries.extend(entries_of(Some(project), value));
    }
    entries
}

fn entries_of<'v>(project: Option<&'v str>, value: &'v Value) -> Vec<ClientEntry<'v>> {
    let mut entries = Vec::new();
    for (name, entry) in value["mcpServers"].as_object().into_iter().flatten() {
        if let Some(settings) = entry.as_object() {
            entries.push(ClientEntry { name, project, settings });
        }
    }
    entries
}

fn is_kept(settings: &Map<String, Value>) -> bool {
    WayToHook::of(settings) == Some(WayToHook::Run)
}

fn bypass(file: &Path, entry: &ClientEntry<'_>) -> Option<Finding> {
    let command = entry.settings.get("command").and_then(Value::as_str)?;
    let way = WayToHook::of(entry.settings);
    if way == Some(WayToHook::Run) {
        return None;
    }
    let project = entry.project.map(|project| format!(", project {project}")).unwrap_or_default();
    let place = format!("{:?} in {}{project}", excerpt(entry.name), file.display());
    if way == Some(WayToHook::OtherCommand) {
        let hint = format!("let its arguments begin with run {}", server_name(entry.name));
        return Some(Finding::warning(ABOUT, format!("{place} calls mcp-hook, but not mcp-hook run"), hint));
    }
    let text = format!("{place} is started without mcp-hook and may outlive it");
    Some(Finding::warning(ABOUT, text, format!("write {}", rewritten(entry.name, command, entry.settings))))
}

/// An entry that only leads back to mcp-hook, where nothing is defined behind it. What another project defines is not known.
fn leads_nowhere(file: &Path, entry: &ClientEntry<'_>, defined: &HashSet<String>) -> Option<Finding> {
    let [_, name] = entry.settings.get("args")?.as_array()?.as_slice() else { return None };
    let name = name.as_str().filter(|name| !name.starts_with('-') && !defined.contains(*name))?;
    if entry.project.is_some() || !is_kept(entry.settings) {
        return None;
    }
    let name = excerpt(name);
    let text =
        format!("{:?} in {} leads to mcp-hook run {name}, which no file defines", excerpt(entry.name), file.display());
    let hint = format!("mcp-hook add {name} -- COMMAND ARGUMENT…, or add \"--\" and the command to its arguments");
    Some(Finding::warning(ABOUT, text, hint))
}

/// The same entry, started by mcp-hook. Only what changes: the values of its environment are nobody's business.
fn rewritten(name: &str, command: &str, settings: &Map<String, Value>) -> String {
    let mut words: Vec<Value> = vec!["run".into(), server_name(name).into(), "--".into(), command.into()];
    words.extend(settings.get("args").and_then(Value::as_array).cloned().unwrap_or_default());
    let text = format!(r#""command": "mcp-hook", "args": {}"#, Value::from(words));
    if text.len() <= LONGEST {
        return text;
    }
    let name = server_name(name);
    format!(r#""command": "mcp-hook", and "run", "{name}", "--" and the command in front of its arguments"#)
}

/// A name of ours like the client's, which may hold anything.
fn server_name(name: &str) -> String {
    if name.parse::<ServerName>().is_ok() {
        return name.to_owned();
    }
    let plain = name.chars().map(in_name).skip_while(|it| !it.is_ascii_alphanumeric());
    let plain: String = plain.take(64).collect();
    if plain.parse::<ServerName>().is_ok() { plain } else { "server".to_owned() }
}

fn in_name(character: char) -> char {
    if character.is_ascii_alphanumeric() || "._-".contains(character) { character } else { '-' }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui;

    fn shown(name: &str, text: &str) -> String {
        let defined = ["odd".to_owned(), "kept".to_owned()].into();
        ui::findings::unpainted(&judge(&[ClientFile { path: name.into(), text: Ok(text.to_owned()) }], &defined))
    }

    #[test]
    fn entries_that_bypass_mcp_hook_are_shown_rewritten() {
        let project = r#"{"mcpServers": {
            "files": {"command": "npx", "args": ["-y", "a-server", "/home/me"], "env": {"TOKEN": "secret"}},
            "my server!": {"command": "/opt/server"},
            "kept": {"command": "/usr/bin/mcp-hook", "args": ["run", "kept"]},
            "odd": {"command": "mcp-hook", "args": ["start", "odd"]},
            "nowhere": {"command": "mcp-hook", "args": ["run", "nowhere"]},
            "whole": {"command": "mcp-hook", "args": ["run", "whole", "--", "x"]},
            "remote": {"type": "http", "url": "https://example.org/mcp"}
        }}"#;
        insta::assert_snapshot!(shown("/p/.mcp.json", project), @r#"
        ! clients      "files" in /p/.mcp.json is started without mcp-hook and may outlive it
                       hint: write "command": "mcp-hook", "args": ["run","files","--","npx","-y","a-server","/home/me"]
        ! clients      "my server!" in /p/.mcp.json is started without mcp-hook and may outlive it
                       hint: write "command": "mcp-hook", "args": ["run","my-server-","--","/opt/server"]
        ! clients      "odd" in /p/.mcp.json calls mcp-hook, but not mcp-hook run
                       hint: let its arguments begin with run odd
        ! clients      "nowhere" in /p/.mcp.json leads to mcp-hook run nowhere, which no file defines
                       hint: mcp-hook add nowhere -- COMMAND ARGUMENT…, or add "--" and the command to its arguments
        ✓ clients      /p/.mcp.json: 3 of its servers run by mcp-hook
        "#);
        let own = r#"{"numStartups": 3, "mcpServers": {"top": {"command": "uvx", "args": ["a"]}},
            "projects": {"/p": {"mcpServers": {"web": {"command": "node"}}, "history": []}, "/q": {}}}"#;
        insta::assert_snapshot!(shown("/home/me/.claude.json", own), @r#"
        ! clients      "top" in /home/me/.claude.json is started without mcp-hook and may outlive it
                       hint: write "command": "mcp-hook", "args": ["run","top","--","uvx","a"]
        ! clients      "web" in /home/me/.claude.json, project /p is started without mcp-hook and may outlive it
                       hint: write "command": "mcp-hook", "args": ["run","web","--","node"]
        "#);
        insta::assert_snapshot!(shown("/p/.mcp.json", "{"), @r"
        ! clients      could not read /p/.mcp.json: EOF while parsing an object at line 1 column 1
                       hint: no client can use it as it is
        ");
        insta::assert_snapshot!(shown("/p/.mcp.json", "[]"), @"");
        insta::assert_snapshot!(shown("/p/.mcp.json", r#"{"mcpServers": {"a": 1}}"#), @"");
    }

    #[test]
    fn names_of_clients_become_names_of_ours() {
        for (name, ours) in
            [("web", "web"), ("my server", "my-server"), ("session", "server"), ("é", "server"), ("--a", "a")]
        {
            assert_eq!(server_name(name), ours);
        }
    }
}
