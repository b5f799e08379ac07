//! Command lines of which clients, hooks and scripts wait for each: read without the definitions of all that can be said,
//! which take longer than most of what is done. What is not as plain as this is read by clap, and so is every mistake.

use std::collections::BTreeSet;
use std::ffi::OsString;

use super::servers::{InSession, LifecycleOptions, ServerOptions, server_name};
use super::{Cli, Command, Global, Run, Start, Status};

impl Cli {
    /// `run NAME -- CMD…`, `start NAME -- CMD…` and `status`, also with options that take no value; `None` for all else.
    pub fn from_plain(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let words: Vec<OsString> = arguments.collect();
        let end = words.iter().position(|word| word == "--");
        let (ours, command) = end.map_or((&words[..], None), |end| (&words[..end], Some(&words[end + 1..])));
        let ours: Vec<&str> = ours.iter().map(|word| word.to_str()).collect::<Option<_>>()?;
        let (&name, rest) = ours.split_first()?;
        let line = Line::of(rest)?;
        let words = command.unwrap_or_default().to_vec();
        let command = match name {
            "start" => Command::Start(line.start(words)?),
            "run" => Command::Run(line.run(words)?),
            "status" if command.is_none() => Command::Status(line.status()?),
            _ => return None,
        };
        Some(Self { global: Global::default(), command })
    }
}

/// What stands between a command and `--`.
struct Line<'words> {
    operand: Option<&'words str>,
    flags: BTreeSet<&'words str>,
}

impl<'words> Line<'words> {
    /// `None` if something is there twice.
    fn of(words: &[&'words str]) -> Option<Self> {
        let mut line = Self { operand: None, flags: BTreeSet::new() };
        for &word in words {
            let is_new =
                if word.starts_with('-') { line.flags.insert(word) } else { line.operand.replace(word).is_none() };
            if !is_new {
                return None;
            }
        }
        Some(line)
    }

    /// Whether this flag was said.
    fn take(&mut self, flag: &str) -> bool {
        self.flags.remove(flag)
    }

    fn start(mut self, words: Vec<OsString>) -> Option<Start> {
        let start = Start {
            name: server_name(self.operand?).ok()?,
            line: None,
            words,
            server: ServerOptions { no_tty: self.take("--no-tty"), ..ServerOptions::default() },
            lifecycle: LifecycleOptions::default(),
            fresh: self.take("--fresh"),
            no_wait: self.take("--no-wait"),
            session: InSession::default(),
        };
        self.flags.is_empty().then_some(start)
    }

    fn run(mut self, words: Vec<OsString>) -> Option<Run> {
        let run = Run {
            label: self.operand?.parse().ok()?,
            words,
            direct: self.take("--direct"),
            idle: None,
            exact: self.take("--exact"),
            server: ServerOptions { no_tty: self.take("--no-tty"), ..ServerOptions::default() },
            session: InSession::default(),
        };
        (self.flags.is_empty() && !(run.direct && run.exact)).then_some(run)
    }

    fn status(mut self) -> Option<Status> {
        let name = self.operand.map(server_name).transpose().ok()?;
        let json = self.take("--json");
        let status = Status { name, all: false, json, watch: false, session: InSession::default() };
        self.flags.is_empty().then_some(status)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn words(line: &str) -> impl Iterator<Item = OsString> {
        line.split(' ').map(OsString::from)
    }

    #[test]
    fn a_plain_line_means_what_clap_makes_of_it() {
        for line in [
            "start web",
            "start web --no-wait -- npx -y a-server --no-wait",
            "start --fresh --no-tty web -- sh -c true",
            "start web --",
            "run web",
            "run --direct web -- cat -- --direct",
            "run some/label --exact --no-tty -- cat",
            "status",
            "status --json",
            "status web --json",
        ] {
            let read = Cli::try_parse_from(std::iter::once("mcp-hook".into()).chain(words(line))).expect(line);
            let plain = Cli::from_plain(words(line)).expect(line);
            assert_eq!(format!("{plain:?}"), format!("{read:?}"));
        }
    }

    #[test]
    fn all_else_is_left_to_clap() {
        for line in [
            "",
            "--",
            "start",
            "start --help",
            "start a b",
            "start a --no-wait --no-wait",
            "start a -v",
            "start a --port auto -- cat",
            "start a --port=auto",
            "start session -- cat",
            "run a cat",
            "run a --direct --exact -- cat",
            "status --",
            "status --all",
            "status -w",
            "stop a",
        ] {
            assert!(Cli::from_plain(words(line)).is_none(), "{line}");
        }
    }
}
