//! `status` as a table for people.

use std::fmt::Write;

use super::quantity::{self, bytes, duration, percent};
use super::style::{self, paint};
use crate::context;
use crate::session::view::{ServerView, SessionView, Sum};
use crate::sys::wait::Exit;

/// A column: its head, whether it stands to the right, and what is in it; nothing where there is nothing to say.
struct Column {
    head: &'static str,
    is_right: bool,
    /// Whether the column stays away where it has nothing to say of any server.
    is_optional: bool,
    cell: fn(&ServerView) -> Option<String>,
    /// The cell below all servers of a session.
    sum: fn(&Sum) -> Option<String>,
}

const COLUMNS: [Column; 12] = [
    Column { head: "", is_right: false, is_optional: false, cell: |it| Some(bullet(it)), sum: |_| None },
    Column {
        head: "NAME",
        is_right: false,
        is_optional: false,
        cell: |it| Some(it.name.to_string()),
        sum: |it| Some(format!("{} running", it.running)),
    },
    Column { head: "STATE", is_right: false, is_optional: false, cell: |it| Some(it.state.to_owned()), sum: |_| None },
    number("PID", |it| it.pid.map(|pid| pid.to_string())),
    optional("PORT", |it| it.port.map(|port| format!("{port}{}", if it.public { "!" } else { "" }))),
    number("UPTIME", |it| it.uptime_seconds.map(duration)),
    optional("RESTARTS", |it| (it.restarts > 0).then(|| it.restarts.to_string())),
    Column {
        sum: |it| Some(percent(it.cpu_percent_now)),
        ..number("CPU", |it| living(it, percent(it.cpu_percent_now)))
    },
    Column { sum: |it| Some(bytes(it.memory_bytes)), ..number("MEMORY", |it| living(it, bytes(it.memory_bytes))) },
    optional("PEAK", peak),
    optional("TREND", trend),
    Column { sum: |it| Some(it.processes.to_string()), ..number("PROCS", |it| living(it, it.processes.to_string())) },
];

const fn number(head: &'static str, cell: fn(&ServerView) -> Option<String>) -> Column {
    Column { head, is_right: true, is_optional: false, cell, sum: |_| None }
}

const fn optional(head: &'static str, cell: fn(&ServerView) -> Option<String>) -> Column {
    Column { is_optional: true, ..number(head, cell) }
}

fn bullet(server: &ServerView) -> String {
    if server.is_running() { "●" } else { "○" }.to_owned()
}

fn living(server: &ServerView, text: String) -> Option<String> {
    (server.processes > 0).then_some(text)
}

/// A peak that stands out from what is used now.
fn peak(server: &ServerView) -> Option<String> {
    let peak = server.memory_peak_bytes.filter(|&peak| peak / 10 * 9 > server.memory_bytes)?;
    living(server, bytes(peak))
}

/// Growth that is worth a column.
fn trend(server: &ServerView) -> Option<String> {
    server.memory_trend_bytes_per_hour.filter(|&rate| !quantity::is_steady(rate)).map(quantity::trend)
}

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
    let speaks = |column: &&Column| !column.is_optional || servers.iter().any(|server| (column.cell)(server).is_some());
    let columns: Vec<&Column> = COLUMNS.iter().filter(speaks).collect();
    let cells = |server| columns.iter().map(|it| (it.cell)(server).unwrap_or_else(|| "-".to_owned())).collect();
    let rows: Vec<Vec<String>> = servers.iter().map(cells).collect();
    let sum = Sum::of(servers);
    let total: Option<Vec<String>> =
        (sum.running > 1).then(|| columns.iter().map(|it| (it.sum)(&sum).unwrap_or_default()).collect());
    let width = |(index, column): (usize, &&Column)| {
        let widths = rows.iter().chain(&total).map(|row| row[index].chars().count());
        widths.max().unwrap_or(0).max(column.head.len())
    };
    let layout: Vec<(bool, usize)> = columns.iter().enumerate().map(|it| (it.1.is_right, width(it))).collect();
    let heads: Vec<String> = columns.iter().map(|column| column.head.to_owned()).collect();
    let mut text = line(&heads, &layout, |_, cell| paint(style::HEAD, cell));
    for (row, server) in rows.iter().zip(servers) {
        let state = style::of_state(server.state);
        let style = |column, cell: &str| if matches!(column, 0 | 2) { paint(state, cell) } else { cell.into() };
        text += &line(row, &layout, style);
        if let Some(why) = explanation(server, context::wall_millis()) {
            let _ = writeln!(text, "    {}", paint(style::FAINT, &why));
        }
    }
    text + &total.map_or(String::new(), |row| line(&row, &layout, |_, cell| paint(style::FAINT, cell)))
}

/// A line of a table: each cell with whether it stands to the right, and its width.
#[must_use]
pub fn line(cells: &[String], layout: &[(bool, usize)], style: impl Fn(usize, &str) -> String) -> String {
    // Spaces at the end are left away before anything is painted.
    let last = cells.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
    let mut text = String::new();
    for (column, (cell, &(is_right, width))) in cells.iter().zip(layout).enumerate().take(last + 1) {
        let gap = [0, 1].get(column).copied().unwrap_or(2);
        text.extend(std::iter::repeat_n(' ', gap));
        let cell = match is_right {
            true => format!("{cell:>width$}"),
            false if column == last => cell.clone(),
            false => format!("{cell:<width$}"),
        };
        text += &if cell.trim().is_empty() { cell } else { style(column, &cell) };
    }
    text + "\n"
}

/// Why a server is not running, how it ended and what comes next.
fn explanation(server: &ServerView, now: u64) -> Option<String> {
    let reason = server.reason.as_ref()?;
    let before = server.last_exit.as_ref().filter(|_| server.next_attempt.is_some()).and_then(|last| last.exit);
    let exit = server.exit.or(before).map(|exit| format!(": {}", ending(exit))).unwrap_or_default();
    let next = server.next_attempt.map(|at| format!("; next attempt {}", soon(at, now))).unwrap_or_default();
    Some(format!("{reason}{exit}{next}"))
}

#[expect(clippy::cast_precision_loss, reason = "seconds are shown")]
fn soon(at: u64, now: u64) -> String {
    match at.saturating_sub(now) {
        0..1000 => "now".to_owned(),
        millis => format!("in {}", duration(millis as f64 / 1000.0)),
    }
}

/// How a process ended: `exit status 1`, `signal 9`.
#[must_use]
pub fn ending(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit status {code}"),
        Exit::Signal(number) => format!("signal {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::record::Reason;
    use crate::session::view::{LastExit, OwnerView};

    fn server(name: &str, state: &'static str) -> ServerView {
        ServerView::blank(name.parse().expect("a name"), state)
    }

    fn running(name: &str, pid: i32) -> ServerView {
        ServerView {
            pid: Some(pid),
            uptime_seconds: Some(41.0),
            cpu_percent_now: 1.4,
            memory_bytes: 304 << 20,
            memory_peak_bytes: Some(311 << 20),
            memory_trend_bytes_per_hour: Some(1e5),
            processes: 3,
            ..server(name, "running")
        }
    }

    fn shown(servers: Vec<ServerView>, all: bool) -> String {
        let session = SessionView {
            id: "pts3-4821-k7f2".to_owned(),
            current: true,
            owner: OwnerView { pid: 4821, alive: true },
            tty: Some("/dev/pts/3".into()),
            shell: "zsh".to_owned(),
            created: 0,
            sum: Sum::of(&servers),
            servers,
        };
        anstream::adapter::strip_str(&sessions(&[session], all)).to_string()
    }

    #[test]
    fn a_table_has_the_columns_that_say_something() {
        insta::assert_snapshot!(shown(vec![running("files", 48301)], false), @r"
          NAME   STATE      PID  UPTIME   CPU   MEMORY  PROCS
        ● files  running  48301     41s  1.4%  304 MiB      3
        ");
        let grown = ServerView {
            port: Some(3001),
            public: true,
            restarts: 2,
            memory_peak_bytes: Some(3 << 30),
            memory_trend_bytes_per_hour: Some(25e6),
            uptime_seconds: Some(7300.0),
            ..running("web", 51)
        };
        insta::assert_snapshot!(shown(vec![running("directory-polling", 48301), grown, server("old", "stopped")], true), @r"
        pts3-4821-k7f2 (zsh 4821, /dev/pts/3, this one)
          NAME               STATE      PID   PORT  UPTIME  RESTARTS   CPU   MEMORY     PEAK        TREND  PROCS
        ● directory-polling  running  48301      -     41s         -  1.4%  304 MiB        -            -      3
        ● web                running     51  3001!  2h 01m         2  1.4%  304 MiB  3.0 GiB  +23.8 MiB/h      3
        ○ old                stopped      -      -       -         -     -        -        -            -      -
          2 running                                                   2.8%  608 MiB                            6
        ");
        insta::assert_snapshot!(shown(Vec::new(), false), @"  no servers in session pts3-4821-k7f2");
    }

    #[test]
    fn what_does_not_run_is_explained_below_its_row() {
        let ended = |exit| LastExit { exit: Some(exit), reason: Reason::Exited, at: 0 };
        let waiting = ServerView {
            reason: Some("it ended by itself".to_owned()),
            last_exit: Some(ended(Exit::Code(1))),
            next_attempt: Some(4_000),
            ..server("web", "waiting")
        };
        assert_eq!(
            explanation(&waiting, 1_000).as_deref(),
            Some("it ended by itself: exit status 1; next attempt in 3s")
        );
        assert_eq!(
            explanation(&waiting, 3_999).as_deref(),
            Some("it ended by itself: exit status 1; next attempt now")
        );
        let killed = ServerView { exit: Some(Exit::Signal(9)), next_attempt: None, ..waiting.clone() };
        assert_eq!(explanation(&killed, 0).as_deref(), Some("it ended by itself: signal 9"));
        assert_eq!(explanation(&running("web", 7), 0), None);
    }
}
