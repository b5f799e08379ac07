//! What a call came to, and telling it to the process that has started this one.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use crate::mcp::agent::call::CallReport;
use crate::ui;

/// In words, and as data.
pub type Answer = Result<(String, Value)>;

pub fn data(data: &impl Serialize) -> Result<Value> {
    Ok(serde_json::to_value(data)?)
}

pub fn tell(report: &CallReport) -> Result<()> {
    ui::print(&(serde_json::to_string(report)? + "\n"))
}
