//! What became of a server that was asked to end, in words.

use anyhow::Error;

use crate::app::stopped::{Stopped, Unstopped};
use crate::disk::names::ServerName;
use crate::failure::hinted;
use crate::server::end::End;
use crate::server::settings::Settings;
use crate::server::unkillable;
use crate::supervisor::stop_error::StopError;

/// What has ended, and what it took: `stopped web after 0.12 s (exit status 0)`.
pub fn describe(name: &ServerName, stopped: &Stopped) -> String {
    match stopped {
        Stopped::NotRunning => format!("{name} is not running"),
        Stopped::Container => format!("ended the container of {name}"),
        Stopped::BeforeRestart { last } => {
            let last = last.map(|exit| format!(" (it had ended with {exit})")).unwrap_or_default();
            format!("stopped {name} before it was started again{last}")
        }
        Stopped::Ended { end, settings } => format!("stopped {name} {}{}", took(end, settings), escaped(end)),
        Stopped::Untold => format!("stopped {name}"),
        Stopped::Unreadable => format!("stopped {name}, whose record could not be read"),
    }
}

fn took(end: &End, settings: &Settings) -> String {
    let how = end.exit.map_or_else(|| end.reason.explain(settings).into_owned(), |exit| exit.to_string());
    let killed = if end.killed { ", part of it had to be killed" } else { "" };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of an ending are few")]
    let seconds = end.took as f64 / 1000.0;
    format!("after {seconds:.2} s ({how}{killed})")
}

/// What had left its group, so that somebody notices that it is gone: `, and with it tmux: server (pid 123)`.
fn escaped(end: &End) -> String {
    let named: Vec<String> = end.escaped.iter().map(ToString::to_string).collect();
    if named.is_empty() { String::new() } else { format!(", and with it {}", named.join(", ")) }
}

/// That a server could not be ended, and the way out.
pub fn could_not(verb: &str, name: &ServerName, error: Unstopped) -> Error {
    let message = format!("could not {verb} {name}: {error}");
    match error {
        Unstopped::Unreadable(error) => error,
        Unstopped::NoSuchServer => hinted(message, "mcp-hook status shows those there are"),
        Unstopped::Left { error, record } => match error {
            StopError::Elsewhere(_) | StopError::Unproven | StopError::Unseen => {
                hinted(message, format!("its record is {record}"))
            }
            StopError::Container { remedy, .. } => {
                hinted(message, format!("{remedy} ends it; mcp-hook cleanup tries again"))
            }
            StopError::Unkillable { refused, .. } => hinted(message, unkillable::hint(&refused)),
        },
    }
}
