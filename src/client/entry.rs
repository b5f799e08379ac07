//! A server's entry in a client's file: how the client starts it, and whether mcp-hook stands in front.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use super::run_line::RunLine;
use super::scope::Scope;
use super::table::{Client, Shape};
use crate::definition::client_entry;
use crate::syntax::node::{Content, Field, Node, StandsTwice};

#[derive(Clone, Debug)]
pub struct ServerEntry {
    pub name: String,
    pub scope: Scope,
    /// Whether it says that its server is not to be used.
    pub is_disabled: bool,
    /// What stands there.
    pub value: Node,
    pub state: EntryState,
}

#[derive(Clone, Debug)]
pub enum EntryState {
    /// The client starts the command itself.
    Direct(CommandPlace),
    /// `mcp-hook run NAME -- COMMAND`; `at` is the place of COMMAND among the words, before which mcp-hook may stand more than
    /// once.
    Wrapped {
        place: CommandPlace,
        at: usize,
    },
    /// `mcp-hook run NAME`: what is started is defined elsewhere.
    Defined(CommandPlace),
    /// `mcp-hook mcp`: mcp-hook itself is the server.
    Control(CommandPlace),
    /// A server that the client does not start.
    Remote,
    Unwrappable(Unwrappable),
}

/// Why mcp-hook cannot stand in front of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwrappable {
    NotAnObject,
    NoCommand,
    /// The command has another form than the client documents.
    OtherForm,
    OtherArguments,
    Twice,
    CallsHook(Box<CommandPlace>),
    /// `env`, a shell or the like starts mcp-hook.
    StartsHook(Box<CommandPlace>),
    /// The name of the client, and the command.
    StartsClient(String, Box<CommandPlace>),
}

/// The words of a command, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandPlace {
    /// The command and its arguments, as they are written.
    pub words: Vec<String>,
    pub layout: CommandLayout,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLayout {
    /// The command stands alone, its arguments in a list.
    Apart { command: Field, arguments: Option<Field>, within: Within },
    /// All in one list.
    Together(Node),
}

/// What the fields of an entry stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    Braces,
    /// Lines of their own below a header of TOML.
    Lines,
}

/// The entries below `path`, in the order in which they stand.
pub fn entries(client: &Client, scope: Scope, text: &str, servers: &Node) -> Vec<ServerEntry> {
    let fields = servers.fields().unwrap_or_default();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for field in fields {
        *counts.entry(&field.name).or_default() += 1;
    }
    let mut entries = Vec::new();
    for field in fields {
        let state = if counts[field.name.as_str()] > 1 {
            EntryState::Unwrappable(Unwrappable::Twice)
        } else {
            state(client, text, &field.value).unwrap_or_else(EntryState::Unwrappable)
        };
        let is_disabled = is_disabled(&field.value);
        entries.push(ServerEntry { name: field.name.clone(), scope, is_disabled, value: field.value.clone(), state });
    }
    entries
}

impl From<StandsTwice> for Unwrappable {
    fn from(_: StandsTwice) -> Self {
        Self::Twice
    }
}

fn state(client: &Client, text: &str, entry: &Node) -> Result<EntryState, Unwrappable> {
    let fields = entry.fields().ok_or(Unwrappable::NotAnObject)?;
    if fields.iter().any(|field| REMOTE_KEYS.contains(&field.name.as_str())) || is_remote_type(entry) {
        return Ok(EntryState::Remote);
    }
    let place = match client.shape {
        Shape::CommandAndArgs => apart(text, entry)?,
        Shape::CommandList => together(entry)?,
    };
    if client_entry::is_hook(&place.words[0]) {
        return behind_hook(place);
    }
    if starts_hook(&place.words) {
        return Err(Unwrappable::StartsHook(Box::new(place)));
    }
    match super::table::of_program(&place.words[0]) {
        Some(started) => Err(Unwrappable::StartsClient(started.name.to_owned(), Box::new(place))),
        None => Ok(EntryState::Direct(place)),
    }
}

fn is_remote_type(entry: &Node) -> bool {
    let kind = entry.field("type").and_then(|field| field.value.text());
    kind.is_some_and(|kind| ["http", "sse", "streamable-http", "streamableHttp", "ws", "remote"].contains(&kind))
}

fn apart(text: &str, entry: &Node) -> Result<CommandPlace, Unwrappable> {
    let command = entry.only("command")?.ok_or(Unwrappable::NoCommand)?.clone();
    let word = command.value.text().ok_or(Unwrappable::OtherForm)?;
    if word.trim().is_empty() {
        return Err(Unwrappable::NoCommand);
    }
    let mut words = vec![word.to_owned()];
    let arguments = entry.only("args")?.cloned();
    if let Some(arguments) = &arguments {
        words.extend(texts(&arguments.value).ok_or(Unwrappable::OtherArguments)?);
    }
    let is_braced = text[entry.span.clone()].starts_with('{');
    let within = if is_braced { Within::Braces } else { Within::Lines };
    Ok(CommandPlace { words, layout: CommandLayout::Apart { command, arguments, within } })
}

fn together(entry: &Node) -> Result<CommandPlace, Unwrappable> {
    let list = entry.only("command")?.ok_or(Unwrappable::NoCommand)?.value.clone();
    let words = texts(&list).ok_or(Unwrappable::OtherForm)?;
    match words.first() {
        Some(word) if !word.trim().is_empty() => Ok(CommandPlace { words, layout: CommandLayout::Together(list) }),
        _ => Err(Unwrappable::NoCommand),
    }
}

fn texts(list: &Node) -> Option<Vec<String>> {
    list.items()?.iter().map(|item| item.text().map(str::to_owned)).collect()
}

fn behind_hook(place: CommandPlace) -> Result<EntryState, Unwrappable> {
    if is_control(&place.words) {
        return Ok(EntryState::Control(place));
    }
    if RunLine::of(&place.words).is_none() {
        return Err(Unwrappable::CallsHook(Box::new(place)));
    }
    match RunLine::innermost(&place.words) {
        Some(at) => Ok(EntryState::Wrapped { place, at }),
        None => Ok(EntryState::Defined(place)),
    }
}

/// Whether another program is to start `mcp-hook run` or `mcp-hook mcp`, also in a script.
fn starts_hook(words: &[String]) -> bool {
    let parts: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    parts.windows(2).any(|pair| {
        let [hook, verb] = [pair[0], pair[1]].map(|it| it.trim_matches(['"', '\'']));
        client_entry::is_hook(hook) && matches!(verb, "run" | "mcp")
    })
}

/// Whether these words start `mcp-hook mcp`.
fn is_control(words: &[String]) -> bool {
    matches!(words, [hook, verb] if client_entry::is_hook(hook) && verb == "mcp")
}

impl CommandPlace {
    /// Where each word of the list stands, and the list itself; `None` if there is none.
    pub fn list(&self) -> Option<&Node> {
        match &self.layout {
            CommandLayout::Apart { arguments, .. } => arguments.as_ref().map(|field| &field.value),
            CommandLayout::Together(list) => Some(list),
        }
    }

    /// Everything that may change.
    pub fn spans(&self) -> Vec<Range<usize>> {
        let command = match &self.layout {
            CommandLayout::Apart { command, .. } => Some(command.value.span.clone()),
            CommandLayout::Together(_) => None,
        };
        command.into_iter().chain(self.list().map(|list| list.span.clone())).collect()
    }
}

impl ServerEntry {
    /// Whether it starts `mcp-hook mcp` in the end.
    pub fn is_control(&self) -> bool {
        match &self.state {
            EntryState::Control(_) => true,
            EntryState::Wrapped { place, at } => is_control(&place.words[*at..]),
            _ => false,
        }
    }

    /// What it starts, as far as that is understood.
    pub fn place(&self) -> Option<&CommandPlace> {
        match &self.state {
            EntryState::Direct(place)
            | EntryState::Wrapped { place, .. }
            | EntryState::Defined(place)
            | EntryState::Control(place) => Some(place),
            EntryState::Unwrappable(
                Unwrappable::CallsHook(place) | Unwrappable::StartsHook(place) | Unwrappable::StartsClient(_, place),
            ) => Some(place),
            EntryState::Remote | EntryState::Unwrappable(_) => None,
        }
    }

    pub fn words(&self) -> &[String] {
        self.place().map_or(&[], |place| &place.words)
    }

    /// What it starts in the end, without mcp-hook in front.
    pub fn own_words(&self) -> &[String] {
        let skipped = if let EntryState::Wrapped { at, .. } = &self.state { *at } else { 0 };
        &self.words()[skipped..]
    }
}

fn is_disabled(entry: &Node) -> bool {
    let flag = |name: &str| entry.field(name).map(|field| &field.value.content);
    flag("disabled") == Some(&Content::Flag(true)) || flag("enabled") == Some(&Content::Flag(false))
}

impl fmt::Display for Unwrappable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => formatter.write_str("it is not an object"),
            Self::NoCommand => formatter.write_str("it has no command"),
            Self::OtherForm => formatter.write_str("its command has a form that is not known"),
            Self::OtherArguments => formatter.write_str("its args are not a list of strings"),
            Self::Twice => formatter.write_str("it stands there more than once"),
            Self::CallsHook(_) => formatter.write_str("it calls mcp-hook, but not mcp-hook run"),
            Self::StartsHook(_) => formatter.write_str("mcp-hook is behind its command already"),
            Self::StartsClient(name, _) => write!(formatter, "it starts {name}, which is a client"),
        }
    }
}

/// Where an address stands; the first of them that is there counts.
pub const REMOTE_KEYS: [&str; 5] = ["httpUrl", "url", "serverUrl", "uri", "serverURL"];
