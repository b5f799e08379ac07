//! TOML.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Content, Field, Node};
use super::not_parsed::NotParsed;

pub fn parse(text: &str) -> Result<Node, NotParsed> {
    let table = DeTable::parse(text).map_err(|error| not_parsed(text, &error))?;
    Ok(Node { span: 0..text.len(), content: fields(table.into_inner()) })
}

fn not_parsed(text: &str, error: &toml::de::Error) -> NotParsed {
    let at = error.span().map_or(text.len(), |span| span.start);
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    NotParsed {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        what: error.message().replace('\n', " "),
    }
}

fn fields(table: DeTable<'_>) -> Content {
    let mut fields = Vec::new();
    for (key, value) in table {
        fields.push(Field { key: key.span(), name: key.into_inner().into_owned(), value: node(value) });
    }
    // The table is sorted by name.
    fields.sort_by_key(|field| field.key.start);
    Content::Fields(fields)
}

fn node(value: Spanned<DeValue<'_>>) -> Node {
    let span = value.span();
    let content = match value.into_inner() {
        DeValue::Table(table) => fields(table),
        DeValue::Array(items) => Content::Items(items.into_iter().map(node).collect()),
        DeValue::String(text) => Content::Text(text.into_owned()),
        DeValue::Boolean(flag) => Content::Flag(flag),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => Content::Other,
    };
    Node { span, content }
}
