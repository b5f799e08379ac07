//! `run`: what an MCP client starts instead of the server.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::progress::Shown;
use super::{Run, arguments, started};
use crate::app::overrides::Overrides;
use crate::app::run::{self, Request};
use crate::cli;
use crate::context;
use crate::server::command::CommandLine;
use crate::units::time::millis;

impl Run for cli::Run {
    fn run(self) -> Result<ExitCode> {
        let name = &self.label.name;
        let request = Request {
            label: &self.label.text,
            name,
            command: self.command(&context::arguments().collect::<Vec<_>>())?,
            overrides: Overrides {
                no_relay: self.direct,
                exact: self.exact,
                idle_ms: self.idle.map(millis),
                ..arguments::overrides(&self.server)?
            },
            session: self.session.session.as_ref(),
        };
        let code = run::run(request, &Shown).map_err(|error| started::could_not("run", name, error))?;
        Ok(ExitCode::from(u8::try_from(code & 0xff).unwrap_or(1)))
    }
}

impl cli::Run {
    /// The command, if one was typed, in these arguments of this program.
    fn command(&self, arguments: &[OsString]) -> Result<Option<CommandLine>> {
        let name = &self.label.name;
        if let [word] = self.words.as_slice()
            && !stand_behind_dashes(arguments, &self.words)
            && let Some(text) = word.to_str()
            && needs_shell(text)
            && !Path::new(text).is_file()
        {
            return arguments::command("run", name, Some(text.to_owned()), Vec::new());
        }
        arguments::command("run", name, None, self.words.clone())
    }
}

/// Whether the words at the end of the arguments stand behind a `--`, and are what they are therefore.
fn stand_behind_dashes(arguments: &[OsString], words: &[OsString]) -> bool {
    arguments.strip_suffix(words).and_then(<[_]>::last).is_some_and(|before| before == "--")
}

/// Whether this says more to a shell than the name of a program.
fn needs_shell(text: &str) -> bool {
    text.contains(|it: char| it.is_whitespace() || "|&;<>()$`\\\"'*?[]#~={}!".contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_the_same_with_dashes_and_without() {
        let words = |line: &str| line.split('|').map(OsString::from).collect::<Vec<_>>();
        for (line, command, is_literal) in [
            ("run|t|--|npx|-y", "npx|-y", true),
            ("run|t|npx|-y", "npx|-y", false),
            ("run|t|npx|--|-y", "npx|--|-y", false),
            ("run|--|t|npx", "npx", false),
            ("run|t|--|a b", "a b", true),
            ("run|t|a b", "a b", false),
        ] {
            assert_eq!(stand_behind_dashes(&words(line), &words(command)), is_literal, "{line}");
        }
        for (text, is_line) in
            [("cat", false), ("./a-b_c.d/e:f@g,h+i%j", false), ("a b", true), ("$X", true), ("a|b", true)]
        {
            assert_eq!(needs_shell(text), is_line, "{text}");
        }
    }
}
