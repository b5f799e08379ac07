//! `${VAR}` and `${VAR:-default}` in a text. Everything else stands for itself: `$VAR`, `$$`, `}`.

use std::mem;

use super::entry::is_variable_name;
use super::spelling;
use crate::text::excerpt::excerpt;

/// A text cut at its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(pub Vec<Part>);

/// A part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Literal(String),
    Variable {
        name: String,
        /// What stands there if it is not set or empty. Not cut any further.
        default: Option<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BadTemplate {
    #[error("${{ is not closed by }}")]
    Unclosed,
    #[error("${{{}}} does not name a variable{}", excerpt(.0), of_others(.0))]
    Name(String),
}

impl Template {
    /// Cuts a text. A variable ends at the first `}`.
    pub fn parse(text: &str) -> Result<Self, BadTemplate> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (inside, after) = after.split_once('}').ok_or(BadTemplate::Unclosed)?;
            literal += before;
            if !literal.is_empty() {
                parts.push(Part::Literal(mem::take(&mut literal)));
            }
            parts.push(variable(inside)?);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self(parts))
    }
}

fn variable(inside: &str) -> Result<Part, BadTemplate> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default.to_owned())),
        None => (inside, None),
    };
    if !is_variable_name(name) {
        return Err(BadTemplate::Name(inside.to_owned()));
    }
    Ok(Part::Variable { name: name.to_owned(), default })
}

/// Whose spelling it is, if it is one.
fn of_others(inside: &str) -> String {
    spelling::of_inside(inside).map(|spelling| format!("; {spelling}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn literal(text: &str) -> Part {
        Part::Literal(text.to_owned())
    }

    fn variable(name: &str, default: Option<&str>) -> Part {
        Part::Variable { name: name.to_owned(), default: default.map(str::to_owned) }
    }

    #[test]
    fn texts_are_cut_at_their_variables() {
        let table = [
            ("", vec![]),
            ("plain", vec![literal("plain")]),
            ("$HOME $$ $1 $ } {}", vec![literal("$HOME $$ $1 $ } {}")]),
            ("${A}", vec![variable("A", None)]),
            ("x${_a1}y", vec![literal("x"), variable("_a1", None), literal("y")]),
            ("${A}${B}", vec![variable("A", None), variable("B", None)]),
            ("${A:-}", vec![variable("A", Some(""))]),
            ("${A:-b c}", vec![variable("A", Some("b c"))]),
            ("${A:-b:-c}", vec![variable("A", Some("b:-c"))]),
            ("${A:-$B}", vec![variable("A", Some("$B"))]),
            ("${A:-${B}}", vec![variable("A", Some("${B")), literal("}")]),
            ("$${A}", vec![literal("$"), variable("A", None)]),
            ("ü${A}é", vec![literal("ü"), variable("A", None), literal("é")]),
        ];
        for (text, parts) in table {
            assert_eq!(Template::parse(text), Ok(Template(parts)), "{text}");
        }
    }

    #[test]
    fn what_is_no_variable_is_refused_in_words() {
        let said = |text| Template::parse(text).expect_err(text).to_string();
        insta::assert_snapshot!(said("a ${B"), @"${ is not closed by }");
        insta::assert_snapshot!(said("${A} ${"), @"${ is not closed by }");
        insta::assert_snapshot!(said("${}"), @"${} does not name a variable");
        insta::assert_snapshot!(said("${1A}"), @"${1A} does not name a variable");
        insta::assert_snapshot!(said("${A B}"), @"${A B} does not name a variable");
        insta::assert_snapshot!(said("${A-b}"), @"${A-b} does not name a variable; that is the spelling of shells: write ${A:-b}");
        insta::assert_snapshot!(said("${:-b}"), @"${:-b} does not name a variable");
        insta::assert_snapshot!(said("${Ä}"), @"${Ä} does not name a variable");
    }

    proptest! {
        #[test]
        fn a_text_without_an_opening_stands_for_itself(text in any::<String>()) {
            prop_assume!(!text.contains("${"));
            let parts = if text.is_empty() { vec![] } else { vec![Part::Literal(text.clone())] };
            prop_assert_eq!(Template::parse(&text), Ok(Template(parts)));
        }

        #[test]
        fn what_is_cut_can_be_put_together_again(text in r"([a-z$}]|\$\{[A-C]\}|\$\{[A-C]:-[a-z:$-]{0,3}\}|\$\{)*") {
            if let Ok(Template(parts)) = Template::parse(&text) {
                let whole: String = parts.iter().map(|part| match part {
                    Part::Literal(text) => text.clone(),
                    Part::Variable { name, default: None } => format!("${{{name}}}"),
                    Part::Variable { name, default: Some(default) } => format!("${{{name}:-{default}}}"),
                }).collect();
                prop_assert_eq!(whole, text);
            }
        }
    }
}
