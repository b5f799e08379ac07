//! What a call came to, and telling it to the process that has started this one.
//!
//! What others wrote goes to a model: it has nothing that only a terminal obeys, no secrets of this process and of the session's
//! servers, and no line of any length.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use super::session::CurrentSession;
use crate::app::agent::secrets;
use crate::mcp::agent::call::CallReport;
use crate::server::secrets::Secrets;
use crate::{text, ui};

/// What a line may have, in bytes.
const LONGEST_LINE: usize = 4 << 10;

/// In words, and as data.
pub type Answer = Result<(String, Value)>;

/// By way of its text: a second writer of all views, for values, would take a good part of the program.
pub fn data(data: &impl Serialize) -> Result<Value> {
    Ok(serde_json::from_slice(&serde_json::to_vec(data)?)?)
}

pub fn tell(answer: Answer) -> Result<()> {
    let session = CurrentSession::find().ok();
    let secrets = secrets::known(session.map(|session| session.paths()).as_ref());
    say(&match answer {
        Ok((text, data)) => CallReport::Done { text: fit(&secrets, text.trim_end()), data: fit_data(&secrets, data) },
        Err(error) => CallReport::Failed(fit(&secrets, &ui::error_words(&error))),
    })
}

/// Tells how far a call is.
pub fn tell_progress(text: &str) {
    let _ = say(&CallReport::Progress(fit(&secrets::known(None), text)));
}

fn say(report: &CallReport) -> Result<()> {
    ui::print(&(serde_json::to_string(report)? + "\n"))
}

fn fit(secrets: &Secrets, text: &str) -> String {
    let lines = text.split('\n').map(|text| shortened(secrets.masked(&line(text))));
    lines.collect::<Vec<_>>().join("\n")
}

fn fit_data(secrets: &Secrets, data: Value) -> Value {
    match data {
        Value::String(text) => Value::String(fit(secrets, &text)),
        Value::Array(items) => items.into_iter().map(|item| fit_data(secrets, item)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, fit_data(secrets, value))).collect(),
        other => other,
    }
}

/// A line without what only a terminal obeys.
pub fn line(text: &str) -> String {
    text::plain(&ui::without_colour(&text::tame(text.as_bytes())))
}

/// A line that is not too long.
pub fn shortened(mut line: String) -> String {
    if line.len() > LONGEST_LINE {
        line.truncate(line.floor_char_boundary(LONGEST_LINE));
        line.push('…');
    }
    line
}
