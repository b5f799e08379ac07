//! A command line of `uvx`, as far as it is understood.

use std::path::Path;

use crate::server::launch::{Known, doubt, plain_words};

/// `uvx [OPTION…] PACKAGE ARGUMENT…`, or `uvx [OPTION…] --from PACKAGE PROGRAM ARGUMENT…`; the same with `uv tool run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UvxCommand {
    /// `uvx`, or `uv tool run`.
    pub launcher: Vec<String>,
    /// Without `--from`.
    pub options: Vec<String>,
    /// The package, as it is asked for.
    pub from: String,
    /// What is run of it.
    pub program: String,
    pub arguments: Vec<String>,
}

/// Options that change what is run, and nothing else; the next word belongs to them.
const WITH_VALUE: [&str; 12] = [
    "--with",
    "--python",
    "-p",
    "--index",
    "--default-index",
    "--index-url",
    "-i",
    "--extra-index-url",
    "--find-links",
    "-f",
    "--prerelease",
    "--config-file",
];
const ALONE: [&str; 6] = ["--quiet", "-q", "--no-progress", "--offline", "--isolated", "--no-config"];
/// What `uvx` takes for interpreters, with their versions.
const INTERPRETERS: [&str; 6] = ["python", "cpython", "pypy", "graalpy", "pyodide", "pythonw"];

impl UvxCommand {
    /// `None` if these words do not begin with `uvx`.
    pub fn parse(words: &[String]) -> Option<Known<Self>> {
        let words = plain_words(words)?;
        let base = |word: &str| word.rsplit('/').next().map(str::to_owned);
        let is_uvx = words.first().and_then(|word| base(word)).as_deref() == Some("uvx");
        let is_uv = words.first().and_then(|word| base(word)).as_deref() == Some("uv");
        let is_tool_run = is_uv && words.get(1..3).is_some_and(|rest| rest == ["tool", "run"]);
        let (launcher, rest) = words.split_at_checked(if is_tool_run { 3 } else { 1 })?;
        (is_uvx || is_tool_run).then(|| Self::parse_options(launcher, rest))
    }

    fn parse_options(launcher: &[String], words: &[String]) -> Known<Self> {
        let (mut options, mut from, mut next) = (Vec::new(), None, 0);
        while let Some(word) = words.get(next).filter(|word| word.starts_with('-')) {
            next += 1;
            let (name, value) = word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
            if word == "--" {
                break;
            }
            if value.is_none() && ALONE.contains(&name) {
                options.push(word.clone());
                continue;
            }
            if name != "--from" && !WITH_VALUE.contains(&name) {
                return doubt(format!("uvx has the option {name}"));
            }
            let Some(value) = value.or_else(|| words.get(next).map(String::as_str)) else {
                return doubt(format!("{name} has no value"));
            };
            next += usize::from(!word.contains('='));
            if name == "--from" {
                from = Some(value.to_owned());
                continue;
            }
            if name == "--with" && is_local(value) {
                return doubt(format!("{value} may change"));
            }
            options.extend([name.to_owned(), value.to_owned()]);
        }
        let Some((first, arguments)) = words.get(next..).and_then(<[String]>::split_first) else {
            return doubt("uvx has nothing to run");
        };
        let (from, program) = package(from, first)?;
        Ok(Self { launcher: launcher.to_vec(), options, from, program, arguments: arguments.to_vec() })
    }

    /// The command by which `uvx` tells in which environment it would run the program, and does not run it.
    pub fn question(&self) -> Vec<String> {
        let tail = ["--from", &self.from, "--", "/usr/bin/env", "-0"].map(str::to_owned);
        self.launcher.iter().chain(&self.options).cloned().chain(tail).collect()
    }

    /// The name of the package as indexes write it; `None` if it is asked for in another way.
    pub fn package(&self) -> Option<String> {
        let name = name(&self.from);
        (!self.from.contains("://")).then(|| name.to_ascii_lowercase().replace(['_', '.'], "-"))
    }
}

/// What is fetched and what is run of it.
fn package(from: Option<String>, first: &str) -> Known<(String, String)> {
    let is_chosen = from.is_some();
    let from = from.unwrap_or_else(|| first.to_owned());
    let program = if is_chosen { first.to_owned() } else { name(&from).to_owned() };
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.[],@=<>~!*".contains(character);
    let is_remote = from.contains("://") && is_chosen && !from.starts_with("file:");
    let is_script = Path::new(&from).extension().is_some_and(|end| end.eq_ignore_ascii_case("py") || end == "pyw");
    let begins_plainly = |text: &str| text.starts_with(|first: char| first.is_ascii_alphanumeric());
    if !begins_plainly(&from) || is_local(&from) || is_script || !(is_remote || from.chars().all(is_plain)) {
        return doubt(format!("{from} is not the plain name of a package"));
    }
    if !is_chosen && (first == "run" || is_interpreter(&program))
        || name(&program) != program
        || !begins_plainly(&program)
    {
        return doubt(format!("{first} is not the plain name of a program"));
    }
    Ok((from, program))
}

/// What a requirement begins with.
fn name(requirement: &str) -> &str {
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    requirement.split(|character| !is_of_name(character)).next().unwrap_or_default()
}

/// Whether it is in a directory, whose files may change at any time.
fn is_local(requirement: &str) -> bool {
    requirement.contains("file:") || (requirement.contains('/') && !requirement.contains("://"))
}

fn is_interpreter(name: &str) -> bool {
    let rest = INTERPRETERS.iter().find_map(|interpreter| name.strip_prefix(interpreter));
    rest.is_some_and(|rest| !rest.chars().any(|character| character.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Known<UvxCommand>> {
        UvxCommand::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn packages_and_programs_are_understood_in_what_people_type() {
        for (line, from, program, arguments) in [
            ("uvx mcp-server-time", "mcp-server-time", "mcp-server-time", ""),
            ("uvx mcp-server-time@2026.8.18 --x", "mcp-server-time@2026.8.18", "mcp-server-time", "--x"),
            ("uvx Some.Server==1.0 x", "Some.Server==1.0", "Some.Server", "x"),
            ("uvx mcp[cli]@latest run", "mcp[cli]@latest", "mcp", "run"),
            ("/usr/bin/uvx -q --with a --from b>=1 c d", "b>=1", "c", "d"),
            ("uvx --from=git+https://example.org/a.git a", "git+https://example.org/a.git", "a", ""),
            ("uv tool run --offline -- a -- b", "a", "a", "-- b"),
            ("uvx python-server", "python-server", "python-server", ""),
        ] {
            let command = parse(line).expect(line).expect(line);
            assert_eq!((command.from.as_str(), command.program.as_str()), (from, program), "{line}");
            assert_eq!(command.arguments.join(" "), arguments, "{line}");
        }
        let question = parse("uvx -p 3.12 --with=x a b").expect("uvx").expect("plain").question();
        assert_eq!(question.join(" "), "uvx -p 3.12 --with x --from a -- /usr/bin/env -0");
    }

    #[test]
    fn everything_else_is_in_doubt_or_none_of_uvx() {
        for line in [
            "uvx",
            "uvx --from a",
            "uvx --refresh a",
            "uvx --env-file x a",
            "uvx -n a",
            "uvx ./a",
            "uvx --from . a",
            "uvx --from ../a a",
            "uvx --from file:///a a",
            "uvx --with-editable a b",
            "uvx --with ./a b",
            "uvx server.py",
            "uvx python",
            "uvx python3.12",
            "uvx pypy@3.10",
            "uvx run",
            "uvx --from a b/c",
            "uvx https://example.org/a.whl",
        ] {
            assert!(parse(line).expect(line).is_err(), "{line}");
        }
        for line in ["uv run a", "uv tool install a", "uv", "pipx run a", "uv x tool run"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
