//! The languages that files with servers are written in: a text becomes a tree that says where everything stands, and what is
//! changed are bytes of the text.

pub mod edit;
pub mod json;
pub mod json_tree;
pub mod node;
mod not_parsed;
mod toml;

use self::json::MARK;
use self::json_tree::TrailingCommas;
use self::node::Node;
pub use self::not_parsed::NotParsed;

/// The language of a file, as strict as who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    Json,
    JsonWithComments,
    /// With comments, and commas behind the last of several.
    Jsonc,
    Toml,
    /// Not read, so not changed: the lines are shown that people may change.
    Yaml,
}

/// The tree of a text; one that holds nothing is an empty object. A byte order mark in front is let pass.
pub fn parse(syntax: Syntax, text: &str) -> Result<Node, NotParsed> {
    let skipped = if text.starts_with(MARK) { MARK.len_utf8() } else { 0 };
    let body = &text[skipped..];
    if body.trim().is_empty() {
        return Ok(Node::nothing(text.len()));
    }
    let mut root = match syntax {
        Syntax::Json => json_tree::parse_strictly(body),
        Syntax::JsonWithComments => json_tree::parse(body, TrailingCommas::Refused),
        Syntax::Jsonc => json_tree::parse(body, TrailingCommas::Allowed),
        Syntax::Toml => toml::parse(body),
        Syntax::Yaml => Ok(Node::nothing(body.len())),
    }?;
    root.shift(skipped);
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(syntax: Syntax, text: &str) -> String {
        parse(syntax, text).map_or_else(|error| error.to_string() + "\n", |_| "it can be read\n".to_owned())
    }

    #[test]
    fn what_a_client_would_not_read_is_told_with_its_place() {
        let commented = "{\n  // why\n  \"a\": 1\n}";
        let comma = "{\n  \"a\": [1,\n  ],\n}";
        let text = [
            wrong(Syntax::Json, commented),
            wrong(Syntax::JsonWithComments, commented),
            wrong(Syntax::JsonWithComments, comma),
            wrong(Syntax::Jsonc, comma),
            wrong(Syntax::Jsonc, "{\"é\": 1 \"b\": 2}"),
            wrong(Syntax::Jsonc, "{'a': 1}"),
            wrong(Syntax::Jsonc, "{\"a\": "),
            wrong(Syntax::Jsonc, "{} {}"),
            wrong(Syntax::Toml, "a = 1\nb = \n"),
            wrong(Syntax::Toml, "a = 1\n\na = 2\n"),
            wrong(Syntax::Toml, "[é]\n\"é\" = [1, ,]\n"),
        ];
        insta::assert_snapshot!(text.concat());
    }

    #[test]
    fn a_text_without_anything_holds_nothing() {
        for text in ["", " \n", "\u{feff}", "\u{feff}\r\n"] {
            for syntax in [Syntax::Json, Syntax::Jsonc, Syntax::Toml] {
                assert_eq!(parse(syntax, text), Ok(Node::nothing(text.len())));
            }
        }
    }

    #[test]
    fn everything_is_found_where_it_stands() {
        let json = "\u{feff}{ \"é\\u0061\": [\"ü\", 1], /* no */ \"b\": {\"c\": \"d\"} }";
        let toml = "\u{feff}b.c = \"d\" # no\n[\"é\"]\na = ['ü', 1]\n";
        for (syntax, text, path) in [(Syntax::Jsonc, json, ["éa"].as_slice()), (Syntax::Toml, toml, &["é", "a"])] {
            let root = parse(syntax, text).expect("read");
            let list = root.at(path).expect("there");
            let items = list.items().expect("a list");
            let quoted = &text[items[0].span.clone()];
            assert!(quoted == "\"ü\"" || quoted == "'ü'", "{quoted}");
            assert_eq!(items[0].text(), Some("ü"));
            assert!(text[list.span.clone()].starts_with('[') && text[list.span.clone()].ends_with(']'));
            let text_of = root.at(&["b", "c"]).expect("there");
            assert_eq!((&text[text_of.span.clone()], text_of.text()), ("\"d\"", Some("d")));
        }
    }
}
