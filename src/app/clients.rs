//! The clients that are found here, with their files and servers.

use anyhow::Result;
use serde::Serialize;

use crate::client::entry::{EntryState, ServerEntry};
use crate::client::file::{self, ClientFile};
use crate::client::mask;
use crate::client::place::Places;
use crate::client::scope::Scope;
use crate::client::table::Client;
use crate::client::yaml;
use crate::server::secret_words;
use crate::syntax::Syntax;

#[derive(Clone, Debug, Serialize)]
pub struct ClientView {
    pub id: &'static str,
    pub name: &'static str,
    pub files: Vec<FileView>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FileView {
    pub path: String,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether `wrap` changes it; else it shows what to change.
    pub written: bool,
    pub servers: Vec<ServerView>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ServerView {
    pub name: String,
    pub scope: Scope,
    /// Whether the client does not use it.
    pub disabled: bool,
    pub way: Way,
    /// What is started in the end, without mcp-hook in front and without secrets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Why mcp-hook cannot stand in front.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a client reaches a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Through mcp-hook.
    Hook,
    Direct,
    /// mcp-hook is the server.
    Control,
    /// It does not start it.
    Elsewhere,
    /// mcp-hook cannot stand in front.
    Other,
}

/// Those of which there is a file; of all clients, or of these.
pub fn list(clients: &[&'static Client]) -> Result<Vec<ClientView>> {
    let mut views: Vec<ClientView> = Vec::new();
    for file in file::find(clients, &Places::here()?) {
        let (id, name) = (file.client.id, file.client.name);
        let view = file_view(&file);
        match views.iter_mut().find(|view| view.id == id) {
            Some(known) => known.files.push(view),
            None => views.push(ClientView { id, name, files: vec![view] }),
        }
    }
    Ok(views)
}

fn file_view(file: &ClientFile) -> FileView {
    let path = file.path.display().to_string();
    let is_written = file.client.syntax != Syntax::Yaml;
    match &file.content {
        Err(error) => FileView { path, error: Some(error.clone()), written: is_written, servers: Vec::new() },
        Ok(content) if is_written => FileView {
            path,
            error: None,
            written: is_written,
            servers: content.entries.iter().map(server_view).collect(),
        },
        Ok(content) => {
            let lines = yaml::commands(&content.text).into_iter();
            let servers = lines.map(|line| ServerView {
                name: format!("line {}", line.number),
                scope: Scope::User,
                disabled: false,
                way: if line.is_hook { Way::Hook } else { Way::Direct },
                command: vec![secret_words::shown_text(&line.command)],
                reason: None,
            });
            FileView { path, error: None, written: is_written, servers: servers.collect() }
        }
    }
}

fn server_view(entry: &ServerEntry) -> ServerView {
    let (way, reason) = match &entry.state {
        EntryState::Direct(_) => (Way::Direct, None),
        EntryState::Wrapped { .. } | EntryState::Defined(_) => (Way::Hook, None),
        EntryState::Control(_) => (Way::Control, None),
        EntryState::Remote => (Way::Elsewhere, None),
        EntryState::Unwrappable(why) => (Way::Other, Some(why.to_string())),
    };
    ServerView {
        name: entry.name.clone(),
        scope: entry.scope,
        disabled: entry.is_disabled,
        way,
        command: mask::own_command(entry),
        reason,
    }
}
