//! Changing files: what is changed, and that nothing else is.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::definition::edit::{remove, set};
use crate::syntax::{self, Syntax};

fn with(text: &str) -> String {
    set(text, "web", &json!({"command": "npx"})).expect("changed").0
}

#[test]
fn a_server_is_written_as_the_others_are() {
    for (before, after) in [
        ("", "{\n  \"mcpServers\": {\n    \"web\": {\n      \"command\": \"npx\"\n    }\n  }\n}\n"),
        ("{}", "{\n  \"mcpServers\": {\n    \"web\": {\n      \"command\": \"npx\"\n    }\n  }\n}"),
        (
            "{\n\t\"mcpServers\": {}\n}\n",
            "{\n\t\"mcpServers\": {\n\t\t\"web\": {\n\t\t\t\"command\": \"npx\"\n\t\t}\n\t}\n}\n",
        ),
        (
            "{\r\n    \"mcpServers\": {\r\n        \"a\" : {}\r\n    }\r\n}",
            "{\r\n    \"mcpServers\": {\r\n        \"a\" : {},\r\n        \"web\" : {\r\n            \"command\": \"npx\"\r\n        }\r\n    }\r\n}",
        ),
        ("{\"mcpServers\":{\"a\":{}}}", "{\"mcpServers\":{\"a\":{},\"web\":{\"command\":\"npx\"}}}"),
        ("{\"mcpServers\": { }}", "{\"mcpServers\": {\"web\":{\"command\":\"npx\"}}}"),
        ("{ \"a\": 1 }", "{ \"a\": 1, \"mcpServers\": {\"web\":{\"command\":\"npx\"}} }"),
        (
            "\u{feff}{\n \"a\": [1,\n2]\n}\n\n",
            "\u{feff}{\n \"a\": [1,\n2],\n \"mcpServers\": {\n  \"web\": {\n   \"command\": \"npx\"\n  }\n }\n}\n\n",
        ),
    ] {
        assert_eq!(with(before), after, "{before:?}");
    }
}

#[test]
fn a_server_is_replaced_where_it_stands() {
    let text = "{\"mcpServers\": {\n  \"web\":  {\"command\": 1},\n  \"b\": 2 }}";
    let (after, was_there) = set(text, "web", &json!({"url": "x"})).expect("changed");
    assert!(was_there);
    assert_eq!(after, "{\"mcpServers\": {\n  \"web\":  {\n    \"url\": \"x\"\n  },\n  \"b\": 2 }}");
}

#[test]
fn a_server_is_removed_with_its_comma() {
    for (before, after) in [
        ("{\"mcpServers\": {\n  \"web\": 1\n}}", Some("{\"mcpServers\": {}}")),
        ("{\"mcpServers\": {\n  \"web\": 1,\n  \"b\": 2\n}}", Some("{\"mcpServers\": {\n  \"b\": 2\n}}")),
        ("{\"mcpServers\": {\n  \"a\": 1 ,\n  \"web\": 2\n}}", Some("{\"mcpServers\": {\n  \"a\": 1\n}}")),
        (
            "{\"mcpServers\": {\"a\": 1, \"w\\u0065b\": {\"web\": 1}, \"b\": 2}}",
            Some("{\"mcpServers\": {\"a\": 1, \"b\": 2}}"),
        ),
        ("{\"web\": 1, \"mcpServers\": {}}", None),
        ("{\"web\": 1}", None),
        ("", None),
    ] {
        assert_eq!(remove(before, "web").expect("no error").as_deref(), after, "{before:?}");
    }
}

#[test]
fn what_is_not_clear_is_not_changed() {
    for text in [
        "{\"mcpServers\": {\"web\": 1, \"web\": 2}}",
        "{\"mcpServers\": {}, \"mcpServers\": {}}",
        "{\"mcpServers\": []}",
        "[]",
        "{",
    ] {
        assert!(set(text, "web", &json!({})).is_err() && remove(text, "web").is_err(), "{text}");
    }
}

/// White space as people and programs leave it.
fn space() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ \t]{1,3}", "\n[ \t]{0,4}", "\r\n {0,4}"]
}

/// Any value, written in some way.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        any::<i64>().prop_map(|it| it.to_string()),
        ".{0,6}".prop_map(|it| Value::from(it).to_string()),
        Just("\"\\u00e4\\\"{,}\"".to_owned()),
        Just("1.50e+3".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = (prop::collection::vec(inner.clone(), 0..3), space())
            .prop_map(|(items, space)| format!("[{space}{}]", items.join(&format!(",{space}"))));
        prop_oneof![list, object(inner, prop::collection::vec("[a-v]{1,4}", 0..3))]
    })
}

/// An object with these names and values, with space everywhere where it may be.
fn object(
    value: impl Strategy<Value = String> + 'static,
    names: impl Strategy<Value = Vec<String>> + 'static,
) -> BoxedStrategy<String> {
    let spaces = prop::collection::vec(space(), 5);
    (names, prop::collection::vec(value, 4), spaces)
        .prop_map(|(mut names, values, space)| {
            names.sort();
            names.dedup();
            let member = |(name, value): (&String, &String)| {
                format!("{}{}{}:{}{value}{}", space[0], Value::from(name.as_str()), space[1], space[2], space[3])
            };
            let members: Vec<String> = names.iter().zip(&values).map(member).collect();
            // Space between empty braces is the one thing that may go.
            let members = members.join(",");
            format!("{{{members}}}")
        })
        .boxed()
}

/// A document with servers, and their text.
fn document() -> impl Strategy<Value = String> {
    let names = prop::collection::vec("[a-v]{1,4}", 0..4);
    (object(value(), names), value(), space(), space(), prop::bool::ANY).prop_map(
        |(servers, other, before, after, is_first)| {
            let [servers, other] = [format!("\"mcpServers\":{before}{servers}"), format!("\"x y\":{other}")];
            let members = if is_first { [servers, other] } else { [other, servers] };
            format!("{before}{{{after}{}{before}}}{after}", members.join(&format!(",{after}")))
        },
    )
}

/// The names and the text of each value in an object.
fn parts(text: &str) -> Vec<(String, String)> {
    let root = syntax::parse(Syntax::Json, text).expect("JSON");
    let fields = root.fields().expect("an object").iter();
    fields.map(|field| (field.name.clone(), text[field.value.span.clone()].to_owned())).collect()
}

proptest! {
    #[test]
    fn whoever_adds_and_removes_gets_the_same_bytes(text in document()) {
        let (added, was_there) = set(&text, "web", &json!({"command": "npx", "args": ["a\nb"]})).expect("added");
        prop_assert!(!was_there);
        prop_assert_eq!(remove(&added, "web").expect("removed"), Some(text));
    }

    #[test]
    fn what_is_added_is_there_and_everything_else_as_it_was(text in document()) {
        let entry = json!({"command": "npx", "env": {"A": "\"}\n"}});
        let (added, _) = set(&text, "web", &entry).expect("added");
        let mut expected: Value = serde_json::from_str(&text).expect("JSON");
        expected["mcpServers"]["web"] = entry;
        prop_assert_eq!(serde_json::from_str::<Value>(&added).expect("JSON"), expected);
        let servers = |text: &str| parts(&parts(text).into_iter().find(|(name, _)| name == "mcpServers").expect("it").1);
        let mut after = servers(&added);
        prop_assert_eq!(after.pop().expect("the new one").0, "web");
        prop_assert_eq!(after, servers(&text));
    }

    #[test]
    fn removing_and_replacing_touch_one_server_only(text in document(), choice: prop::sample::Index) {
        let servers = |text: &str| parts(&parts(text).into_iter().find(|(name, _)| name == "mcpServers").expect("it").1);
        let before = servers(&text);
        prop_assume!(!before.is_empty());
        let place = choice.index(before.len());
        let name = &before[place].0;
        let mut expected = before.clone();
        expected.remove(place);
        prop_assert_eq!(servers(&remove(&text, name).expect("no error").expect("removed")), expected);
        let (replaced, was_there) = set(&text, name, &json!(7)).expect("replaced");
        prop_assert!(was_there);
        let mut expected = before.clone();
        expected[place].1 = "7".to_owned();
        prop_assert_eq!(servers(&replaced), expected);
    }
}
