//! The entry of `mcp-hook mcp` comes and goes, and leaves the file as it was.

use proptest::prelude::*;

use super::{Sample, client, sorted, unwrapping};
use crate::client::control;
use crate::client::entry::{EntryState, ServerEntry};
use crate::client::file::FileContent;
use crate::client::table::CLIENTS;
use crate::syntax::edit::{self, Edit};
use crate::syntax::{self, Syntax};

/// Adds it to a text, alone and together with everything that can be wrapped, and takes it away again.
pub fn check(sample: &Sample, before: &FileContent) -> Result<(), TestCaseError> {
    let Ok(edit) = control::add(sample.client, (&before.text, &before.root), "mcp-hook") else { return Ok(()) };
    if before.entries.iter().any(|entry| entry.name == control::NAME) {
        return Ok(());
    }
    let (wrapping, _) = Sample::wrapping(before);
    for others in [Vec::new(), wrapping] {
        let edits = sorted([others, vec![edit.clone()]].concat());
        there_and_back(sample, before, &edits)?;
    }
    Ok(())
}

fn there_and_back(sample: &Sample, before: &FileContent, edits: &[Edit]) -> Result<(), TestCaseError> {
    let with = edit::apply(&before.text, edits);
    let Some(after) = sample.content(&with) else {
        // Where no table can be added, `wrap` refuses: what it would write is read first.
        prop_assert_eq!(sample.client.syntax, Syntax::Toml, "it cannot be read: {}", with);
        return Ok(());
    };
    let is_control = |entry: &&ServerEntry| matches!(entry.state, EntryState::Control(_));
    let added: Vec<&ServerEntry> = after.entries.iter().filter(is_control).collect();
    prop_assert_eq!(
        added.iter().map(|entry| entry.words().join(" ")).collect::<Vec<_>>(),
        ["mcp-hook mcp"],
        "{}",
        with
    );
    let others: Vec<ServerEntry> = after.entries.iter().filter(|entry| !is_control(entry)).cloned().collect();
    prop_assert_eq!(others.len(), before.entries.len());
    let tree = (with.as_str(), &after.root);
    let mut back = control::remove(sample.client, tree, sample.client.key, &[control::NAME]).expect("it can go");
    let without = FileContent { text: with.clone(), root: after.root, entries: others };
    back.extend(unwrapping(&without, before));
    prop_assert_eq!(edit::apply(&with, &sorted(back)), before.text.clone(), "{}", with);
    Ok(())
}

/// What a client's file may look like in which there are no servers.
const EMPTY: [&str; 18] = [
    "",
    "\n",
    " \r\n\r\n",
    "\u{feff}",
    "\u{feff}\n",
    "{}",
    "{ }",
    "{\n}\n",
    "\u{feff}{\r\n\t\"a\": 1\r\n}",
    "{\"a\":1}",
    "{ \"a\": 1 }",
    "{\"KEY\": {}}",
    "{\n  \"KEY\": { }\n}\n",
    "{\n  \"a\": {},\n  \"KEY\": {\n  }\n}\n",
    "{ // why\n  \"a\": [], }\n",
    "// only this\n/* and { this */\n",
    "{ \"KEY\": { /* none yet */ }, \"z\": 2, }",
    "{\"KEY\": {// none\n}}",
];

#[test]
fn it_comes_and_goes_where_there_are_no_servers() {
    for client in CLIENTS.iter().filter(|client| !matches!(client.syntax, Syntax::Toml | Syntax::Yaml)) {
        let mut count = 0;
        for text in EMPTY {
            let sample = Sample { client, text: text.replace("KEY", client.key[0]) };
            let Some(before) = sample.content(&sample.text) else { continue };
            count += 1;
            assert!(control::add(client, (&before.text, &before.root), "mcp-hook").is_ok(), "{}", sample.text);
            check(&sample, &before).expect("what is promised holds");
        }
        assert!(count >= 14, "{}: {count}", client.id);
    }
}

#[test]
fn it_does_not_come_where_something_else_stands() {
    for client in CLIENTS.iter().filter(|client| !matches!(client.syntax, Syntax::Toml | Syntax::Yaml)) {
        for text in ["null", "[]", "\"{\"", "\u{feff}5\n", "{\"KEY\": null}", "{\"KEY\": [{}]}"] {
            let text = text.replace("KEY", client.key[0]);
            let root = syntax::parse(client.syntax, &text).expect("it can be read");
            assert_eq!(control::add(client, (&text, &root), "mcp-hook"), Err(control::NoPlace::OtherForm), "{text}");
        }
    }
}

#[test]
fn in_toml_too() {
    for text in [
        "",
        "\n",
        "\r\n",
        "\u{feff}",
        "\u{feff}a = 1",
        "a = 1",
        "a = 1\n",
        "a = 1\r\n",
        "a = 1\r\nb = 2\n",
        "a = 1\n\n\n# the end",
        "[mcp_servers]\n",
        "[mcp_servers]",
        "mcp_servers = {}\n",
        "mcp_servers = { }",
        "mcp_servers = {a = {command = \"x\"}} # why\nb = 1\n",
        "mcp_servers = { a = { command = \"x\" } }\n",
        "mcp_servers.a.command = \"x\"\n",
        "[mcp_servers.a]\ncommand = \"x\"",
        "[mcp_servers.a]\r\ncommand = \"x\"\r\n[mcp_servers.a.env]\r\nB = \"c\"\r\n",
        "[[other]]\na = 1\n[mcp_servers]\na = {command = \"x\"}\n",
    ] {
        let sample = Sample { client: client("codex"), text: text.to_owned() };
        let before = sample.content(text).expect("it can be read");
        let added = control::add(sample.client, (text, &before.root), "mcp-hook").expect("there is a place");
        assert!(sample.content(&edit::apply(text, &[added])).is_some(), "{text}");
        check(&sample, &before).expect("what is promised holds");
    }
}

/// A text without these entries.
fn removed(id: &str, text: &str, names: &[&str]) -> Result<String, control::NoPlace> {
    let client = client(id);
    let root = syntax::parse(client.syntax, text).expect("it can be read");
    control::remove(client, (text, &root), client.key, names).map(|edits| edit::apply(text, &edits))
}

#[test]
fn several_go_together_with_the_commas_that_they_have_for_themselves() {
    let all = ["a", "b", "c", "d"];
    for (names, left) in [
        (&["a", "b"][..], "c, d"),
        (&["b", "c"], "a, d"),
        (&["c", "d"], "a, b"),
        (&["a", "d"], "b, c"),
        (&["a", "c"], "b, d"),
        (&["a", "b", "d"], "c"),
        (&all, ""),
    ] {
        let text = "{\"mcpServers\": {\"a\": 1, \"b\": 1, \"c\": 1, \"d\": 1}}";
        let left: Vec<String> = left.split(", ").filter(|it| !it.is_empty()).map(|it| format!("\"{it}\": 1")).collect();
        let expected = format!("{{\"mcpServers\": {{{}}}}}", left.join(", "));
        assert_eq!(removed("cursor", text, names), Ok(expected), "{names:?}");
    }
    let text = "[mcp_servers.a]\nx = 1\n[mcp_servers.b]\nx = 1\n\n[mcp_servers.c]\nx = 1\n";
    assert_eq!(removed("codex", text, &["a", "b"]).as_deref(), Ok("\n[mcp_servers.c]\nx = 1\n"));
    assert_eq!(removed("codex", text, &["a", "c"]).as_deref(), Ok("[mcp_servers.b]\nx = 1\n"));
}

#[test]
fn of_two_sections_of_one_name_the_one_that_counts_goes() {
    let text = "{ \"mcpServers\": {\"a\": 1}, \"mcpServers\": { \"mcp-hook\": 1 } }";
    let left = "{ \"mcpServers\": {\"a\": 1}, \"mcpServers\": { } }";
    assert_eq!(removed("cursor", text, &[control::NAME]).as_deref(), Ok(left));
}

#[test]
fn what_was_changed_about_it_goes_with_it_and_what_stands_beside_it_stays() {
    let removed = |id: &str, text: &str| removed(id, text, &[control::NAME]);
    for (id, text, left) in [
        (
            "cursor",
            "{ \"mcpServers\": { \"a\": 1, \"mcp-hook\": { \"command\": \"mcp-hook\" } } }",
            "{ \"mcpServers\": { \"a\": 1 } }",
        ),
        ("cursor", "{ \"mcpServers\": { \"mcp-hook\": 1 }, \"b\": 2 }", "{ \"b\": 2 }"),
        ("cursor", "{ \"mcpServers\": { \"mcp-hook\": 1, \"b\": 2 } }", "{ \"mcpServers\": { \"b\": 2 } }"),
        (
            "codex",
            "a = 1\n\n[mcp_servers.mcp-hook]\ncommand = \"mcp-hook\" # this\nargs = [\n\"mcp\"\n]\nenabled = true\n\n[b]\n",
            "a = 1\n\n[b]\n",
        ),
        (
            "codex",
            "[mcp_servers]\na = 1\nmcp-hook = { command = \"mcp-hook\" }\nb = 2\n",
            "[mcp_servers]\na = 1\nb = 2\n",
        ),
    ] {
        assert_eq!(removed(id, text).as_deref(), Ok(left));
    }
    for (id, text) in [
        ("codex", "[mcp_servers.mcp-hook]\ncommand = \"mcp-hook\"\n[mcp_servers.mcp-hook.env]\na = \"b\"\n"),
        ("codex", "mcp_servers.mcp-hook.command = \"mcp-hook\"\n"),
        ("cursor", "{\"mcpServers\": {\"a\": 1, /* x */ \"mcp-hook\": 1}}"),
    ] {
        assert_eq!(removed(id, text), Err(control::NoPlace::Together), "{text}");
    }
}
