//! What is put in front of a command and taken away again leaves the file as it was, whatever the file looks like.

mod control;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;

use crate::client::entry::{EntryState, ServerEntry};
use crate::client::file::{self, FileContent};
use crate::client::prefix;
use crate::client::scope::Scope;
use crate::client::table::{CLIENTS, Client};
use crate::disk::names::ServerName;
use crate::syntax::Syntax;
use crate::syntax::edit::{self, Edit};

/// A text that a client reads, and which client.
#[derive(Clone, Debug)]
struct Sample {
    client: &'static Client,
    text: String,
}

impl Sample {
    fn parts(&self) -> &'static [Scope] {
        self.client.files[0].parts
    }

    fn content(&self, text: &str) -> Option<FileContent> {
        file::parse(self.client, self.parts(), Some("@HOME@/shop"), text.to_owned()).ok()
    }

    /// The edits that put mcp-hook in front of every entry that is started directly, and how many those are.
    fn wrapping(content: &FileContent) -> (Vec<Edit>, usize) {
        let places = content.entries.iter().filter_map(|entry| match &entry.state {
            EntryState::Direct(place) => Some((entry, place)),
            _ => None,
        });
        let edits: Vec<Vec<Edit>> =
            places.map(|(entry, place)| prefix::add(&content.text, place, "mcp-hook", name(entry).as_str())).collect();
        (sorted(edits.concat()), edits.len())
    }
}

/// The edits that take mcp-hook away from those that are started by it now and were not in `before`.
fn unwrapping(content: &FileContent, before: &FileContent) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (entry, old) in content.entries.iter().zip(&before.entries) {
        if let (EntryState::Wrapped { place, at }, EntryState::Direct(_)) = (&entry.state, &old.state) {
            edits.extend(prefix::remove(&content.text, place, *at).expect("nothing stands between"));
        }
    }
    sorted(edits)
}

fn name(entry: &ServerEntry) -> ServerName {
    ServerName::from_label(&entry.name)
}

fn sorted(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort_by_key(|edit| edit.span.start);
    edits
}

/// Checks all that is promised of a text; says how many entries it has that can be wrapped.
fn check(sample: &Sample) -> Result<usize, TestCaseError> {
    let Some(before) = sample.content(&sample.text) else { return Ok(0) };
    let (edits, count) = Sample::wrapping(&before);
    let wrapped = edit::apply(&before.text, &edits);
    let after = sample.content(&wrapped).expect("it can be read");
    for (old, new) in before.entries.iter().zip(&after.entries) {
        prop_assert_eq!(&old.name, &new.name);
        match (&old.state, &new.state) {
            (EntryState::Direct(was), EntryState::Wrapped { place, at }) => {
                let name = name(old);
                prop_assert_eq!(&place.words[..*at], ["mcp-hook", "run", name.as_str(), "--"]);
                prop_assert_eq!(&place.words[*at..], was.words.as_slice());
            }
            _ => prop_assert_eq!(old.words(), new.words()),
        }
    }
    prop_assert!(Sample::wrapping(&after).0.is_empty(), "a second time changes something: {}", wrapped);
    prop_assert_eq!(edit::apply(&wrapped, &unwrapping(&after, &before)), sample.text.clone());
    check_outside(&before, &edits, &wrapped)?;
    control::check(sample, &before)?;
    Ok(count)
}

/// Outside of the values of `command` and `args` every byte stays, in order.
fn check_outside(before: &FileContent, edits: &[Edit], wrapped: &str) -> Result<(), TestCaseError> {
    let spans: Vec<_> = before
        .entries
        .iter()
        .filter_map(|entry| match &entry.state {
            EntryState::Direct(place) => Some(place.spans()),
            _ => None,
        })
        .flatten()
        .collect();
    for edit in edits {
        let is_inside = spans.iter().any(|span| span.start <= edit.span.start && edit.span.end <= span.end);
        prop_assert!(is_inside, "{:?} is outside of the values", edit);
    }
    let mut rest = wrapped;
    let mut end = 0;
    for edit in edits {
        rest = rest.strip_prefix(&before.text[end..edit.span.start]).expect("it stays");
        rest = rest.strip_prefix(edit.text.as_str()).expect("it is there");
        end = edit.span.end;
    }
    prop_assert_eq!(rest, &before.text[end..]);
    Ok(())
}

/// The files of the corpus, each with its client.
fn corpus() -> Vec<Sample> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clients");
    let mut samples = Vec::new();
    for client in CLIENTS {
        let files = fs::read_dir(root.join(client.id)).unwrap_or_else(|_| panic!("{} has no fixture", client.id));
        let files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
        assert!(!files.is_empty(), "{} has no fixture", client.id);
        samples.extend(files.iter().map(|file| Sample { client, text: fs::read_to_string(file).expect("a text") }));
    }
    samples
}

#[test]
fn every_file_of_the_corpus_comes_back_to_the_byte() {
    for sample in corpus() {
        let count = check(&sample).expect("what is promised holds");
        let is_written = sample.client.syntax != Syntax::Yaml;
        assert_eq!(count > 0, is_written, "{}: {}", sample.client.id, sample.text);
    }
}

/// What stands between the parts of a text: blanks, lines, comments.
fn space(syntax: Syntax) -> BoxedStrategy<String> {
    let blank =
        prop::sample::select(vec!["", " ", "  ", "\n", "\r\n", "\n\t", " \n    ", "\t"]).prop_map(str::to_owned);
    match syntax {
        Syntax::Jsonc => {
            let comment = prop::sample::select(vec!["/* é */", "// \"x\": [\n", "/**/", "// ]}\r\n", "/*,*/ "]);
            prop_oneof![6 => blank.clone(), 1 => (blank, comment).prop_map(|(blank, comment)| blank + comment)].boxed()
        }
        _ => blank.boxed(),
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z/@.-]{1,8}",
        Just("a \\\"b\\\" \\\\ \\u00e9".to_owned()),
        Just("ü 天, ] } // #".to_owned()),
        Just("${X:-y}".to_owned()),
        Just("-- run".to_owned()),
    ]
    .prop_map(|inside| format!("\"{inside}\""))
}

/// Parts with space around each, between brackets, with a comma behind the last one where that is allowed.
fn listed(syntax: Syntax, brackets: [&'static str; 2], parts: Vec<String>) -> BoxedStrategy<String> {
    let spaces = prop::collection::vec(space(syntax), 2 * parts.len() + 1);
    let comma = any::<bool>().prop_map(move |it| it && syntax == Syntax::Jsonc);
    (spaces, comma)
        .prop_map(move |(spaces, comma)| {
            let mut text = brackets[0].to_owned();
            for (index, part) in parts.iter().enumerate() {
                let is_last = index + 1 == parts.len();
                let end = if !is_last || comma { "," } else { "" };
                text += &[&spaces[2 * index], part, &spaces[2 * index + 1], end].concat();
            }
            text + &spaces[2 * parts.len()] + brackets[1]
        })
        .boxed()
}

fn member(syntax: Syntax, key: &'static str, value: BoxedStrategy<String>) -> BoxedStrategy<String> {
    (space(syntax), space(syntax), value)
        .prop_map(move |(before, after, value)| format!("\"{key}\"{before}:{after}{value}"))
        .boxed()
}

fn list_of_words(syntax: Syntax) -> BoxedStrategy<String> {
    prop::collection::vec(word(), 0..4).prop_flat_map(move |words| listed(syntax, ["[", "]"], words)).boxed()
}

/// An entry of JSON, perhaps with arguments, with other keys before and behind, in any order.
fn entry(syntax: Syntax) -> BoxedStrategy<String> {
    let command = member(syntax, "command", word().boxed());
    let arguments = prop::option::of(member(syntax, "args", list_of_words(syntax)));
    let others = prop::collection::vec(
        prop::sample::select(vec!["\"env\": {\"A\": \"b\"}", "\"type\":\"stdio\"", "\"n\": [1, {}]"]),
        0..3,
    );
    (command, arguments, others)
        .prop_flat_map(move |(command, arguments, others)| {
            let mut members: Vec<String> = others.into_iter().map(str::to_owned).collect();
            members.push(command);
            members.extend(arguments);
            Just(members).prop_shuffle().prop_flat_map(move |members| listed(syntax, ["{", "}"], members))
        })
        .boxed()
}

fn json(client: &'static Client) -> BoxedStrategy<Sample> {
    let syntax = client.syntax;
    let entries = prop::collection::vec(entry(syntax), 0..4).prop_map(|entries| {
        entries.into_iter().enumerate().map(|(index, entry)| format!("\"s{index}\": {entry}")).collect::<Vec<_>>()
    });
    let servers = entries.prop_flat_map(move |entries| listed(syntax, ["{", "}"], entries)).boxed();
    (member(syntax, client.key[0], servers), prop::sample::select(vec!["", "\u{feff}"]), space(syntax))
        .prop_flat_map(move |(servers, mark, end)| {
            let members = vec!["\"a\": \"é\"".to_owned(), servers];
            listed(syntax, ["{", "}"], members)
                .prop_map(move |text| Sample { client, text: format!("{mark}{text}{end}") })
        })
        .boxed()
}

/// TOML in which an entry is a table, a table in a line, or made of dotted keys.
fn toml(client: &'static Client) -> BoxedStrategy<Sample> {
    let form = prop::sample::select(vec!["table", "inline", "dotted"]);
    let sign = prop::sample::select(vec![" = ", "=", "  =\t", " ="]);
    let word = prop_oneof![word(), "'[a-z \\\\\"]{1,6}'", Just("\"\"\"a\"\"\"".to_owned())];
    let words = prop::option::of(prop::collection::vec(word.clone(), 0..4));
    let gap = prop::sample::select(vec!["", " ", "\n  ", "\n", " # why ]\n  "]);
    let entry = (form, sign, word, words, (gap, any::<bool>(), any::<bool>()));
    let ends = prop::sample::select(vec!["\n", "\r\n"]);
    (prop::collection::vec(entry, 0..4), ends, prop::sample::select(vec!["", "\u{feff}"]))
        .prop_map(move |(entries, end, mark)| {
            let (mut text, mut tables) = ("a = 1 # é\n[mcp_servers]\n".to_owned(), String::new());
            for (index, (form, sign, command, words, (gap, is_first, has_comma))) in entries.into_iter().enumerate() {
                let comma = if has_comma && words.as_ref().is_some_and(|it| !it.is_empty()) { "," } else { "" };
                let list =
                    words.map(|words| format!("args{sign}[{gap}{}{comma}{gap}]", words.join(&format!(",{gap}"))));
                let mut lines: Vec<String> =
                    [Some(format!("command{sign}{command}")), list].into_iter().flatten().collect();
                if is_first {
                    lines.reverse();
                }
                let name = format!("s{index}");
                match form {
                    "table" => {
                        let lines = lines.join("\n\t");
                        tables.extend(["[mcp_servers.", &name, "]\n  ", &lines, "  # é\nenabled = true\n"]);
                    }
                    "inline" => text.extend([name.as_str(), " = { ", &lines.join(", "), " }\n"]),
                    _ => text.extend(lines.iter().map(|line| format!("{name}.{line}\n"))),
                }
            }
            let text = text + &tables;
            Sample { client, text: mark.to_owned() + &text.replace('\n', end) }
        })
        .boxed()
}

fn client(id: &str) -> &'static Client {
    super::table::named(id).expect("a client")
}

proptest! {
    #[test]
    fn generated_json_comes_back_to_the_byte(sample in prop_oneof![json(client("claude-code")), json(client("cursor"))]) {
        prop_assert!(sample.content(&sample.text).is_some(), "it cannot be read: {}", sample.text);
        check(&sample)?;
    }

    #[test]
    fn generated_toml_comes_back_to_the_byte(sample in toml(client("codex"))) {
        prop_assert!(sample.content(&sample.text).is_some(), "it cannot be read: {}", sample.text);
        check(&sample)?;
    }

    #[test]
    fn mutated_files_of_the_corpus_come_back_to_the_byte_or_are_not_read(
        which: Index,
        changes in prop::collection::vec((any::<Index>(), 0usize..3, prop::sample::select(vec![
            " ", "\n", "\r\n", "\t", ",", "[", "]", "{", "}", "\"", "'", "#", "// x\n", "/* x */", ":", "=", ".", "é", "\\", "[]", "args",
        ])), 1..4),
    ) {
        let corpus = corpus();
        let mut sample = which.get(&corpus).clone();
        for (at, removed, added) in changes {
            let mut characters: Vec<char> = sample.text.chars().collect();
            let at = at.index(characters.len() + 1);
            let end = (at + removed).min(characters.len());
            characters.splice(at..end, added.chars());
            sample.text = characters.into_iter().collect();
        }
        check(&sample)?;
    }
}
