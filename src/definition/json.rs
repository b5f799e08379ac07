//! JSON as it is written: which members an object has, in which order, and where each stands in the text.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name, without escapes.
    pub name: String,
    /// Where the name stands, quotes included.
    pub key: Range<usize>,
    /// Where the value stands.
    pub value: Range<usize>,
}

/// The members of the object that `text` is, twice named ones too. Positions are those in `text`, in bytes.
///
/// # Errors
/// When it is no JSON, or no object.
pub fn members(text: &str) -> serde_json::Result<Vec<Member>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let raw = reader.deserialize_map(Members)?;
    reader.end()?;
    let span = |part: &RawValue| {
        // Both are parts of the same text.
        let start = part.get().as_ptr() as usize - text.as_ptr() as usize;
        start..start + part.get().len()
    };
    let member = |(key, value): (&RawValue, &RawValue)| {
        Ok(Member { name: serde_json::from_str(key.get())?, key: span(key), value: span(value) })
    };
    raw.into_iter().map(member).collect()
}

/// Collects names and values as they stand.
struct Members;

impl<'text> Visitor<'text> for Members {
    type Value = Vec<(&'text RawValue, &'text RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'text>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_where_they_stand() {
        let text = " { \"a\\u0062\" : [1, {\"x\": 2}] ,\n\t\"c\":null,\"c\":\"d\" } ";
        let found = members(text).expect("an object");
        let parts = found.iter().map(|it| (it.name.as_str(), &text[it.key.clone()], &text[it.value.clone()]));
        assert_eq!(
            parts.collect::<Vec<_>>(),
            [("ab", "\"a\\u0062\"", "[1, {\"x\": 2}]"), ("c", "\"c\"", "null"), ("c", "\"c\"", "\"d\"")]
        );
        assert_eq!(members("{}").expect("an object"), []);
        assert!(members("[]").is_err() && members("{} {}").is_err() && members("{\"a\"}").is_err());
    }
}
