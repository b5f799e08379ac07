//! `environmentVariables`: what a server needs to have set before it is started.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::entry::Variable;
use super::expand::{Expanded, OwnVariable, Values};
use super::problem::{Problem, Warning};

/// The environment that a server will have, as far as it is known before there is a session.
pub struct ServerEnvironment<'a> {
    /// What its definition sets.
    pub own: &'a BTreeMap<String, Expanded>,
    /// What it has where the definition says nothing.
    pub values: Values<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableValue {
    Unset,
    /// No text, although it is set.
    Empty,
    Text(String),
    /// A text with something in it that only the session knows; what is known of it.
    Later(Vec<String>),
    /// Nothing, for a reason that has been reported.
    Broken,
    NotText,
}

impl ServerEnvironment<'_> {
    /// Whether the value of a variable stands in the definition, and the caller has no part in it.
    pub fn is_as_defined(&self, name: &str) -> bool {
        match self.own.get(name) {
            Some(expanded) => expanded.variables.is_empty(),
            None => (self.values.variables)(name).is_none_or(|value| value.is_empty()),
        }
    }

    pub fn value(&self, name: &str) -> VariableValue {
        if let Some(own) = OwnVariable::named(name) {
            return if self.values.has(own) { VariableValue::Later(Vec::new()) } else { VariableValue::Unset };
        }
        if let Some(expanded) = self.own.get(name) {
            return match expanded.text() {
                Some(text) => text_or_empty(text),
                None if expanded.is_broken => VariableValue::Broken,
                None => VariableValue::Later(expanded.literals().map(str::to_owned).collect()),
            };
        }
        let inherited = (self.values.variables)(name).map(OsString::into_string);
        match (inherited, self.values.defaults.get(name)) {
            (Some(Err(_)), _) => VariableValue::NotText,
            (Some(Ok(text)), _) if !text.is_empty() => VariableValue::Text(text),
            (_, Some(default)) => text_or_empty(default.clone()),
            (Some(Ok(_)), None) => VariableValue::Empty,
            (None, None) => VariableValue::Unset,
        }
    }
}

fn text_or_empty(text: String) -> VariableValue {
    if text.is_empty() { VariableValue::Empty } else { VariableValue::Text(text) }
}

impl VariableValue {
    /// What of it must not be shown if it is secret.
    pub fn texts(self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text],
            Self::Later(texts) => texts,
            _ => Vec::new(),
        }
    }
}

/// What is wrong with the value of a listed variable.
pub fn examine(variable: &Variable, value: &VariableValue) -> Result<Option<Warning>, Problem> {
    let name = variable.name.clone();
    let description = variable.description.clone();
    match value {
        VariableValue::Unset if variable.is_required => Err(Problem::Unset { name, places: Vec::new(), description }),
        VariableValue::Empty if variable.is_required => Err(Problem::Empty { name, description }),
        VariableValue::NotText => Err(Problem::NotText { name }),
        VariableValue::Text(text) if !variable.choices.is_empty() && !variable.choices.contains(text) => {
            let value = (!variable.is_secret).then(|| text.clone());
            Err(Problem::Choice { name, value, choices: variable.choices.clone(), description })
        }
        VariableValue::Text(text) if is_placeholder(text) => Ok(Some(Warning::Placeholder { name, description })),
        _ => Ok(None),
    }
}

/// Whether a value was obviously copied from an example.
fn is_placeholder(value: &str) -> bool {
    let plain: String =
        value.trim().to_lowercase().chars().map(|it| if matches!(it, '_' | ' ') { '-' } else { it }).collect();
    let is_bracketed = plain.len() > 2 && plain.starts_with('<') && plain.ends_with('>');
    is_bracketed
        || ["changeme", "change-me", "replaceme", "replace-me", "todo"].contains(&plain.as_str())
        || ["your-", "my-secret-", "insert-"].iter().any(|start| plain.starts_with(start))
        || plain.ends_with("-here")
        || plain.contains("placeholder")
        || (plain.starts_with("xxx") && plain.chars().all(|it| matches!(it, 'x' | '-')))
}

#[cfg(test)]
mod tests {
    use super::super::expand::Expander;
    use super::*;

    #[test]
    fn placeholders_are_told_from_values() {
        for text in [
            "your-token-here",
            "YOUR_TOKEN_HERE",
            "<your token>",
            "<token>",
            "placeholder",
            "a-placeholder-token",
            "changeme",
            "CHANGE_ME",
            "xxx",
            "XXXXXXXX",
            "xxxx-xxxx-xxxx",
            " changeme ",
            "put it here",
            "my-secret-token",
            "TODO",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in
            ["", "x", "xx", "hunter2", "8f3a-41bc", "<", "<>", "yourself", "xxxa", "exchangeme", "here", "1 < 2 > 1"]
        {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    fn variable() -> Variable {
        Variable { name: "LEVEL".into(), description: Some("how much is logged".into()), ..Variable::default() }
    }

    #[test]
    fn what_is_listed_has_to_be_set_only_if_it_is_required() {
        let optional = variable();
        let required = Variable { is_required: true, ..variable() };
        for value in [
            VariableValue::Unset,
            VariableValue::Empty,
            VariableValue::Broken,
            VariableValue::Later(Vec::new()),
            VariableValue::Text("a".into()),
        ] {
            assert_eq!(examine(&optional, &value), Ok(None), "{value:?}");
        }
        for value in [VariableValue::Broken, VariableValue::Later(Vec::new()), VariableValue::Text("a".into())] {
            assert_eq!(examine(&required, &value), Ok(None), "{value:?}");
        }
        let said = |variable: &Variable, value| examine(variable, &value).expect_err("refused").to_string();
        insta::assert_snapshot!(said(&required, VariableValue::Unset), @"LEVEL is not set: how much is logged");
        insta::assert_snapshot!(said(&required, VariableValue::Empty), @"LEVEL is empty: how much is logged");
        insta::assert_snapshot!(said(&optional, VariableValue::NotText), @"LEVEL is not valid UTF-8");
    }

    #[test]
    fn a_value_outside_of_the_choices_is_shown_unless_it_is_secret() {
        let open = Variable { choices: vec!["debug".into(), "info".into()], ..variable() };
        let secret = Variable { is_secret: true, ..open.clone() };
        let said = |variable: &Variable| {
            examine(variable, &VariableValue::Text("loud".into())).expect_err("refused").to_string()
        };
        insta::assert_snapshot!(said(&open), @r#"LEVEL is "loud", not one of debug, info: how much is logged"#);
        insta::assert_snapshot!(said(&secret), @"LEVEL is none of debug, info: how much is logged");
        assert_eq!(examine(&open, &VariableValue::Text("info".into())), Ok(None));
        assert_eq!(examine(&Variable { is_required: false, ..open }, &VariableValue::Empty), Ok(None));
    }

    #[test]
    fn the_definition_comes_before_the_caller_and_the_caller_before_the_default() {
        let outside = |name: &str| {
            (name.contains("OUT")).then(|| OsString::from(if name.contains("EMPTY") { "" } else { "out" }))
        };
        let defaults = ["OUT", "EMPTY_OUT", "DEFAULT"].map(|name| (name.to_owned(), "default".to_owned())).into();
        let values = Values { variables: &outside, defaults: &defaults, has_port: false, has_config: true };
        let mut expander = Expander::new(values);
        let own: BTreeMap<_, _> = [
            ("IN", "in"),
            ("IN_OUT", "in"),
            ("IN_EMPTY", ""),
            ("IN_LATER", "a${MCP_SESSION_ID}"),
            ("IN_BROKEN", "${NO}"),
        ]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), expander.expand(name, text)))
        .collect();
        let environment = ServerEnvironment { own: &own, values };
        let text = |text: &str| VariableValue::Text(text.to_owned());
        for (name, value) in [
            ("IN", text("in")),
            ("IN_OUT", text("in")),
            ("IN_EMPTY", VariableValue::Empty),
            ("IN_LATER", VariableValue::Later(vec!["a".to_owned()])),
            ("IN_BROKEN", VariableValue::Broken),
            ("OUT", text("out")),
            ("EMPTY_OUT", text("default")),
            ("EMPTY_OUT_2", VariableValue::Empty),
            ("DEFAULT", text("default")),
            ("NOTHING", VariableValue::Unset),
            ("MCP_PORT", VariableValue::Unset),
            ("MCP_CONFIG_FILE", VariableValue::Later(Vec::new())),
            ("MCP_SESSION_ID", VariableValue::Later(Vec::new())),
        ] {
            assert_eq!(environment.value(name), value, "{name}");
        }
    }
}
