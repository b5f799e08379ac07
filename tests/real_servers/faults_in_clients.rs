//! What Claude Code, Codex, Gemini CLI and mcp-hook say of a server that has one fault. `docs/faults.md` has it as a table.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::support::Sandbox;
use crate::support::defined_session::write_user;
use crate::support::faulty::{self, FaultyHttp};
use crate::support::real_servers::terminal_client::{Entry, Servers};
use crate::support::real_servers::{Model, Product, TerminalClient, World};

/// Faults of a server on standard input and output.
const FAULTS: [&str; 20] = [
    "exited",
    "no-answer",
    "content-length",
    "multi-line-json",
    "no-newline",
    "byte-order-mark",
    "no-jsonrpc",
    "wrong-id",
    "echo",
    "error-answer",
    "version",
    "invalid-answer",
    "stdout-text",
    "list-error",
    "list-exited",
    "list-no-answer",
    "invalid-tool",
    "duplicate-tool",
    "no-tools",
    "endless-list",
];

/// Faults of a server over HTTP.
const HTTP_FAULTS: [&str; 10] = [
    "wrong-path",
    "not-mcp",
    "needs-login",
    "needs-token",
    "forbidden",
    "wrong-host",
    "redirect",
    "legacy-sse",
    "server-error",
    "session-lost",
];

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults.md");

/// How many seconds a server may take to come up.
const PATIENCE: u32 = 20;

/// The longest that a cell of the table shows.
const LONGEST: usize = 140;

/// What is said of each server, by its name; nothing of one that is not complained of.
type Said = BTreeMap<String, String>;

#[test]
fn the_page_says_what_clients_say_of_each_fault() {
    let said = [claude_code(), codex(), gemini_cli()];
    let [Some(claude), Some(codex), Some(gemini)] = said else {
        return;
    };
    let hook = mcp_hook();
    for (name, finding) in &hook {
        for (id, said) in [("claude-code", &claude), ("codex", &codex), ("gemini", &gemini)] {
            let names = |key: &str| finding[key].as_array().is_some_and(|ids| ids.iter().any(|it| it == id));
            let complains = said.contains_key(name);
            assert!(!(names("works_in") && complains || names("fails_in") && !complains), "{id}: {name}: {finding:#}");
        }
    }
    let rows = hook.iter().map(|(name, finding)| {
        let [code, message] = ["code", "message"].map(|key| finding[key].as_str().expect("a finding"));
        let said = format!("`{code}`: {}", plain(message));
        let others = [&claude, &codex, &gemini].map(|said| said.get(name).map_or("–", String::as_str));
        format!("| {said} | {} |\n", others.join(" | "))
    });
    compare(&rows.collect::<String>());
}

/// `claude mcp list` says it of all.
fn claude_code() -> Option<Said> {
    let world = World::new();
    let (servers, _served) = faulty_servers(&world.sandbox);
    let model = Model::asking_for(&world, &[]);
    let client = TerminalClient::with_servers(Product::ClaudeCode, &world, &model, &servers)?;
    // All at once.
    world.sandbox.env("MCP_SERVER_CONNECTION_BATCH_SIZE", "50");
    world.sandbox.env("MCP_REMOTE_SERVER_CONNECTION_BATCH_SIZE", "50");
    let listed = client.run(&["mcp", "list"]).ok();
    world.sandbox.forgive();
    let said = |line: &str| {
        let (name, rest) = line.split_once(": ")?;
        let (_, said) = rest.rsplit_once(" - ")?;
        (!said.starts_with('✔')).then(|| (name.to_owned(), plain(said)))
    };
    Some(listed.stdout.lines().filter_map(said).collect())
}

/// Codex names those that it was told to need, and does not start.
fn codex() -> Option<Said> {
    let world = World::new();
    let (servers, _served) = faulty_servers(&world.sandbox);
    let model = Model::asking_for(&world, &[]);
    let client = TerminalClient::with_servers(Product::Codex, &world, &model, &servers)?;
    let output = client.run(&["exec", "--skip-git-repo-check", "continue"]).expect_code(1);
    world.sandbox.forgive();
    let (_, said) = output.stderr.rsplit_once("failed to initialize: ").unwrap_or_else(|| panic!("{output}"));
    let said = said.trim().trim_end_matches(" (code -32603)");
    let names: Vec<_> = servers.entries.iter().map(|(name, _)| name.as_str()).collect();
    Some(parts(said, &names).map(|(name, said)| (name.to_owned(), plain(said))).collect())
}

/// Gemini CLI says it only to those who debug it.
fn gemini_cli() -> Option<Said> {
    let world = World::new();
    let (servers, _served) = faulty_servers(&world.sandbox);
    let model = Model::asking_for(&world, &[]);
    let client = TerminalClient::with_servers(Product::GeminiCli, &world, &model, &servers)?;
    let words = ["--debug", "--model", "gemini-2.5-flash", "--yolo", "--prompt", "continue"];
    let output = client.run(&words).ok();
    world.sandbox.forgive();
    let text = format!("{}{}", output.stdout, output.stderr);
    let about = text.split("MCP server '").skip(1).filter_map(|it| it.split_once('\''));
    let complaints = about.filter_map(|(name, rest)| {
        let said = rest.strip_prefix(": ").or_else(|| rest.strip_prefix(" requires").and(Some(&rest[1..])))?;
        // A list of what is wrong with an answer goes over several lines; then comes a stack.
        let end = if said.starts_with('[') { "\n]" } else { "\n" };
        Some((name.to_owned(), plain(said.split(end).next().unwrap_or(said))))
    });
    Some(complaints.collect())
}

/// The first finding of each.
fn mcp_hook() -> Vec<(String, Value)> {
    let sandbox = Sandbox::new();
    let (servers, _served) = faulty_servers(&sandbox);
    write_user(&sandbox, &json!({ "mcpServers": servers.object(|url| json!({ "url": url })) }).to_string());
    let output = sandbox.hook(["check", "--connect", "--json"]).expect_code(1);
    let found = output.json()["servers"].take();
    let said = servers.entries.iter().map(|(name, _)| {
        let server = found.as_array().unwrap().iter().find(|server| server["name"] == **name).expect("it was checked");
        (name.clone(), server["findings"][0].clone())
    });
    said.collect()
}

/// Each under the name of its fault. Those over HTTP run.
fn faulty_servers(sandbox: &Sandbox) -> (Servers, Vec<FaultyHttp>) {
    let program = faulty::program(sandbox).into_os_string().into_string().unwrap();
    let command = |fault: &str| Entry::Command(["python3", &program, fault].map(str::to_owned).to_vec());
    let mut entries: Vec<_> = FAULTS.iter().map(|fault| ((*fault).to_owned(), command(fault))).collect();
    let served: Vec<_> = HTTP_FAULTS.iter().map(|fault| FaultyHttp::serve(sandbox, fault)).collect();
    for (fault, server) in HTTP_FAULTS.iter().zip(&served) {
        entries.push((format!("http-{fault}"), Entry::Url(server.url.clone())));
    }
    (Servers { entries, patience: PATIENCE }, served)
}

/// `NAME: TEXT; NAME: TEXT …` in its parts.
fn parts<'t>(said: &'t str, names: &[&'t str]) -> impl Iterator<Item = (&'t str, &'t str)> {
    let mut begins: Vec<_> = names
        .iter()
        .filter_map(|name| {
            let at = said.find(&format!("; {name}: ")).map(|at| at + 2);
            let at = at.or_else(|| said.starts_with(&format!("{name}: ")).then_some(0))?;
            Some((at, *name))
        })
        .collect();
    begins.sort_unstable();
    let ends: Vec<_> = begins.iter().skip(1).map(|(at, _)| at - 2).chain([said.len()]).collect();
    begins.into_iter().zip(ends).map(|((at, name), end)| (name, &said[at + name.len() + 2..end]))
}

/// What is the same in each run, short enough for a table.
fn plain(said: &str) -> String {
    let said = said.trim_start_matches(['✘', '!', ' ']);
    let mut words: Vec<_> = said.split_whitespace().map(without_numbers).collect();
    for at in 1..words.len() {
        if words[at].trim_end_matches([':', ',', ';']) == "s" && words[at - 1].parse::<u32>().is_ok() {
            "…".clone_into(&mut words[at - 1]);
        }
    }
    let text = without_types(&words.join(" ")).replace('|', "\\|");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A text without the Rust types that it names.
fn without_types(text: &str) -> String {
    match text.split_once(" [") {
        Some((before, rest)) if rest.split(['<', ' ']).next().is_some_and(|word| word.contains("::")) => {
            let after = rest.split_once("] ").map_or("", |(_, after)| after);
            format!("{before} {}", without_types(after))
        }
        _ => text.to_owned(),
    }
}

/// A word without a time or a port that a run made up.
fn without_numbers(word: &str) -> String {
    let number = word.trim_end_matches([':', ',', '.', ';', ')']);
    let unit = number.trim_start_matches(|it: char| it.is_ascii_digit() || it == '.');
    if ["ms", "s"].contains(&unit) && number != unit {
        return word.replacen(number, &format!("…{unit}"), 1);
    }
    let Some((before, rest)) = word.split_once("127.0.0.1:") else { return word.to_owned() };
    format!("{before}127.0.0.1:…{}", rest.trim_start_matches(|it: char| it.is_ascii_digit()))
}

/// `UPDATE_FAULTS=1` writes the rows into the page.
fn compare(rows: &str) {
    let page = fs::read_to_string(PAGE).unwrap();
    let head = page.find("|---|").and_then(|at| Some(at + page[at..].find('\n')? + 1)).expect("a table");
    let end = page[head..].find("\n\n").map_or(page.len(), |at| head + at + 1);
    if std::env::var_os("UPDATE_FAULTS").is_some() {
        fs::write(PAGE, [&page[..head], rows, &page[end..]].concat()).unwrap();
        return;
    }
    for (said, told) in rows.lines().zip(page[head..end].lines()) {
        assert_eq!(said, told, "UPDATE_FAULTS=1 writes it into the page");
    }
    assert_eq!(rows.lines().count(), page[head..end].lines().count());
}
