//! A command line of `npx`, as far as it is understood.

use crate::server::launch::{Known, doubt, plain_words};

/// `npx -y PACKAGE ARGUMENT…`, or `npx -p PACKAGE… BIN ARGUMENT…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpxCommand {
    /// The program, as it stands.
    pub npx: String,
    pub packages: Vec<Package>,
    /// What is to be run of them, if that is said.
    pub bin: Option<String>,
    pub arguments: Vec<String>,
    /// Whether `--yes` is given.
    pub yes: bool,
}

/// A package of the registry, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    pub wanted: Wanted,
}

/// Which version of a package is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Exact(String),
    /// What the registry has for a range or a tag, as it stands behind the `@`.
    Matching(String),
    /// What the registry has for its name.
    Latest,
}

impl NpxCommand {
    /// `None` if these words do not begin with `npx`.
    pub fn parse(words: &[String]) -> Option<Known<Self>> {
        let words = plain_words(words)?;
        let (npx, rest) = words.split_first()?;
        (npx.rsplit('/').next() == Some("npx")).then(|| Self::parse_options(npx, rest))
    }

    fn parse_options(npx: &str, words: &[String]) -> Known<Self> {
        let (mut named, mut yes, mut next) = (Vec::new(), false, 0);
        while let Some(word) = words.get(next).filter(|word| word.starts_with('-')) {
            next += 1;
            match word.as_str() {
                "--" => break,
                "-y" | "--yes" => yes = true,
                "-p" | "--package" => {
                    named.extend(words.get(next));
                    next += 1;
                }
                _ => return doubt(format!("npx has the option {word}")),
            }
        }
        let Some((first, arguments)) = words.get(next..).and_then(<[String]>::split_first) else {
            return doubt("npx has nothing to run");
        };
        let bin = (!named.is_empty()).then(|| first.clone());
        if bin.is_none() {
            named.push(first);
        }
        let packages = named.into_iter().map(|text| Package::parse(text)).collect::<Known<_>>()?;
        Ok(Self { npx: npx.to_owned(), packages, bin, arguments: arguments.to_vec(), yes })
    }

    /// The first package of which no exact version is asked for: what the registry has for it may change.
    pub fn inexact(&self) -> Option<&Package> {
        self.packages.iter().find(|package| !matches!(package.wanted, Wanted::Exact(_)))
    }
}

impl Package {
    fn parse(text: &str) -> Known<Self> {
        let (name, wanted) = match text.rsplit_once('@') {
            Some((name, version)) if !name.is_empty() && is_version(version) => {
                (name, Wanted::Exact(version.to_owned()))
            }
            Some((name, rest)) if !name.is_empty() => (name, Wanted::Matching(rest.to_owned())),
            _ => (text, Wanted::Latest),
        };
        let is_understood = match &wanted {
            Wanted::Matching(rest) => is_range_or_tag(rest),
            Wanted::Exact(_) | Wanted::Latest => true,
        };
        if !is_name(name) || !is_understood {
            return doubt(format!("{text} is not the plain name of a package"));
        }
        Ok(Self { name: name.to_owned(), wanted })
    }

    /// As it was typed.
    pub fn id(&self) -> String {
        match &self.wanted {
            Wanted::Exact(version) => self.at(version),
            Wanted::Matching(rest) => self.at(rest),
            Wanted::Latest => self.name.clone(),
        }
    }

    /// As npm writes it in a version.
    pub fn at(&self, version: &str) -> String {
        format!("{}@{version}", self.name)
    }

    /// Whether this version may be what is asked for.
    pub fn may_be(&self, version: &str) -> bool {
        match &self.wanted {
            Wanted::Exact(exact) => version == exact,
            Wanted::Matching(_) | Wanted::Latest => is_version(version),
        }
    }

    /// Its name without the scope.
    pub fn last_part(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }
}

/// Whether it is a package's name, in the form that the registry takes today.
fn is_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_usual = |character: char| matches!(character, 'a'..='z' | '0'..='9' | '-' | '_' | '.');
        part.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
            && part.chars().all(is_usual)
    };
    match text.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| is_part(scope) && is_part(name)),
        None => is_part(text),
    }
}

/// Whether it is a range of versions, or a tag.
fn is_range_or_tag(text: &str) -> bool {
    let is_usual = |character: char| character.is_ascii_alphanumeric() || "-_.^~<>=*".contains(character);
    !text.is_empty() && text.chars().all(is_usual)
}

/// Whether it is an exact version in its one form (semver.org), without a build.
fn is_version(text: &str) -> bool {
    let is_number = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    let is_identifier = |part: &str| {
        let is_word = part.bytes().any(|byte| !byte.is_ascii_digit());
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && (is_word || is_number(part))
    };
    let (numbers, pre_release) = text.split_once('-').map_or((text, None), |(numbers, rest)| (numbers, Some(rest)));
    numbers.split('.').count() == 3
        && numbers.split('.').all(|part| is_number(part) && part.len() < 16)
        && pre_release.is_none_or(|rest| rest.split('.').all(is_identifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Known<NpxCommand>> {
        NpxCommand::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn packages_are_understood_in_what_people_type() {
        for (line, packages, bin, arguments, yes, inexact) in [
            ("npx -y @a/server@1.2.3 /tmp", "@a/server@1.2.3", None, "/tmp", true, None),
            ("npx server@1.2.3-rc.1", "server@1.2.3-rc.1", None, "", false, None),
            ("/usr/bin/npx --yes -- s@0.0.1 -- -y", "s@0.0.1", None, "-- -y", true, None),
            ("npx -y -p a@1.0.0 --package b@2.0.0 run x", "a@1.0.0 b@2.0.0", Some("run"), "x", true, None),
            ("npx -y server", "server", None, "", true, Some("server")),
            ("npx -y @a/server x", "@a/server", None, "x", true, Some("@a/server")),
            ("npx -y server@latest", "server@latest", None, "", true, Some("server@latest")),
            ("npx -y server@^1.2.3", "server@^1.2.3", None, "", true, Some("server@^1.2.3")),
            ("npx -y server@1.2", "server@1.2", None, "", true, Some("server@1.2")),
            ("npx -y server@v1.2.3", "server@v1.2.3", None, "", true, Some("server@v1.2.3")),
            ("npx -y server@01.2.3", "server@01.2.3", None, "", true, Some("server@01.2.3")),
            ("npx -y server@1.2.3-01", "server@1.2.3-01", None, "", true, Some("server@1.2.3-01")),
            ("npx -y -p a@1.0.0 -p b run", "a@1.0.0 b", Some("run"), "", true, Some("b")),
        ] {
            let command = parse(line).expect(line).expect(line);
            let ids: Vec<String> = command.packages.iter().map(Package::id).collect();
            assert_eq!((ids.join(" ").as_str(), command.bin.as_deref()), (packages, bin), "{line}");
            assert_eq!((command.arguments.join(" ").as_str(), command.yes), (arguments, yes), "{line}");
            assert_eq!(command.inexact().map(Package::id).as_deref(), inexact, "{line}");
        }
        let line = ["sh", "-c", "npx -y a@1.0.0 --x"].map(str::to_owned);
        assert_eq!(NpxCommand::parse(&line).expect("npx").expect("plain").arguments, ["--x"]);
    }

    #[test]
    fn everything_else_is_in_doubt_or_none_of_npx() {
        for line in [
            "npx -y server@",
            "npx -y server@1.2.3+build",
            "npx -y server@npm:other@1.0.0",
            "npx -y server@file:x",
            "npx -y ./server@1.2.3",
            "npx -y ./server",
            "npx -y a/b",
            "npx -y Server@1.2.3",
            "npx -y github:a/b@1.2.3",
            "npx -c server@1.2.3",
            "npx --prefix /x server@1.2.3",
            "npx -y",
            "npx -p a@1.0.0",
        ] {
            assert!(parse(line).expect(line).is_err(), "{line}");
        }
        for line in ["npm exec a@1.0.0", "node npx", "sh npx", "env npx -y a@1.0.0"] {
            assert_eq!(parse(line), None, "{line}");
        }
        let line = ["sh", "-c", "npx -y a@1.0.0 $HOME"].map(str::to_owned);
        assert_eq!(NpxCommand::parse(&line), None);
    }
}
