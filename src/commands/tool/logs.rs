//! `server_logs`.

use serde::Serialize;

use super::answer::{Answer, data, line, shortened};
use super::session::CurrentSession;
use crate::app::logs::{LogEntry, Query, Selection};
use crate::disk::names::ServerName;
use crate::mcp::agent::call::ToolCall;

/// How many lines are shown if it is not said.
const SHOWN: u64 = 50;
/// What all of them together may have, in bytes: what a model reads takes the place of something else.
const LONGEST: usize = 32 << 10;

#[derive(Serialize)]
struct AgentLog {
    server: ServerName,
    lines: Vec<LogLine>,
    left_out: usize,
}

#[derive(Serialize)]
struct LogLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'static str>,
    text: String,
}

pub fn logs(session: CurrentSession, name: ServerName, call: &ToolCall) -> Answer {
    let id = session.session.record.id.clone();
    let query = Query { server: Some(name.clone()), session: Some(id), since: None, errors: call.errors };
    let log = Selection::find(session.root, query)?.open()?;
    let wanted = usize::try_from(call.lines.unwrap_or(SHOWN)).unwrap_or(usize::MAX);
    let mut lines: Vec<LogLine> = log.last(wanted)?.iter().map(|line| LogLine::of(log.entry(line))).collect();
    let left_out = lines.len() - fitting(&lines);
    lines.drain(..left_out);
    let mut text: String = lines.iter().map(LogLine::describe).collect();
    if left_out > 0 {
        text.insert_str(0, &format!("({left_out} older lines are left out: all together they are too long)\n"));
    }
    if lines.is_empty() {
        text = format!("{name} has printed nothing{}\n", if call.errors { " of this kind" } else { "" });
    }
    Ok((text, data(&AgentLog { server: name, lines, left_out })?))
}

/// How many of the last lines are short enough together.
fn fitting(lines: &[LogLine]) -> usize {
    let mut length = 0;
    let fits = |line: &&LogLine| {
        length += line.text.len();
        length <= LONGEST
    };
    lines.iter().rev().take_while(fits).count()
}

impl LogLine {
    fn of(entry: LogEntry) -> Self {
        let (time, stream, text) = entry.into_line();
        Self { time, stream: stream.map(|stream| stream.tag().trim_end()), text: shortened(line(&text)) }
    }

    fn describe(&self) -> String {
        let parts = [self.time.as_deref(), self.stream, Some(&self.text)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ") + "\n"
    }
}
