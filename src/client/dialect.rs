//! How clients write variables in their files, and what they put in the place of one.

/// What a client puts a value in place of; everything else stays as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Nothing,
    /// `${V}`, `${V:-default}`.
    Braces,
    /// The same, and `$V`.
    Dollar,
    /// `${env:V}`, `${userHome}`, `${workspaceFolder}`.
    Editor,
    /// `{env:V}`.
    Opencode,
}

/// What stands for a variable that is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unset {
    /// Its name, as it is written.
    Stays,
    Vanishes,
}

/// Where values come from.
pub struct Values<'a> {
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    pub home: &'a str,
    pub workspace: &'a str,
}

/// A text as the client hands it on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    pub text: String,
    /// The variables whose values are in it, and those values.
    pub used: Vec<(String, String)>,
    pub unset: Vec<String>,
    /// What the client asks its user for.
    pub asked: Vec<String>,
    /// The first thing that looks like a variable and is none to this client.
    pub left: Option<String>,
}

/// What stands at a place where a variable may.
enum Found {
    Variable {
        name: String,
        default: Option<String>,
    },
    Value(String),
    Asked(String),
    /// It is handed on as it stands.
    Plain,
}

impl Dialect {
    /// What stands for a variable that is not set in what an entry sets itself (`env`).
    pub fn unset_in_values(self) -> Unset {
        if self == Self::Dollar { Unset::Vanishes } else { self.unset() }
    }

    /// The same anywhere else.
    pub fn unset(self) -> Unset {
        match self {
            Self::Editor | Self::Opencode => Unset::Vanishes,
            Self::Nothing | Self::Braces | Self::Dollar => Unset::Stays,
        }
    }

    pub fn expand(self, text: &str, unset: Unset, values: &Values<'_>) -> Expanded {
        let mut expanded = Expanded::default();
        if text.starts_with("~/") {
            expanded.left = Some("~".to_owned());
        }
        let mut rest = text;
        while let Some(at) = rest.find(['$', '{']) {
            expanded.text += &rest[..at];
            rest = &rest[at..];
            let Some(length) = length(rest) else {
                let first = rest.chars().next().map_or(0, char::len_utf8);
                expanded.text += &rest[..first];
                rest = &rest[first..];
                continue;
            };
            let (written, after) = rest.split_at(length);
            let value = expanded.take(written, self.find(written, values), unset, values);
            expanded.text += &value;
            rest = after;
        }
        expanded.text += rest;
        expanded
    }

    /// What this means that stands between the braces, or behind the dollar.
    fn find(self, written: &str, values: &Values<'_>) -> Found {
        let inner = written.trim_start_matches('$');
        let inner = inner.strip_prefix('{').and_then(|it| it.strip_suffix('}')).unwrap_or(inner);
        let is_bare = written.starts_with('$') && !written.starts_with("${");
        let variable = |name: &str, default: Option<&str>| Found::Variable {
            name: name.to_owned(),
            default: default.map(str::to_owned),
        };
        match self {
            Self::Dollar if is_bare => variable(inner, None),
            Self::Braces | Self::Dollar if written.starts_with("${") => match inner.split_once(":-") {
                Some((name, default)) => variable(name, Some(default)),
                None => variable(inner, None),
            },
            Self::Editor if written.starts_with("${") => match inner.split_once(':') {
                Some(("env", name)) => variable(name, None),
                Some(("input", name)) => Found::Asked(name.to_owned()),
                None if inner == "userHome" => Found::Value(values.home.to_owned()),
                None if inner == "workspaceFolder" => Found::Value(values.workspace.to_owned()),
                _ => Found::Plain,
            },
            Self::Opencode if !written.starts_with('$') => match inner.split_once(':') {
                Some(("env", name)) => variable(name, None),
                _ => Found::Plain,
            },
            _ => Found::Plain,
        }
    }
}

impl Expanded {
    /// Notes what was found, and returns what stands in its place.
    fn take(&mut self, written: &str, found: Found, unset: Unset, values: &Values<'_>) -> String {
        match found {
            Found::Value(value) => value,
            Found::Asked(name) => {
                self.asked.push(name);
                written.to_owned()
            }
            Found::Plain => {
                let is_variable = written.starts_with("${") || written.starts_with("{env:") || is_shouted(written);
                self.left = self.left.take().or_else(|| is_variable.then(|| written.to_owned()));
                written.to_owned()
            }
            Found::Variable { name, default } => match ((values.variable)(&name), default) {
                (Some(value), _) => {
                    self.used.push((name, value.clone()));
                    value
                }
                (None, Some(default)) => default,
                (None, None) => {
                    self.unset.push(name);
                    if unset == Unset::Stays { written.to_owned() } else { String::new() }
                }
            },
        }
    }
}

/// How long it is that stands at the beginning, if that may be a variable: `${…}`, `{…:…}`, `$NAME`.
fn length(text: &str) -> Option<usize> {
    let is_name = |it: char| it.is_ascii_alphanumeric() || it == '_';
    if text.starts_with("${") || text.starts_with("{env:") {
        return text.find('}').map(|end| end + 1);
    }
    let name = text.strip_prefix('$')?;
    let end = name.find(|it| !is_name(it)).unwrap_or(name.len());
    (end > 0 && !name.starts_with(|it: char| it.is_ascii_digit())).then_some(end + 1)
}

/// Whether it is written as variables of the environment are: what has small letters may be anything.
fn is_shouted(written: &str) -> bool {
    let name = written.trim_start_matches('$');
    name.len() > 1 && name.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_expands_what_it_documents_and_nothing_else() {
        use Dialect::{Braces, Dollar, Editor, Nothing, Opencode};
        let variable = |name: &str| (name == "V").then(|| "value".to_owned());
        let values = Values { variable: &variable, home: "/h", workspace: "/w" };
        for (dialect, text, expanded, left) in [
            (Braces, "a${V}b${N:-d}$V", "avaluebd$V".to_owned(), None),
            (Braces, "$VAR {env:V}", "$VAR {env:V}".to_owned(), Some("$VAR")),
            (Dollar, "$V-${V}-${N:-}-$", "value-value--$".to_owned(), None),
            (Editor, "${env:V} ${userHome} ${workspaceFolder}", "value /h /w".to_owned(), None),
            (Editor, "${V}", "${V}".to_owned(), Some("${V}")),
            (Opencode, "{env:V} {x} ${V}", "value {x} ${V}".to_owned(), Some("${V}")),
            (Nothing, "${V", "${V".to_owned(), None),
            (Nothing, "~/x", "~/x".to_owned(), Some("~")),
            (Nothing, "cost: $5 {\"a\": 1}", "cost: $5 {\"a\": 1}".to_owned(), None),
        ] {
            let seen = dialect.expand(text, Unset::Stays, &values);
            assert_eq!((seen.text, seen.left.as_deref()), (expanded, left), "{dialect:?} {text}");
        }
    }

    #[test]
    fn what_is_not_set_stays_or_vanishes_and_is_told() {
        let values = Values { variable: &|_| None, home: "", workspace: "" };
        for (dialect, text, unset, expanded) in [
            (Dialect::Braces, "a${N}b", Unset::Stays, "a${N}b"),
            (Dialect::Opencode, "a{env:N}b", Unset::Vanishes, "ab"),
        ] {
            let seen = dialect.expand(text, unset, &values);
            assert_eq!((seen.text.as_str(), &seen.unset[..]), (expanded, &["N".to_owned()][..]));
        }
        assert_eq!(Dialect::Editor.expand("${input:key}", Unset::Vanishes, &values).asked, ["key"]);
    }
}
