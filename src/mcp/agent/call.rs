//! The tools, what a call of one asks for, and what comes of it.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::mcp::message::whole;

/// What clients are told of the tools: names, what they do, annotations and schemas.
const TOOLS: &str = include_str!("tools.json");

/// The most lines of a log that can be asked for.
pub const MOST_LINES: u64 = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    Status,
    Logs,
    Check,
    Start,
    Stop,
    Restart,
}

/// A call of a tool, with arguments of the right types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub tool: Tool,
    /// Of a server, as it was written.
    pub name: Option<String>,
    /// How many lines of its log are wanted.
    pub lines: Option<u64>,
    /// Whether only errors are.
    pub errors: bool,
}

/// What is told of a call while it is done, and at its end; from one process of ours to another, a line each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallReport {
    Progress(String),
    /// In words, and as its schema says.
    Done {
        text: String,
        data: Value,
    },
    Failed(String),
}

/// The tools as `tools/list` has them.
pub fn listed() -> &'static Value {
    static LISTED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(TOOLS).expect("tools.json is JSON"));
    &LISTED
}

impl Tool {
    const ALL: [Self; 6] = [Self::Status, Self::Logs, Self::Check, Self::Start, Self::Stop, Self::Restart];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "server_status",
            Self::Logs => "server_logs",
            Self::Check => "server_check",
            Self::Start => "server_start",
            Self::Stop => "server_stop",
            Self::Restart => "server_restart",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        if self == Self::Logs { &["name", "lines", "errors"] } else { &["name"] }
    }
}

impl ToolCall {
    /// Checks the arguments of a call; says which one is wrong.
    pub fn of(tool: Tool, arguments: &Map<String, Value>) -> Result<Self, String> {
        if let Some(unknown) = arguments.keys().find(|name| !tool.arguments().contains(&name.as_str())) {
            let known = tool.arguments().join(", ");
            return Err(format!("argument {unknown:?} is not known: {} takes {known}", tool.name()));
        }
        let given = |name: &str| arguments.get(name).filter(|value| !value.is_null());
        let wrong = |name: &str, wanted: &str, value: &Value| {
            Err(format!("argument {name:?} has to be {wanted}, and is {}", shortened(value)))
        };
        let name = match given("name") {
            Some(Value::String(name)) => Some(name.clone()),
            Some(other) => return wrong("name", "the name of a server", other),
            None if tool == Tool::Status => None,
            None => return Err("argument \"name\" is missing: the server's name, as server_status has it".to_owned()),
        };
        let lines = match given("lines") {
            None => None,
            Some(value) => match line_count(value) {
                Some(lines) => Some(lines),
                None => return wrong("lines", &format!("a whole number from 1 to {MOST_LINES}"), value),
            },
        };
        let errors = match given("errors") {
            None => false,
            Some(Value::Bool(errors)) => *errors,
            Some(other) => return wrong("errors", "true or false", other),
        };
        Ok(Self { tool, name, lines, errors })
    }
}

/// How many lines a value means; models whose numbers all have a point say `50.0`.
fn line_count(value: &Value) -> Option<u64> {
    let Value::Number(number) = value else { return None };
    u64::try_from(whole(number)?).ok().filter(|lines| (1..=MOST_LINES).contains(lines))
}

/// A value as JSON, of which no more is repeated than it takes to see which one is meant.
fn shortened(value: &Value) -> String {
    const SHOWN: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= SHOWN { text } else { text.chars().take(SHOWN).collect::<String>() + "…" }
}
