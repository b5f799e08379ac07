//! npm's files of settings, as far as they say plain things.

use std::collections::BTreeMap;
use std::path::Path;

use super::{plain_path, read};
use crate::server::launch::{Known, doubt};

/// What a file sets, without what belongs to single registries.
pub type Settings = BTreeMap<String, String>;

/// A setting that changes nothing in what is run from the cache, by how npm writes it into the environment.
#[derive(Clone, Copy)]
enum Kind {
    /// With this default.
    Flag(bool),
    /// Not set unless somebody does.
    Choice,
    Number(&'static str),
    Text(&'static str),
    Path,
}

const KNOWN: &[(&str, Kind)] = &[
    ("audit", Kind::Flag(true)),
    ("cache", Kind::Path),
    ("cafile", Kind::Path),
    ("engine-strict", Kind::Flag(false)),
    ("fetch-retries", Kind::Number("2")),
    ("fetch-timeout", Kind::Number("300000")),
    ("fund", Kind::Flag(true)),
    ("ignore-scripts", Kind::Flag(false)),
    ("init-author-email", Kind::Text("")),
    ("init-author-name", Kind::Text("")),
    ("legacy-peer-deps", Kind::Flag(false)),
    ("loglevel", Kind::Text("notice")),
    ("nodedir", Kind::Path),
    ("offline", Kind::Flag(false)),
    ("omit-lockfile-registry-resolved", Kind::Flag(false)),
    ("package-lock", Kind::Flag(true)),
    ("prefer-offline", Kind::Flag(false)),
    ("prefer-online", Kind::Flag(false)),
    ("prefix", Kind::Path),
    ("registry", Kind::Text("https://registry.npmjs.org/")),
    ("save-exact", Kind::Flag(false)),
    ("save-prefix", Kind::Text("^")),
    ("strict-ssl", Kind::Flag(true)),
    ("update-notifier", Kind::Flag(true)),
    ("yes", Kind::Choice),
];

/// What a file sets; nothing if it is not there.
pub fn read_file(file: &Path) -> Known<Settings> {
    let content = read(file)?.unwrap_or_default();
    match std::str::from_utf8(&content) {
        Ok(text) => parse(text).or_else(|line| doubt(format!("{} sets {line}", file.display()))),
        Err(_) => doubt(format!("{} is not UTF-8", file.display())),
    }
}

/// The line that is not understood is the error, without its value.
fn parse(text: &str) -> Result<Settings, String> {
    let mut settings = Settings::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let (key, value) = (key.trim(), value.trim());
        let is_of_registry = key.starts_with("//") || (key.starts_with('@') && key.ends_with(":registry"));
        if is_of_registry && !key.contains("${") {
            continue;
        }
        if !is_known(key, value) {
            return Err(key.to_owned());
        }
        settings.insert(key.to_owned(), value.to_owned());
    }
    Ok(settings)
}

/// Whether what a setting does is known.
pub fn is_known(key: &str, value: &str) -> bool {
    let has_meaning = value.is_empty()
        || value.starts_with('~') && key != "save-prefix"
        || value.contains(['$', '"', '\'', '\\', ';', '#']);
    let kind = KNOWN.iter().find(|(known, _)| *known == key).map(|&(_, kind)| kind);
    kind.is_some_and(|kind| match kind {
        Kind::Flag(_) | Kind::Choice => matches!(value, "true" | "false"),
        Kind::Number(_) => {
            value.len() < 9 && value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0')
        }
        Kind::Text(_) => !has_meaning && !["true", "false", "null", "undefined"].contains(&value),
        Kind::Path => !has_meaning && plain_path(value).is_some(),
    })
}

/// How npm writes a setting of a file into the environment, if it does.
pub fn exported(key: &str, value: &str) -> Option<String> {
    let kind = KNOWN.iter().find(|(known, _)| *known == key).map(|&(_, kind)| kind)?;
    let is_default = match kind {
        Kind::Flag(default) => value == default.to_string(),
        Kind::Choice | Kind::Path => false,
        Kind::Number(default) | Kind::Text(default) => value == default,
    };
    let value = if value == "false" { "" } else { value };
    (!is_default).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_settings_are_understood_and_written_as_npm_does() {
        let text = "# mine\n registry = http://127.0.0.1:1/ \nfund=false\naudit=true\n;x\nyes=false\nfetch-retries=3\n\
            //host/:_authToken=${TOKEN}\n@mine:registry=http://x/\nsave-prefix=~\nstrict-ssl=false\n";
        let settings = parse(text).expect("plain");
        let written: Vec<String> = settings
            .iter()
            .filter_map(|(key, value)| exported(key, value).map(|value| format!("{key}={value}")))
            .collect();
        let expected =
            ["fetch-retries=3", "fund=", "registry=http://127.0.0.1:1/", "save-prefix=~", "strict-ssl=", "yes="];
        assert_eq!(written, expected);
    }

    #[test]
    fn what_else_a_file_says_is_in_doubt() {
        for line in [
            "node-options=--inspect",
            "script-shell=/bin/zsh",
            "prefix=~/npm",
            "prefix=/a/../b",
            "cache=${HOME}/c",
            "registry=\"http://x/\"",
            "before=2026-01-01",
            "min-release-age=3",
            "fund",
            "fund=yes",
            "omit[]=dev",
            "[section]",
            "_auth=abc",
            "//${HOST}/:_authToken=x",
            "color=always",
            "foo=bar",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
