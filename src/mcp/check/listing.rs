//! The lists of a server: which there are, and what is odd about its tools.

use std::collections::HashSet;

use serde_json::Value;

use super::clients::Hurdle;
use super::finding::{Code, Finding};
use crate::text::excerpt::excerpt;

/// More than this many bytes of tools are pointed out: some hundred thousand tokens in every conversation.
const LARGE: usize = 1 << 20;
/// What clients on the TypeScript SDK take as one message, in bytes.
const SDK_LIMIT: usize = 10 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tools,
    Prompts,
    Resources,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Tools, Self::Prompts, Self::Resources];

    /// Its key among the capabilities and in an answer.
    pub fn key(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
        }
    }

    pub fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
        }
    }
}

/// What is odd about the tools; `largest` is the longest page in bytes.
pub fn examine(tools: &[Value], bytes: usize, largest: usize) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        tools.iter().enumerate().find_map(|(index, it)| invalid(index, it)).into_iter().collect();
    findings.extend(duplicate(tools));
    findings.extend(large(tools.len(), bytes, largest));
    findings
}

fn invalid(index: usize, tool: &Value) -> Option<Finding> {
    let name = tool.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let Some(name) = name else {
        let message = format!("the {} of its tools has no name", ordinal(index));
        return Some(Finding::new(Code::InvalidTool, message).hint("every tool has a \"name\", a text"));
    };
    let wrong = match tool.get("inputSchema") {
        None => "has no inputSchema".to_owned(),
        Some(schema) if !schema.is_object() => "has an inputSchema that is no object".to_owned(),
        Some(schema) => match schema.get("type").and_then(Value::as_str) {
            Some("object") => return None,
            Some(other) => format!("has an inputSchema of the type {:?}", excerpt(other)),
            None => "has an inputSchema without a type".to_owned(),
        },
    };
    let message = format!("its tool {:?} {wrong}: most clients refuse the whole list", excerpt(name));
    Some(
        Finding::new(Code::InvalidTool, message)
            .hurdle(Hurdle::InvalidTool)
            .hint("\"inputSchema\": {\"type\": \"object\"} is what every tool needs at least"),
    )
}

fn ordinal(index: usize) -> String {
    match index + 1 {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        number => format!("{number}th"),
    }
}

fn duplicate(tools: &[Value]) -> Option<Finding> {
    let mut known = HashSet::new();
    let mut names = tools.iter().filter_map(|tool| tool.get("name")?.as_str());
    let name = names.find(|name| !known.insert(*name))?;
    let message =
        format!("two of its tools are called {:?}: some clients show one, some both, some refuse", excerpt(name));
    Some(Finding::new(Code::DuplicateTool, message).hint("give every tool a name of its own"))
}

fn large(count: usize, bytes: usize, largest: usize) -> Option<Finding> {
    let mib = |bytes: usize| bytes.div_ceil(1 << 20);
    let message = if largest > SDK_LIMIT {
        format!(
            "its list of tools has {} MiB in one message: clients on the TypeScript SDK close the connection",
            mib(largest)
        )
    } else if bytes > LARGE {
        format!("its list of {count} tools has {} MiB: more than most models can read", mib(bytes))
    } else {
        return None;
    };
    let finding = Finding::new(Code::LargeList, message);
    let finding = if largest > SDK_LIMIT { finding.hurdle(Hurdle::LargeMessage) } else { finding };
    Some(finding.hint("shorter descriptions and schemas, fewer tools, or several pages (nextCursor)"))
}

/// That a server offers nothing, or no tools at least.
pub fn nothing(others: usize) -> Finding {
    let finding = match others {
        0 => Finding::new(
            Code::NoTools,
            "it has no tools, no prompts and no resources: Gemini CLI takes that for a failure, others connect for nothing",
        )
        .hurdle(Hurdle::NothingListed),
        _ => Finding::new(Code::NoTools, "it has no tools: clients that know only tools find nothing in it"),
    };
    finding.hint("see whether it needs a variable, a login or an option before it offers its tools")
}
