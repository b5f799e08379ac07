//! What becomes of definitions that are started.

mod refused;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::entry::Definition;
use super::examine::{self, ResolveContext};
use super::parse::{self, EntryContent};
use super::resolve;
use crate::disk::directory;
use crate::disk::file_at::FileAt;
use crate::disk::layout::{self, ServerPaths, SessionPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::failure::hint_of;
use crate::server::command::CommandLine;
use crate::server::invocation::{Piece, Prepared, Text};

/// A directory with a definition, and the variables of whoever starts it.
struct Stage {
    directory: tempfile::TempDir,
    variables: BTreeMap<String, OsString>,
}

impl Stage {
    fn new(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect();
        Self { directory: directory::temporary().0, variables }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.directory.path().join(name), content).expect("written");
    }

    fn definition(&self, entry: &Value) -> Definition {
        let file = self.directory.path().join("servers.json");
        let text = json!({ "mcpServers": { "web": entry } }).to_string();
        let entry = parse::entries(&file, &text).expect("a document").remove(0);
        match entry.content.expect("a definition") {
            EntryContent::Server(definition) => *definition,
            EntryContent::Client => panic!("a client's entry"),
        }
    }

    fn context<T>(&self, copy: Option<&FileAt>, work: impl FnOnce(&ResolveContext<'_>) -> T) -> T {
        let variables = |name: &str| self.variables.get(name).cloned();
        work(&ResolveContext { variables: &variables, directory: Path::new("/here"), copy })
    }

    /// The whole message, with the hint, without the place of the test.
    fn refused(&self, entry: &Value) -> String {
        let definition = self.definition(entry);
        let error =
            self.context(None, |context| resolve::resolve(&definition, "start", context).err()).expect("refused");
        let text = format!("{error:#}\nhint: {}", hint_of(&error).unwrap_or_default());
        text.replace(&self.directory.path().display().to_string(), "DIR")
    }

    fn prepared(&self, entry: &Value) -> Prepared {
        let definition = self.definition(entry);
        let (resolved, _) =
            self.context(None, |context| resolve::resolve(&definition, "start", context)).expect("resolved");
        resolved.bind(&Self::session(), &Self::name(), &self.paths()).expect("bound")
    }

    fn session() -> SessionId {
        "pts3-1-abcd".parse().expect("an id")
    }

    fn name() -> ServerName {
        "web.2".parse().expect("a name")
    }

    fn paths(&self) -> ServerPaths {
        SessionPaths::alone_in(self.directory.path().to_owned()).server(&Self::name())
    }
}

fn literal(text: &str) -> Text {
    Text::from(text)
}

/// The texts with the port 8000 in its gaps.
fn rendered(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.render(Some(8000))).collect()
}

#[test]
fn variables_stand_for_what_the_caller_has_set() {
    let stage = Stage::new(&[("HOST", "pve"), ("EMPTY", ""), ("NESTED", "${HOST}"), ("DIR", "work")]);
    let prepared = stage.prepared(&json!({
        "command": "${HOST}-server",
        "args": ["a ${HOST} b", "$HOST $$", "${UNSET:-default}", "[${EMPTY}]", "${EMPTY:-default}", "${NESTED}", "${UNSET:-}"],
        "env": { "URL": "https://${HOST}/" }, "cwd": "${DIR}", "url": "http://${HOST}/mcp", "headers": { "Auth": "${HOST}" },
    }));
    let words = ["pve-server", "a pve b", "$HOST $$", "default", "[]", "default", "${HOST}", ""];
    assert_eq!(rendered(&prepared.invocation.words), words);
    assert_eq!(
        prepared
            .invocation
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.render(None)))
            .collect::<Vec<_>>(),
        [("URL", "https://pve/".to_owned())]
    );
    assert_eq!(
        prepared.invocation.url,
        Some(Text(
            vec![Piece::Literal("http://".into()), Piece::Literal("pve".into()), Piece::Literal("/mcp".into()),]
        ))
    );
    assert_eq!(prepared.directory, stage.directory.path().join("work"));
    let CommandLine::Argv(written) = &prepared.command else { panic!("words") };
    assert_eq!(written[..2], ["${HOST}-server", "a ${HOST} b"], "the record has what was written");
}

#[test]
fn variables_of_ours_have_the_values_of_the_server() {
    let stage = Stage::new(&[("MCP_SESSION_ID", "another"), ("MCP_PORT", "1")]);
    stage.write("config.json", "{}");
    let prepared = stage.prepared(&json!({
        "command": "x",
        "args": ["${MCP_SESSION_ID}", "${MCP_SERVER_NAME}", "${MCP_CONFIG_DIR}", "${MCP_LOG_FILE}", "${MCP_PID_FILE}",
                 "${MCP_CONFIG_FILE}", "--port=${MCP_PORT:-3}"],
        "env": { "CONFIG": "${MCP_CONFIG_FILE}" }, "cwd": "${MCP_CONFIG_DIR}",
        "hook": { "port": "auto", "config": { "source": "config.json" } },
    }));
    let at = |name: &str| stage.directory.path().join(name).display().to_string();
    let copy = at("configs/web-config.json");
    let words = [
        "x",
        "pts3-1-abcd",
        "web.2",
        &at("configs"),
        &at("logs/web.2.log"),
        &at("pids/web.2.pid"),
        &copy,
        "--port=8000",
    ];
    assert_eq!(rendered(&prepared.invocation.words), words);
    assert!(prepared.invocation.words[7].0.contains(&Piece::Port), "a gap, because the port may change");
    let environment: BTreeMap<_, _> = prepared.invocation.environment.into_iter().collect();
    assert_eq!(environment["CONFIG"], Text(vec![Piece::Literal(copy.clone())]));
    assert_eq!(environment["MCP_CONFIG_FILE"], environment["CONFIG"]);
    assert_eq!(prepared.directory, stage.directory.path().join("configs"));
    assert_eq!(fs::read_to_string(copy).expect("written"), "{}");
}

#[test]
fn without_a_port_or_a_configuration_their_variables_have_defaults_at_most() {
    let stage = Stage::new(&[("MCP_PORT", "1"), ("MCP_CONFIG_FILE", "/outer")]);
    let entry = json!({ "command": "x", "args": ["${MCP_PORT:-3000}", "${MCP_CONFIG_FILE:-none}"] });
    assert_eq!(rendered(&stage.prepared(&entry).invocation.words), ["x", "3000", "none"]);
    insta::assert_snapshot!(stage.refused(&json!({ "command": "${MCP_PORT}", "args": ["${MCP_CONFIG_FILE}"] })), @"
    could not start web (invalid-definition):
      command: ${MCP_PORT} needs hook.port
      args[0]: ${MCP_CONFIG_FILE} needs hook.config
    hint: web is defined in DIR/servers.json; mcp-hook check web looks again and starts nothing
    ");
}

#[test]
fn a_server_starts_where_its_definition_says_or_its_project_is_or_the_user_is() {
    let stage = Stage::new(&[]);
    assert_eq!(stage.prepared(&json!({ "command": "x" })).directory, Path::new("/here"));
    assert_eq!(stage.prepared(&json!({ "command": "x", "cwd": "/srv" })).directory, Path::new("/srv"));
    assert_eq!(stage.prepared(&json!({ "command": "x", "cwd": "sub" })).directory, stage.directory.path().join("sub"));
    let mut definition = stage.definition(&json!({ "command": "x" }));
    definition.file = "/project/.mcp.json".into();
    let (resolved, _) =
        stage.context(None, |context| resolve::resolve(&definition, "start", context)).expect("resolved");
    let prepared = resolved.bind(&Stage::session(), &Stage::name(), &stage.paths()).expect("bound");
    assert_eq!(prepared.directory, Path::new("/project"));
    assert_eq!(prepared.source.as_deref(), Some(Path::new("/project/.mcp.json")));
}

#[test]
fn defaults_are_set_for_the_server_and_count_as_set() {
    let stage = Stage::new(&[("GIVEN", "caller"), ("BLANK", "")]);
    let listed = ["GIVEN", "BLANK", "UNSET", "OWN"]
        .map(|name| json!({ "name": name, "isRequired": true, "default": "default" }));
    let prepared = stage.prepared(&json!({
        "command": "x", "args": ["${UNSET}", "${GIVEN}", "${BLANK}"], "env": { "OWN": "own" },
        "hook": { "environmentVariables": listed },
    }));
    assert_eq!(rendered(&prepared.invocation.words), ["x", "default", "caller", "default"]);
    let environment: Vec<_> =
        prepared.invocation.environment.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    assert_eq!(environment, [("BLANK", literal("default")), ("OWN", literal("own")), ("UNSET", literal("default"))]);
}

#[test]
fn what_is_secret_is_in_the_invocation_and_nowhere_else() {
    let stage = Stage::new(&[("TOKEN", "s3cret-t0ken"), ("PVE_TOKEN", "s3cret-p4ss")]);
    stage.write("config.json", r#"{"token_env_var": "PVE_TOKEN"}"#);
    let prepared = stage.prepared(&json!({
        "command": "x", "args": ["${TOKEN}", "--again=s3cret-t0ken"], "env": { "OWN": "s3cret-own" },
        "hook": {
            "environmentVariables": [{ "name": "TOKEN", "isSecret": true }, { "name": "OWN", "isSecret": true }],
            "config": { "source": "config.json", "env": ["token_env_var"] },
        },
    }));
    assert_eq!(rendered(&prepared.invocation.words), ["x", "s3cret-t0ken", "--again=s3cret-t0ken"]);
    assert_eq!(prepared.invocation.secrets, ["s3cret-own", "s3cret-p4ss", "s3cret-t0ken"]);
    assert_eq!(prepared.command, CommandLine::Argv(vec!["x".into(), "${TOKEN}".into(), "--again=***".into()]));
}

#[test]
fn placeholders_are_warned_of_by_name() {
    let stage = Stage::new(&[("TOKEN", "your-token-here")]);
    let definition = stage.definition(&json!({
        "command": "x", "hook": { "environmentVariables": [{ "name": "TOKEN", "description": "the API token" }] },
    }));
    let examined = stage.context(None, |context| examine::examine(&definition, context));
    assert!(examined.problems.is_empty());
    insta::assert_snapshot!(examined.server.lines(&examined.warnings).concat(), @"TOKEN looks like a placeholder: the API token");
}

#[test]
fn the_copy_of_the_session_counts_before_the_source_and_is_kept() {
    let stage = Stage::new(&[]);
    stage.write("config.json", r#"{"a": 1}"#);
    let definition = stage.definition(&json!({
        "command": "x", "hook": { "config": { "source": "config.json", "required": ["a"] } },
    }));
    let copy = layout::config_copy(&stage.paths().configs, &definition.name);
    let start = |copy: Option<&FileAt>| {
        let (resolved, _) = stage.context(copy, |context| resolve::resolve(&definition, "start", context))?;
        resolved.bind(&Stage::session(), &Stage::name(), &stage.paths()).map(drop)
    };
    let content = || fs::read_to_string(copy.path()).expect("there");
    start(Some(&copy)).expect("the source is copied");
    assert_eq!(content(), r#"{"a": 1}"#);
    fs::write(copy.path(), r#"{"a": 2}"#).expect("edited");
    start(Some(&copy)).expect("the copy is right");
    assert_eq!(content(), r#"{"a": 2}"#, "the edited copy stays");
    fs::write(copy.path(), "{}").expect("edited");
    let error = start(Some(&copy)).expect_err("the copy is wrong");
    let text = format!("{error:#}\nhint: {}", hint_of(&error).unwrap_or_default());
    insta::assert_snapshot!(text.replace(&stage.directory.path().display().to_string(), "DIR"), @"
    could not start web: DIR/configs/web-config.json: a is missing (invalid-definition)
    hint: edit the session's copy, or replace it by its source: mcp-hook start web --fresh
    ");
    start(None).expect("made anew");
    assert_eq!(content(), r#"{"a": 1}"#);
}

proptest! {
    #[test]
    fn what_is_expanded_once_is_not_expanded_again(value in r"([a-z$}]|\$\{[A-C]\})*", before in "[a-z$}]*", after in "[a-z$}]*") {
        prop_assume!(!before.ends_with('$'));
        let stage = Stage::new(&[("V", &value)]);
        let prepared = stage.prepared(&json!({ "command": "x", "args": [format!("{before}${{V}}{after}")] }));
        prop_assert_eq!(prepared.invocation.words[1].render(None), format!("{before}{value}{after}"));
    }
}
