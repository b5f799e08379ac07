//! Changing one place in a message and no other byte of it.

use std::fmt;
use std::ops::Range;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// Where a member's value stands in the text of an object; the last, should there be several.
pub fn member(object: &str, name: &str) -> Option<Range<usize>> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_str(object);
    reader.deserialize_map(Find { object, name, found: &mut found }).ok()?;
    found
}

/// Where the value at the end of a path stands.
pub fn at(object: &str, path: &[&str]) -> Option<Range<usize>> {
    path.iter().try_fold(0..object.len(), |within, name| {
        let found = member(&object[within.clone()], name)?;
        Some(within.start + found.start..within.start + found.end)
    })
}

/// The object with another value for a member that it has.
pub fn replace(object: &str, path: &[&str], value: &str) -> Option<String> {
    let place = at(object, path)?;
    Some([&object[..place.start], value, &object[place.end..]].concat())
}

/// The answer to `initialize` or `server/discover` in which every list that the server has is said to tell of its changes:
/// clients believe in `list_changed` only then.
pub fn announce_list_changes(answer: &str) -> String {
    let announce =
        |text: String, list: &&str| with_member(text, &["result", "capabilities", list], "listChanged", "true");
    super::message::LISTS.iter().fold(answer.to_owned(), announce)
}

/// The text in which the object at the end of a path has this member, if there is an object.
pub fn with_member(text: String, path: &[&str], name: &str, value: &str) -> String {
    let Some(place) = at(&text, path).filter(|place| text[place.clone()].starts_with('{')) else { return text };
    if let Some(text) = replace(&text, &[path, &[name]].concat(), value) {
        return text;
    }
    let inside = place.start + 1;
    let comma = if text[inside..place.end - 1].trim().is_empty() { "" } else { "," };
    format!("{}\"{name}\":{value}{comma}{}", &text[..inside], &text[inside..])
}

struct Find<'a> {
    object: &'a str,
    name: &'a str,
    found: &'a mut Option<Range<usize>>,
}

impl<'a> Visitor<'a> for Find<'a> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut members: M) -> Result<(), M::Error> {
        while let Some((key, value)) = members.next_entry::<String, &'a RawValue>()? {
            if key == self.name {
                let start = value.get().as_ptr().addr() - self.object.as_ptr().addr();
                *self.found = Some(start..start + value.get().len());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_place_changes() {
        let text = "{ \"a\" : 1,\t\"id\":\"x\" , \"b\": {\"id\": 2}}\n";
        assert_eq!(replace(text, &["id"], "7").unwrap(), "{ \"a\" : 1,\t\"id\":7 , \"b\": {\"id\": 2}}\n");
        assert_eq!(replace(text, &["b", "id"], "[]").unwrap(), "{ \"a\" : 1,\t\"id\":\"x\" , \"b\": {\"id\": []}}\n");
        assert_eq!(replace(text, &["c"], "7"), None);
    }

    #[test]
    fn lists_that_a_server_has_tell_of_their_changes() {
        for (capabilities, expected) in [
            ("{}", "{}"),
            (r#"{"tools":{}}"#, r#"{"tools":{"listChanged":true}}"#),
            (r#"{"tools":{ "listChanged": false }}"#, r#"{"tools":{ "listChanged": true }}"#),
            (
                r#"{"resources":{"subscribe":true},"logging":{}}"#,
                r#"{"resources":{"listChanged":true,"subscribe":true},"logging":{}}"#,
            ),
            (r#"{"prompts":{"listChanged":true},"tools":null}"#, r#"{"prompts":{"listChanged":true},"tools":null}"#),
        ] {
            let answer = |capabilities: &str| format!("{{\"id\":0,\"result\":{{\"capabilities\":{capabilities}}}}}\n");
            assert_eq!(announce_list_changes(&answer(capabilities)), answer(expected));
        }
    }
}
