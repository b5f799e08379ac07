//! `run`: what an MCP client starts instead of the server.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use super::progress::Shown;
use super::{Run, arguments, started};
use crate::app::free_name::FreeName;
use crate::app::plan;
use crate::app::progress::{Notice, Progress};
use crate::app::target::Target;
use crate::cli::{self, Label};
use crate::context;
use crate::disk::layout::{Root, SessionPaths};
use crate::disk::names::{ServerName, SessionId};
use crate::log::central::{self, Level};
use crate::server::command::CommandLine;
use crate::server::record::Mode;
use crate::session::open::Session;
use crate::session::{find, open, passing};
use crate::supervisor::launch;
use crate::ui;

/// How many servers may run under one name in one session.
const MOST: u32 = 1000;

impl Run for cli::Run {
    fn run(self) -> Result<ExitCode> {
        let (root, found) = self.find()?;
        let overrides = arguments::overrides(&self.tuning);
        let target = match self.command(&context::arguments().collect::<Vec<_>>())? {
            Some(command) => Ok(Target::typed(command, &overrides)?),
            None => Target::defined(&self.label.name, &overrides),
        };
        let target = target.map_err(|error| started::could_not("run", &self.label.name, error))?;
        let paths = found.as_ref().map(|session| root.session(&session.record.id));
        let (resolved, warnings) = target.resolve("run", paths.as_ref(), None)?;
        Shown.notice(Notice::Warnings(&warnings));
        let (root, session, free) = self.take_name(root, found)?;
        let (id, name) = (&session.record.id, &self.label.name);
        if self.label.text != name.as_str() {
            tell_name(&root, id, &self.label, &free.name);
        }
        let describe = || format!("could not run {name}");
        let lease = plan::lease(&root, resolved.settings(), None).with_context(describe)?;
        let prepared = resolved.bind(id, &free.name, &root.session(id).server(&free.name)).with_context(describe)?;
        let mut plan = plan::plan(&root, session, free, Mode::Run, prepared)?;
        if let Some(lease) = lease {
            plan.give(lease);
        }
        let code = launch::run(plan).with_context(describe)?;
        Ok(ExitCode::from(u8::try_from(code & 0xff).unwrap_or(1)))
    }
}

impl cli::Run {
    /// The session that the client is in, if it is in one. Where there is no place for records at all, the server is run
    /// without: it matters more.
    fn find(&self) -> Result<(Root, Option<Session>)> {
        let root = match Root::open() {
            Err(error) if !Root::is_chosen() => {
                ui::warn(&format!("nothing is recorded, and no session is looked for: {error:#}"));
                return Ok((Root::nowhere(), None));
            }
            root => root?,
        };
        let found = match find::find_existing(&root, self.session.session.as_ref()) {
            Err(error) if self.session.session.is_none() => {
                ui::warn(&format!("the server is in no terminal's session: {error:#}"));
                None
            }
            found => found?,
        };
        Ok(found.map_or((root, None), |(root, session)| (root, Some(session))))
    }

    /// The session, made for the client if it is in none, and a name in it that is free; without records where they
    /// cannot be written.
    fn take_name(&self, root: Root, found: Option<Session>) -> Result<(Root, Session, FreeName)> {
        if !root.is_nowhere() {
            match self.take_recorded_name(&root, found) {
                Err(error) if !Root::is_chosen() && is_unwritable(&error) => {
                    ui::warn(&format!("nothing is recorded: {error:#}"));
                }
                taken => return taken.map(|(session, free)| (root, session, free)),
            }
        }
        let free = FreeName::unrecorded(&self.label.name).context("could not open /dev/null")?;
        Ok((Root::nowhere(), open::unrecorded(open::client())?, free))
    }

    fn take_recorded_name(&self, root: &Root, found: Option<Session>) -> Result<(Session, FreeName)> {
        let session = found.map_or_else(|| open::create(root, open::client()), Ok)?;
        passing::in_passing(root, &session.record.id)?;
        let free = free_name(&root.session(&session.record.id), &self.label.name)?;
        Ok((session, free))
    }

    /// The command, if one was typed, in these arguments of this program.
    fn command(&self, arguments: &[OsString]) -> Result<Option<CommandLine>> {
        let (mut line, mut words) = (None, self.words.clone());
        if let ([word], false) = (words.as_slice(), stand_behind_dashes(arguments, &words))
            && let Some(text) = word.to_str().filter(|text| needs_shell(text) && !Path::new(text).is_file())
        {
            line = Some(text.to_owned());
            words = Vec::new();
        }
        arguments::command("run", &self.label.name, line, words)
    }
}

/// Whether a file system takes nothing more.
fn is_unwritable(error: &anyhow::Error) -> bool {
    use ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let cause = error.root_cause().downcast_ref::<io::Error>().map(io::Error::kind);
    cause.is_some_and(|kind| [QuotaExceeded, ReadOnlyFilesystem, StorageFull].contains(&kind))
}

/// Whether the words at the end of the arguments stand behind a `--`, and are what they are therefore.
fn stand_behind_dashes(arguments: &[OsString], words: &[OsString]) -> bool {
    arguments.strip_suffix(words).and_then(<[_]>::last).is_some_and(|before| before == "--")
}

/// Whether this says more to a shell than the name of a program.
fn needs_shell(text: &str) -> bool {
    text.contains(|it: char| it.is_whitespace() || "|&;<>()$`\\\"'*?[]#~={}!".contains(it))
}

/// Tells the client, and the log, what a server is called that has another name elsewhere.
fn tell_name(root: &Root, session: &SessionId, label: &Label, name: &ServerName) {
    let text = format!("{:?} runs as {name}", label.text);
    ui::say(&format!("mcp-hook: {text}"));
    if !root.is_nowhere() {
        central::report(&root.central(), Level::Info, (Some(session), Some(name)), &text);
    }
}

/// Locks the name, or the first free one of `NAME.2`, `NAME.3` and so on: a client may check its servers while another
/// client of the same terminal uses them.
fn free_name(session: &SessionPaths, wanted: &ServerName) -> Result<FreeName> {
    for number in 1..=MOST {
        let name = if number == 1 { wanted.clone() } else { wanted.numbered(number) };
        if let Some(free) = FreeName::take(&name, &session.server(&name))? {
            return Ok(free);
        }
    }
    bail!("could not run {wanted}: {MOST} servers run under this name")
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
