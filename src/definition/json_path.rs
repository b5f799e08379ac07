//! Paths into JSON: `servers.*.host`, with `*` for every key of an object and every element of an array.
//!
//! A backslash in front of `.`, `*` or `\` makes it a part of a key: `servers.pve1\.local.host`.

use std::str::FromStr;

use serde_json::Value;

use crate::text::excerpt::excerpt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath(Vec<PathStep>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum PathStep {
    /// To what this key or this index names.
    To(String),
    Every,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PathMatch<'v> {
    /// The path, without `*` as far as something is there. Very long keys are cut.
    pub path: String,
    /// What is there; `null` is nothing.
    pub value: Option<&'v Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BadPath {
    #[error("a part of it is empty")]
    EmptyStep,
    #[error("it ends with a backslash")]
    EndsEscaped,
}

impl FromStr for JsonPath {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<Self, BadPath> {
        let mut steps = Vec::new();
        let (mut step, mut is_escaped) = (String::new(), false);
        let mut characters = text.chars();
        loop {
            match characters.next() {
                Some('\\') => {
                    step.push(characters.next().ok_or(BadPath::EndsEscaped)?);
                    is_escaped = true;
                }
                end @ (Some('.') | None) => {
                    steps.push(match step.as_str() {
                        "" => return Err(BadPath::EmptyStep),
                        "*" if !is_escaped => PathStep::Every,
                        _ => PathStep::To(step.clone()),
                    });
                    if end.is_none() {
                        return Ok(Self(steps));
                    }
                    step.clear();
                    is_escaped = false;
                }
                Some(character) => step.push(character),
            }
        }
    }
}

impl JsonPath {
    /// Everywhere that the path leads in `root`, in the order of the document's keys; at least one place, where perhaps
    /// nothing is. A `*` that has nothing under it leads to nothing.
    pub fn find<'v>(&self, root: &'v Value) -> Vec<PathMatch<'v>> {
        let mut found = Vec::new();
        walk(root, &mut Vec::new(), &self.0, &mut found);
        found
    }
}

fn walk<'v>(value: &'v Value, above: &mut Vec<String>, steps: &[PathStep], found: &mut Vec<PathMatch<'v>>) {
    let Some((step, rest)) = steps.split_first() else {
        let value = Some(value).filter(|value| !value.is_null());
        return found.push(PathMatch { path: above.join("."), value });
    };
    let below = children(value, step);
    if below.is_empty() {
        let path: Vec<String> = above.iter().cloned().chain(steps.iter().map(PathStep::text)).collect();
        return found.push(PathMatch { path: path.join("."), value: None });
    }
    for (key, child) in below {
        above.push(escape(&key));
        walk(child, above, rest, found);
        above.pop();
    }
}

fn children<'v>(value: &'v Value, step: &PathStep) -> Vec<(String, &'v Value)> {
    match (value, step) {
        (Value::Object(entries), PathStep::Every) => entries.iter().map(|(key, child)| (key.clone(), child)).collect(),
        (Value::Array(items), PathStep::Every) => {
            items.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect()
        }
        (Value::Object(entries), PathStep::To(key)) => {
            entries.get(key).map(|child| (key.clone(), child)).into_iter().collect()
        }
        (Value::Array(items), PathStep::To(key)) => {
            let index = key.parse::<usize>().ok().filter(|index| index.to_string() == *key);
            index.and_then(|index| items.get(index)).map(|child| (key.clone(), child)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

impl PathStep {
    fn text(&self) -> String {
        match self {
            Self::To(key) => escape(key),
            Self::Every => "*".to_owned(),
        }
    }
}

/// A key as it has to be written in a path.
fn escape(key: &str) -> String {
    let is_special = |character: char| matches!(character, '.' | '\\') || (character == '*' && key == "*");
    excerpt(key)
        .chars()
        .flat_map(|character| is_special(character).then_some('\\').into_iter().chain([character]))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// The places, one a line, with what is there.
    fn found(pattern: &str, value: &Value) -> Vec<String> {
        let pattern: JsonPath = pattern.parse().expect("a path");
        let text = |it: PathMatch<'_>| match it.value {
            Some(value) => format!("{} = {value}", it.path),
            None => format!("{} is missing", it.path),
        };
        pattern.find(value).into_iter().map(text).collect()
    }

    #[test]
    fn paths_lead_to_everything_that_they_name() {
        let value = json!({
            "servers": { "pve1": { "host": "a", "tags": ["x", "y"] }, "pve2.local": { "host": null }, "pve3": 3 },
            "list": [{ "host": "b" }, {}],
            "empty": {}, "none": [], "text": "t", "*": { "a*b": 1 }, "0": "zero",
        });
        let table: [(&str, &[&str]); 16] = [
            ("text", &["text = \"t\""]),
            ("nothing", &["nothing is missing"]),
            ("text.below", &["text.below is missing"]),
            (
                "servers.*.host",
                &["servers.pve1.host = \"a\"", "servers.pve2\\.local.host is missing", "servers.pve3.host is missing"],
            ),
            ("servers.pve1.tags.*", &["servers.pve1.tags.0 = \"x\"", "servers.pve1.tags.1 = \"y\""]),
            ("servers.pve1.tags.1", &["servers.pve1.tags.1 = \"y\""]),
            ("servers.pve1.tags.01", &["servers.pve1.tags.01 is missing"]),
            ("servers.pve1.tags.2", &["servers.pve1.tags.2 is missing"]),
            ("servers.pve2\\.local", &["servers.pve2\\.local = {\"host\":null}"]),
            ("list.*.host", &["list.0.host = \"b\"", "list.1.host is missing"]),
            ("empty.*.host", &["empty.*.host is missing"]),
            ("none.*", &["none.* is missing"]),
            ("absent.*.host", &["absent.*.host is missing"]),
            ("text.*", &["text.* is missing"]),
            ("\\*.a*b", &["\\*.a*b = 1"]),
            ("0", &["0 = \"zero\""]),
        ];
        for (pattern, expected) in table {
            assert_eq!(found(pattern, &value), expected, "{pattern}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_in_words() {
        let said = |text: &str| text.parse::<JsonPath>().expect_err(text).to_string();
        for text in ["", ".", "a.", ".a", "a..b"] {
            assert_eq!(said(text), "a part of it is empty", "{text}");
        }
        assert_eq!(said("a\\"), "it ends with a backslash");
    }

    /// Any JSON with keys that mean something in a path.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), "[a-z]{0,2}".prop_map(Value::from)];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(r"[ab.*\\0]{1,3}", inner, 0..4)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    /// Every place of a document in the form that JSON itself has for it, written down independently of the matcher.
    fn pointers(value: &Value, above: &str, into: &mut Vec<String>) {
        into.push(above.to_owned());
        match value {
            Value::Object(entries) => entries.iter().for_each(|(key, child)| {
                pointers(child, &format!("{above}/{}", key.replace('~', "~0").replace('/', "~1")), into);
            }),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, child)| pointers(child, &format!("{above}/{index}"), into));
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn stars_find_every_place_of_a_depth_and_say_where_it_is(value in any_json(), depth in 1usize..4) {
            let pattern: JsonPath = vec!["*"; depth].join(".").parse().expect("a path");
            let found: Vec<&Value> = pattern.find(&value).into_iter().filter_map(|it| it.value).collect();
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            let deep = all.iter().filter(|it| it.matches('/').count() == depth);
            let expected: Vec<&Value> = deep.filter_map(|it| value.pointer(it)).filter(|it| !it.is_null()).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_place_that_was_found_is_found_again_by_its_own_path(value in any_json(), depth in 1usize..4) {
            let pattern: JsonPath = vec!["*"; depth].join(".").parse().expect("a path");
            for place in pattern.find(&value) {
                let again: JsonPath = place.path.parse().expect("its path is one");
                prop_assert_eq!(again.find(&value), vec![place]);
            }
        }

        #[test]
        fn every_path_leads_somewhere_and_no_text_breaks_it(value in any_json(), text in any::<String>()) {
            if let Ok(pattern) = text.parse::<JsonPath>() {
                prop_assert!(!pattern.find(&value).is_empty());
            }
        }
    }
}
