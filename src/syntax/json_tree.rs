//! Where everything stands in JSON, with and without what editors and their relatives let pass.

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::json;
use super::node::{Content, Field, Node};
use super::not_parsed::NotParsed;

/// Whether a comma may stand behind the last of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailingCommas {
    Allowed,
    Refused,
}

/// JSON and nothing else.
pub fn parse_strictly(text: &str) -> Result<Node, NotParsed> {
    json::read_strictly(text).map_err(|error| NotParsed {
        line: error.line,
        column: error.column.max(1),
        what: error.what.trim_end_matches(',').to_owned(),
    })?;
    parse(text, TrailingCommas::Refused)
}

/// JSON with comments.
pub fn parse(text: &str, commas: TrailingCommas) -> Result<Node, NotParsed> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: commas == TrailingCommas::Allowed,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| NotParsed {
        line: error.line_display(),
        column: error.column_display(),
        what: decapitalized(&error.kind().to_string()),
    })?;
    Ok(parsed.value.map_or_else(|| Node::nothing(text.len()), node))
}

fn decapitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn node(value: Value<'_>) -> Node {
    let range = value.range();
    let content = match value {
        Value::Object(object) => Content::Fields(object.properties.into_iter().map(field).collect()),
        Value::Array(array) => Content::Items(array.elements.into_iter().map(node).collect()),
        Value::StringLit(string) => Content::Text(string.value.into_owned()),
        Value::BooleanLit(flag) => Content::Flag(flag.value),
        Value::NumberLit(_) | Value::NullKeyword(_) => Content::Other,
    };
    Node { span: range.start..range.end, content }
}

fn field(property: ObjectProp<'_>) -> Field {
    let key = property.name.range();
    Field { key: key.start..key.end, name: property.name.into_string(), value: node(property.value) }
}
