//! What would be done to one file.

use anyhow::Result;

use super::plan::{Change, Direction, FilePlan, Left, Selection, Step};
use super::{control, hook, proof};
use crate::client::control::NAME;
use crate::client::entry::{EntryState, ServerEntry};
use crate::client::file::{ClientFile, FileContent};
use crate::client::{prefix, running, yaml};
use crate::disk::names::ServerName;
use crate::syntax::Syntax;
use crate::syntax::edit::{self, Edit};

pub fn plan(direction: Direction, selection: &Selection, file: ClientFile, takes_control: bool) -> FilePlan {
    let content = match &file.content {
        Ok(content) => content,
        Err(error) => {
            let step = Step::Refused(error.clone());
            return FilePlan { file, step, left: Vec::new() };
        }
    };
    if file.client.syntax == Syntax::Yaml {
        let mut lines = yaml::commands(&content.text);
        lines.retain(|line| line.is_hook == (direction == Direction::Unwrap));
        let step = if lines.is_empty() { Step::Nothing } else { Step::ByHand(lines) };
        return FilePlan { file, step, left: Vec::new() };
    }
    let chosen = |entry: &&ServerEntry| selection.servers.is_empty() || selection.servers.contains(&entry.name);
    let (control, others): (Vec<&ServerEntry>, Vec<&ServerEntry>) =
        content.entries.iter().filter(chosen).partition(|entry| direction == Direction::Unwrap && entry.is_control());
    let mut draft = Draft::new(direction, &file, content);
    for entry in others {
        draft.take(entry);
    }
    draft.remove_control(&control);
    if takes_control {
        draft.add_control();
    }
    let (step, left) = draft.finish();
    FilePlan { file, step, left }
}

/// A change that is put together.
struct Draft<'a> {
    direction: Direction,
    file: &'a ClientFile,
    content: &'a FileContent,
    /// What the client is told to start.
    hook: String,
    names: Vec<String>,
    control: Vec<String>,
    edits: Vec<Edit>,
    left: Vec<(String, Left)>,
}

impl<'a> Draft<'a> {
    fn new(direction: Direction, file: &'a ClientFile, content: &'a FileContent) -> Self {
        Self {
            direction,
            file,
            content,
            hook: hook::of(file.client),
            names: Vec::new(),
            control: Vec::new(),
            edits: Vec::new(),
            left: Vec::new(),
        }
    }

    fn take(&mut self, entry: &'a ServerEntry) {
        match self.edits(entry) {
            Ok(edits) => {
                self.names.push(entry.name.clone());
                self.edits.extend(edits);
            }
            Err(why) => self.left.push((entry.name.clone(), why)),
        }
    }

    fn edits(&self, entry: &ServerEntry) -> std::result::Result<Vec<Edit>, Left> {
        let text = &self.content.text;
        match (self.direction, &entry.state) {
            (Direction::Wrap, EntryState::Direct(place)) => {
                let name = ServerName::from_label(&entry.name);
                Ok(prefix::add(text, place, &self.hook, name.as_str()))
            }
            (Direction::Wrap, EntryState::Wrapped { .. }) => Err(Left::Wrapped),
            (Direction::Unwrap, EntryState::Wrapped { place, at }) => {
                prefix::remove(text, place, *at).map_err(|error| Left::Because(error.to_string()))
            }
            (Direction::Unwrap, EntryState::Direct(_)) => Err(Left::NotWrapped),
            (_, EntryState::Control(_)) => Err(Left::Control),
            (_, EntryState::Defined(_)) => Err(Left::Defined),
            (_, EntryState::Remote) => Err(Left::Remote),
            (_, EntryState::Unwrappable(why)) => Err(Left::Because(why.to_string())),
        }
    }

    fn add_control(&mut self) {
        match control::add(self.file, self.content, &self.hook) {
            Ok(edit) => {
                self.control.push(NAME.to_owned());
                self.edits.push(edit);
            }
            Err(why) => self.left.push((NAME.to_owned(), Left::Because(why))),
        }
    }

    /// Those of one part of the file together: what stands between two goes once.
    fn remove_control(&mut self, entries: &[&ServerEntry]) {
        for entries in entries.chunk_by(|one, next| one.scope == next.scope) {
            let names = entries.iter().map(|entry| entry.name.clone());
            match self.file.without_control(self.content, entries) {
                Ok(edits) => {
                    self.control.extend(names);
                    self.edits.extend(edits);
                }
                Err(why) => self.left.extend(names.map(|name| (name, Left::Because(why.to_string())))),
            }
        }
    }

    fn finish(mut self) -> (Step, Vec<(String, Left)>) {
        self.edits.sort_by_key(|edit| edit.span.start);
        let step = if self.edits.is_empty() { Ok(Step::Nothing) } else { self.step() };
        let path = self.file.path.display();
        let step = step.unwrap_or_else(|error| Step::Refused(format!("could not change {path}: {error:#}")));
        (step, self.left)
    }

    fn step(&mut self) -> Result<Step> {
        let after = self.file.with_text(edit::apply(&self.content.text, &self.edits))?;
        proof::prove(self.direction, self.file, self.content, &after, &self.control)?;
        let [names, control] = [&mut self.names, &mut self.control].map(std::mem::take);
        let change = Change { names, control, edits: std::mem::take(&mut self.edits), after };
        Ok(match running::writer(self.file) {
            Some(pid) => Step::Busy(change, pid),
            None => Step::Change(change),
        })
    }
}
