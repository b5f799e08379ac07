//! What log and client are told of the end of a server.

use std::fmt::Display;
use std::time::{Duration, UNIX_EPOCH};

use super::restart_policy::{MOST, Order, RunEnd, Verdict, WITHIN};
use crate::disk::layout::ServerPaths;
use crate::disk::names::ServerName;
use crate::log;
use crate::log::central::Level;
use crate::mcp::check::finding::Code;
use crate::mcp::relay::{self, Death};
use crate::server::end::{End, Reason};
use crate::server::record::ServerRecord;
use crate::server::settings::{Restart, Settings};
use crate::sys::wait::Exit;

/// How many of a server's last lines a client is told.
const LAST_LINES: usize = 5;

/// How grave an end is.
pub fn level(end: &End, ended: RunEnd, verdict: Verdict) -> Level {
    let is_unexpected = Order::after(end.reason) == Order::Decide && (ended.is_failure() || end.early);
    match (end.reason, verdict) {
        (Reason::KeeperLost, _) => Level::Warn,
        _ if !is_unexpected => Level::Info,
        (_, Verdict::Again(_)) => Level::Warn,
        (_, Verdict::Leave | Verdict::GiveUp) => Level::Error,
    }
}

/// The lines for the log; the first is of the level of the end.
pub fn lines(end: &End, record: &ServerRecord, level: Level) -> Vec<(Level, String)> {
    let (why, how) = (end.explain(&record.settings), exit_text(end.exit));
    let mut lines = vec![(level, format!("ended because {why}: {how}, after {} ms", end.took))];
    for pid in &end.kept {
        lines.push((Level::Info, format!("let go of pid {pid}: it has MCP_HOOK_KEEP=1")));
    }
    for escaped in &end.escaped {
        lines.push((Level::Info, format!("ended {escaped} as well: it had left the server's group")));
    }
    lines
}

/// What a client is told that sees nothing but the end of a stream, and is to know whose doing it was.
pub fn for_client(end: &End, record: &ServerRecord) -> Option<String> {
    let why = end.reason.explain(&record.settings);
    (end.reason == Reason::OverMemory).then(|| format!("ended {} because {why}", record.name))
}

/// What a client is told of an end that is a failure, and of where to read more. `code` is that of an end which is wrong
/// by itself.
pub fn failure_for_client(end: &End, record: &ServerRecord, code: Option<Code>, log: &impl Display) -> String {
    let seen = why_and_how(end, &record.settings);
    let why = match code {
        Some(code) if end.finding.is_none() => code.behind(seen),
        _ => seen,
    };
    let name = &record.name;
    let more =
        if record.can_be_asked() { format!("; mcp-hook check --connect {name} looks why") } else { String::new() };
    format!("{name} ended because {why}; its log is {log}{more}")
}

/// Why a server ended, and its exit status.
pub fn why_and_how(end: &End, settings: &Settings) -> String {
    format!("{}: {}", end.explain(settings), exit_text(end.exit))
}

/// Why a server is not started again after it has failed too often.
pub fn give_up_cause(end: &End, settings: &Settings) -> String {
    let verb = if settings.restart == Restart::Always { "ended" } else { "failed" };
    let last = match end.reason {
        Reason::Exited => format!("with {}", exit_text(end.exit)),
        _ => format!("because {}", end.explain(settings)),
    };
    format!("it {verb} {MOST} times within {} s, last {last}", WITHIN.as_secs())
}

/// How a server of a client comes back that has failed too often.
pub fn way_back(name: &ServerName) -> String {
    format!("mcp-hook restart {name} brings it back, and so does a call {} s later", WITHIN.as_secs())
}

/// Why a server of a client is not there that somebody has stopped, and how it comes back.
pub fn stop_cause(name: &ServerName) -> String {
    format!("somebody stopped it with mcp-hook stop; mcp-hook start {name} or mcp-hook restart {name} brings it back")
}

/// The end as the client of a server is told of it, with what the server said last.
pub fn death(end: &End, record: &ServerRecord, paths: &ServerPaths) -> Death {
    let exit = end.exit.map(|exit| match exit {
        Exit::Code(code) => relay::Exit::Code(code),
        Exit::Signal(number) => relay::Exit::Signal(number),
    });
    let why = match end.reason {
        Reason::Exited => format!("ended ({})", exit_text(end.exit)),
        _ => format!("was ended because {}", end.explain(&record.settings)),
    };
    let until = UNIX_EPOCH + Duration::from_millis(end.at);
    let said = log::last_words(&paths.log, LAST_LINES, until).unwrap_or_default();
    Death { exit, why, stderr: said.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect() }
}

fn exit_text(exit: Option<Exit>) -> String {
    exit.map_or_else(|| "unknown status".to_owned(), |exit| exit.to_string())
}
