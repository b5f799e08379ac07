//! `status` as a table for people.

use std::fmt::Write;
use std::time::Duration;

use super::style::{self, paint};
use crate::session::view::{ServerView, SessionView};
use crate::sys::wait::Exit;

const HEADS: [&str; 9] = ["", "NAME", "STATE", "PID", "UPTIME", "RESTARTS", "CPU", "MEMORY", "PROCESSES"];
/// The columns with numbers, which stand to the right.
const RIGHT: [bool; 9] = [false, false, false, true, true, true, true, true, true];

/// A table for each session; with `all`, headed by the session.
#[must_use]
pub fn sessions(sessions: &[SessionView], all: bool) -> String {
    if sessions.is_empty() {
        return "no sessions\n".to_owned();
    }
    let mut text = String::new();
    for (index, session) in sessions.iter().enumerate() {
        if all {
            let separator = if index == 0 { "" } else { "\n" };
            let _ = writeln!(text, "{separator}{}", head(session));
        }
        if session.servers.is_empty() {
            let where_to = if all { "" } else { &format!(" in session {}", session.id) };
            let _ = writeln!(text, "  no servers{where_to}");
        } else {
            text += &servers(&session.servers);
        }
    }
    text
}

fn head(session: &SessionView) -> String {
    let terminal = session.tty.as_ref().map_or("no terminal".to_owned(), |tty| tty.display().to_string());
    let life = if session.owner.alive { "" } else { ", ended" };
    let here = if session.current { ", this one" } else { "" };
    let rest = format!(" ({} {}, {terminal}{life}{here})", session.shell, session.owner.pid);
    paint(style::HEAD, &session.id) + &paint(style::FAINT, &rest)
}

fn servers(servers: &[ServerView]) -> String {
    let rows: Vec<[String; 9]> = servers.iter().map(row).collect();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(HEADS[column].len());
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let heads = HEADS.map(str::to_owned);
    let mut text = line(&heads, &widths, |_, cell| paint(style::HEAD, cell));
    for (row, server) in rows.iter().zip(servers) {
        let state = style::of_state(server.state);
        text +=
            &line(row, &widths, |column, cell| if matches!(column, 0 | 2) { paint(state, cell) } else { cell.into() });
        if let Some(why) = explanation(server) {
            let _ = writeln!(text, "    {}", paint(style::FAINT, &why));
        }
    }
    text
}

/// One server in detail, below its row.
#[must_use]
pub fn details(server: &ServerView) -> String {
    let pids = server.pids.iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
    let watchers = server.supervisor_pid.map(|supervisor| {
        let keeper = server.keeper_pid.map_or("-".to_owned(), |keeper| keeper.to_string());
        format!("supervisor {supervisor}, keeper {keeper}")
    });
    let rows = [
        ("command", server.command.as_ref().map(|words| words.join(" "))),
        ("log", server.log.as_ref().map(|log| log.display().to_string())),
        ("tree", (!pids.is_empty()).then_some(pids)),
        ("watched by", watchers),
    ];
    let shown = rows.into_iter().filter_map(|(name, value)| Some((name, value?)));
    shown.fold(String::new(), |text, (name, value)| {
        text + "    " + &paint(style::FAINT, &format!("{name:<12}")) + &value + "\n"
    })
}

fn line(cells: &[String; 9], widths: &[usize], style: impl Fn(usize, &str) -> String) -> String {
    let mut text = String::new();
    for (column, (cell, &width)) in cells.iter().zip(widths).enumerate() {
        let cell = if RIGHT[column] { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
        let gap = if column < 2 { 1 } else { 2 };
        if column > 0 {
            text.extend(std::iter::repeat_n(' ', gap));
        }
        text += &style(column, &cell);
    }
    text.trim_end().to_owned() + "\n"
}

fn row(server: &ServerView) -> [String; 9] {
    let bullet = if server.is_running() { "●" } else { "○" };
    let cell = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let lives = server.processes > 0;
    [
        bullet.to_owned(),
        server.name.to_string(),
        server.state.to_owned(),
        cell(server.pid.map(|pid| pid.to_string())),
        cell(server.uptime_seconds.map(duration)),
        if server.managed { server.restarts.to_string() } else { "-".to_owned() },
        cell(lives.then(|| format!("{:.1}%", server.cpu_percent))),
        cell(lives.then(|| bytes(server.memory_bytes))),
        cell(lives.then(|| server.processes.to_string())),
    ]
}

/// Why a server is not running, and how it ended.
fn explanation(server: &ServerView) -> Option<String> {
    let reason = server.reason.as_ref()?;
    let exit = match server.exit {
        Some(Exit::Code(code)) => format!(": exit status {code}"),
        Some(Exit::Signal(number)) => format!(": signal {number}"),
        None => String::new(),
    };
    Some(format!("{reason}{exit}"))
}

/// A time as people read it: its two largest units.
fn duration(seconds: f64) -> String {
    let whole = Duration::from_secs_f64(seconds.max(0.0)).as_secs();
    let (days, hours, minutes) = (whole / 86400, whole / 3600 % 24, whole / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{whole}s"),
        (0, 0, _) => format!("{minutes}m {:02}s", whole % 60),
        (0, _, _) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours:02}h"),
    }
}

/// A size in binary units with about three digits.
fn bytes(size: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = size as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.95 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
        for (seconds, text) in
            [(0.2, "0s"), (59.9, "59s"), (61.0, "1m 01s"), (3700.0, "1h 01m"), (90000.0, "1d 01h"), (-1.0, "0s")]
        {
            assert_eq!(duration(seconds), text);
        }
        for (size, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1 << 10, "1.0 KiB"),
            (65 << 20, "65.0 MiB"),
            (255 << 20, "255 MiB"),
            (3 << 30, "3.0 GiB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }
}
