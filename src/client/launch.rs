//! How a client starts a server of its file, or reaches it: with what the client puts in place of variables, and nothing else.

use std::fs;
use std::path::Path;

use super::dialect::{Expanded, Unset, Values};
use super::entry::{EntryState, REMOTE_KEYS, ServerEntry};
use super::env_file;
use super::inheritance::sounds_secret;
use super::run_line::RunLine;
use super::table::{Client, Shape};
use crate::syntax::node::{Content, Node};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Launch {
    Command(Start),
    /// `mcp-hook run NAME`: what is started is defined elsewhere.
    Defined(String),
    Remote {
        url: String,
        headers: Vec<(String, String)>,
    },
}

/// A command as the client executes it, without mcp-hook in front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    pub words: Vec<String>,
    /// The same as it is written.
    pub written: Vec<String>,
    /// The mcp-hook that stands in front.
    pub hook: Option<String>,
    /// What the entry sets.
    pub environment: Vec<(String, String)>,
    /// The variables of the client that the entry asks for.
    pub named: Vec<String>,
    pub directory: Option<String>,
}

/// Something in an entry that its client may not take as its user meant it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// A variable that is not set.
    Unset { place: String, name: String, unset: Unset },
    /// What looks like a variable, and is none to this client.
    NotExpanded { place: String, written: String },
    /// What the client asks its user for.
    Asked { place: String, name: String },
    /// A file of variables that cannot be read.
    EnvFile { path: String, why: String },
    /// A directory that the client takes no notice of.
    UnusedDirectory,
}

/// What was read of an entry.
#[derive(Debug)]
pub struct Reading {
    pub launch: Launch,
    pub remarks: Vec<Remark>,
    /// What must not be shown.
    pub secrets: Vec<String>,
}

/// Reads an entry, which stands in `text`; `None` if it is none that the client can use.
pub fn read(client: &Client, text: &str, entry: &ServerEntry, values: &Values<'_>) -> Option<Reading> {
    let mut reader = Reader { client, text, entry: &entry.value, values, remarks: Vec::new(), secrets: Vec::new() };
    let launch = match &entry.state {
        EntryState::Direct(place) | EntryState::Control(place) => Launch::Command(reader.command(None, &place.words)),
        EntryState::Wrapped { place, at } => {
            let (hook, words) = place.words.split_at(*at);
            Launch::Command(reader.command(hook.first().cloned(), words))
        }
        EntryState::Defined(place) => {
            let name = RunLine::of(&place.words)?.name?;
            Launch::Defined(place.words[name].clone())
        }
        EntryState::Remote => reader.remote()?,
        EntryState::Unwrappable(_) => return None,
    };
    let Reader { remarks, secrets, .. } = reader;
    Some(Reading { launch, remarks, secrets })
}

struct Reader<'a> {
    client: &'a Client,
    text: &'a str,
    entry: &'a Node,
    values: &'a Values<'a>,
    remarks: Vec<Remark>,
    secrets: Vec<String>,
}

/// What is behind these options of shells is theirs to read.
const SHELLS: [&str; 5] = ["sh", "bash", "zsh", "dash", "fish"];

impl Reader<'_> {
    fn command(&mut self, hook: Option<String>, written: &[String]) -> Start {
        let is_shell = |word: &str| SHELLS.contains(&word.rsplit('/').next().unwrap_or_default());
        let is_script = written.first().is_some_and(|word| is_shell(word));
        let remarks = self.remarks.len();
        let words = written.iter().enumerate().map(|(at, word)| {
            let place = if at == 0 { "command".to_owned() } else { format!("argument {at}") };
            self.expand(&place, word, self.client.dialect.unset())
        });
        let words: Vec<String> = words.collect();
        if is_script {
            self.remarks.truncate(remarks);
        }
        let mut environment = self.env_file();
        let key = if self.client.shape == Shape::CommandList { "environment" } else { "env" };
        environment.extend(self.pairs(&[key]));
        let named = self.entry.field("env_vars").and_then(|field| field.value.items()).unwrap_or_default();
        let named = named.iter().filter_map(|name| Some(name.text()?.to_owned())).collect();
        let written = written.to_vec();
        Start { words, written, hook, environment, named, directory: self.directory() }
    }

    fn directory(&mut self) -> Option<String> {
        let written = self.entry.field("cwd")?.value.text()?.to_owned();
        if !self.client.knows_cwd {
            self.remarks.push(Remark::UnusedDirectory);
            return None;
        }
        Some(self.expand("cwd", &written, self.client.dialect.unset()))
    }

    fn remote(&mut self) -> Option<Launch> {
        let url = REMOTE_KEYS.iter().find_map(|key| self.entry.field(key)?.value.text())?.to_owned();
        let url = self.expand("url", &url, self.client.dialect.unset());
        let mut headers: Vec<(String, String)> = Vec::new();
        for path in [&["headers"][..], &["http_headers"], &["requestInit", "headers"]] {
            headers.extend(self.pairs(path));
        }
        let named = self.entry.at(&["env_http_headers"]).and_then(Node::fields).unwrap_or_default();
        for field in named {
            headers.extend(self.variable("env_http_headers", field.value.text()?).map(|it| (field.name.clone(), it)));
        }
        if let Some(name) = self.entry.at(&["bearer_token_env_var"]).and_then(Node::text) {
            let token = self.variable("bearer_token_env_var", name);
            headers.extend(token.map(|it| ("Authorization".to_owned(), format!("Bearer {it}"))));
        }
        Some(Launch::Remote { url, headers })
    }

    fn variable(&mut self, place: &str, name: &str) -> Option<String> {
        let value = (self.values.variable)(name);
        if value.is_none() {
            let (place, name) = (place.to_owned(), name.to_owned());
            self.remarks.push(Remark::Unset { place, name, unset: Unset::Vanishes });
        }
        value
    }

    /// Names and values below a key, as the client hands them on.
    fn pairs(&mut self, path: &[&str]) -> Vec<(String, String)> {
        let fields = self.entry.at(path).and_then(Node::fields).unwrap_or_default();
        let mut pairs = Vec::new();
        for field in fields {
            let written = match &field.value.content {
                Content::Text(text) => text.clone(),
                _ => self.text[field.value.span.clone()].to_owned(),
            };
            let unset = self.client.dialect.unset_in_values();
            let value = self.expand(&format!("{}.{}", path[path.len() - 1], field.name), &written, unset);
            if sounds_secret(&field.name) || path[0] != "env" && path[0] != "environment" {
                self.secrets.push(value.clone());
            }
            pairs.push((field.name.clone(), value));
        }
        pairs
    }

    /// What stands in the file of variables that Cursor and VS Code read.
    fn env_file(&mut self) -> Vec<(String, String)> {
        let Some(written) = self.entry.field("envFile").and_then(|field| field.value.text()) else { return Vec::new() };
        let path = self.expand("envFile", written, self.client.dialect.unset());
        match fs::read_to_string(Path::new(self.values.workspace).join(&path)) {
            Ok(text) => {
                let pairs = env_file::variables(&text);
                self.secrets.extend(pairs.iter().map(|(_, value)| value.clone()));
                pairs
            }
            Err(error) => {
                self.remarks.push(Remark::EnvFile { path, why: error.to_string() });
                Vec::new()
            }
        }
    }

    fn expand(&mut self, place: &str, text: &str, unset: Unset) -> String {
        let Expanded { text, used, unset: names, asked, left } = self.client.dialect.expand(text, unset, self.values);
        let secret = used.into_iter().filter(|(name, _)| sounds_secret(name)).map(|(_, value)| value);
        self.secrets.extend(secret);
        let place = place.to_owned();
        self.remarks.extend(names.into_iter().map(|name| Remark::Unset { place: place.clone(), name, unset }));
        self.remarks.extend(asked.into_iter().map(|name| Remark::Asked { place: place.clone(), name }));
        self.remarks.extend(left.map(|written| Remark::NotExpanded { place, written }));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn reading(id: &str, text: &str) -> Reading {
        let file = file::sample(id, "/f", text);
        let content = file.content.expect("it can be read");
        let variable = |name: &str| (name == "TOKEN").then(|| "open-sesame".to_owned());
        let values = Values { variable: &variable, home: "/h", workspace: "/w" };
        read(file.client, &content.text, &content.entries[0], &values).expect("an entry")
    }

    #[test]
    fn each_client_has_its_own_way_to_start_a_server() {
        let place = |place: &str| place.to_owned();
        for (id, text, words, environment, remarks) in [
            (
                "claude-code",
                r#"{"mcpServers": {"a": {"command": "${TOKEN}", "args": ["run", "~/x"], "cwd": "/d", "env": {"A": "${NO}"}}}}"#,
                &["open-sesame", "run", "~/x"][..],
                ("A", "${NO}"),
                vec![
                    Remark::NotExpanded { place: place("argument 2"), written: "~".to_owned() },
                    Remark::Unset { place: place("env.A"), name: "NO".to_owned(), unset: Unset::Stays },
                    Remark::UnusedDirectory,
                ],
            ),
            (
                "gemini",
                r#"{"mcpServers": {"a": {"command": "x", "args": ["$TOKEN"], "env": {"A": "$NO"}}}}"#,
                &["x", "open-sesame"],
                ("A", ""),
                vec![Remark::Unset { place: place("env.A"), name: "NO".to_owned(), unset: Unset::Vanishes }],
            ),
            (
                "codex",
                "[mcp_servers.a]\ncommand = \"mcp-hook\"\nargs = [\"run\", \"a\", \"--\", \"x\"]\nenv = {A = \"${TOKEN}\"}",
                &["x"],
                ("A", "${TOKEN}"),
                vec![Remark::NotExpanded { place: place("env.A"), written: "${TOKEN}".to_owned() }],
            ),
            (
                "opencode",
                r#"{"mcp": {"a": {"command": ["sh", "-c", "$HOME"], "environment": {"A": "{env:TOKEN}", "N": 7}}}}"#,
                &["sh", "-c", "$HOME"],
                ("A", "open-sesame"),
                vec![],
            ),
            (
                "vscode",
                r#"{"servers": {"a": {"command": "${userHome}/x", "env": {"A": "${input:key}"}}}}"#,
                &["/h/x"],
                ("A", "${input:key}"),
                vec![Remark::Asked { place: place("env.A"), name: "key".to_owned() }],
            ),
        ] {
            let read = reading(id, text);
            let Launch::Command(start) = read.launch else { panic!("{id}: {read:?}") };
            let first = start.environment.first().map(|(name, value)| (name.as_str(), value.as_str()));
            assert_eq!(
                (&start.words[..], first, read.remarks),
                (&words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()[..], Some(environment), remarks),
                "{id}"
            );
        }
    }

    #[test]
    fn servers_elsewhere_have_their_headers_and_secrets_are_known() {
        for (id, text) in [
            (
                "cursor",
                r#"{"mcpServers": {"a": {"url": "http://h/mcp", "headers": {"Authorization": "Bearer ${env:TOKEN}"}}}}"#,
            ),
            ("codex", "[mcp_servers.a]\nurl = \"http://h/mcp\"\nbearer_token_env_var = \"TOKEN\""),
            ("codex", "[mcp_servers.a]\nurl = \"http://h/mcp\"\nenv_http_headers = {Authorization = \"TOKEN\"}"),
        ] {
            let read = reading(id, text);
            let Launch::Remote { url, headers } = &read.launch else { panic!("{id}: {read:?}") };
            assert_eq!((url.as_str(), headers[0].0.as_str()), ("http://h/mcp", "Authorization"), "{id}");
            assert!(headers[0].1.ends_with("open-sesame"), "{headers:?}");
        }
    }
}
