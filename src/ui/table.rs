//! `status` as a table for people.

use std::fmt::Write;

use anstyle::Style;

use super::grid::Grid;
use super::style::{self, paint};
use crate::context;
use crate::session::view::{ServerView, SessionView, StateView};
use crate::sys::wait::Exit;
use crate::text::{plain, tame};
use crate::units::time::duration;

/// A table for each session; with `all`, headed by the session. Where there is too little `room`, in columns of the
/// terminal, what matters less is left out.
pub fn sessions(sessions: &[SessionView], all: bool, room: Option<usize>) -> String {
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
            text += &servers(&session.servers, room);
        }
    }
    text
}

fn head(session: &SessionView) -> String {
    let terminal = session.tty.as_ref().map_or("no terminal".to_owned(), |tty| tty.display().to_string());
    let life = match session.owner.place {
        Some(place) => format!(", in {place}"),
        None if session.owner.alive => String::new(),
        None => ", ended".to_owned(),
    };
    let here = if session.current { ", this one" } else { "" };
    let rest = format!(" ({} {}, {terminal}{life}{here})", session.shell, session.owner.pid);
    paint(style::HEAD, &session.id) + &paint(style::FAINT, &rest)
}

/// How many lines of what a failed server said last stand below its row; `status NAME` has the rest.
const FIRST_WORDS: usize = 3;

fn servers(servers: &[ServerView], room: Option<usize>) -> String {
    let grid = Grid::of(servers, room);
    let columns = grid.columns();
    let mut text = columns.line(&grid.heads(), |_| style::HEAD);
    for (row, server) in grid.rows().iter().zip(servers) {
        let state = style::of_state(&server.state);
        text += &columns.line(row, |column| if grid.is_state(column) { state } else { Style::new() });
        if let Some(why) = explanation(server, context::wall_millis()) {
            let _ = writeln!(text, "    {}", paint(style::FAINT, &why));
        }
        for words in server.state.last_words().iter().take(FIRST_WORDS) {
            let _ = writeln!(text, "      {0}{1}{0:#}", style::FAINT, tame(words.as_bytes()));
        }
        for warning in &server.warnings {
            let _ = writeln!(text, "    {} {}", paint(style::ERROR, "warning:"), plain(warning));
        }
    }
    text + &grid.sum().map_or(String::new(), |sum| columns.line(sum, |_| style::FAINT))
}

/// Why a server is not running, how it ended and what comes next, at a time in milliseconds since the epoch.
pub fn explanation(server: &ServerView, now: u64) -> Option<String> {
    let reason = server.state.reason()?;
    let before = || server.last_exit().and_then(|last| last.exit);
    let (exit, next) = match (&server.state, server.state.next_attempt()) {
        (StateView::Idle { .. }, _) => (before(), "; its client's next request starts it".to_owned()),
        (_, None) => (server.state.exit(), String::new()),
        (_, Some(at)) => (before(), format!("; next attempt {}", soon(at, now))),
    };
    let exit = exit.map(|exit| format!(": {}", ending(exit))).unwrap_or_default();
    Some(plain(&format!("{reason}{exit}{next}")))
}

#[expect(clippy::cast_precision_loss, reason = "seconds are shown")]
fn soon(at: u64, now: u64) -> String {
    match at.saturating_sub(now) {
        0..1000 => "now".to_owned(),
        millis => format!("in {}", duration(millis as f64 / 1000.0)),
    }
}

/// How a process ended: `exit status 1`, `signal 9`.
pub fn ending(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit status {code}"),
        Exit::Signal(number) => format!("signal {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::client::ClientProcess;
    use crate::server::end::Reason;
    use crate::server::endpoint::Endpoint;
    use crate::session::view::{LastExit, OwnerView, ProcessView, RecordView, TreeView, UsageSum};

    fn server(name: &str, state: StateView) -> ServerView {
        ServerView::new(name.parse().expect("a name"), state)
    }

    fn running(name: &str, pid: i32) -> ServerView {
        ServerView {
            process: Some(ProcessView { pid, uptime_seconds: 41.0 }),
            tree: Some(TreeView {
                cpu_percent_now: 1.4,
                memory_bytes: 304 << 20,
                memory_trend_bytes_per_hour: Some(1e5),
                pids: vec![pid; 3],
                ..TreeView::default()
            }),
            record: Some(RecordView { memory_peak_bytes: Some(311 << 20), ..RecordView::blank() }),
            ..server(name, StateView::Running)
        }
    }

    fn stopped(name: &str) -> ServerView {
        server(name, StateView::Stopped { reason: "it was stopped".to_owned(), exit: None })
    }

    fn shown(servers: Vec<ServerView>, all: bool) -> String {
        shown_in(None, servers, all)
    }

    fn shown_in(room: Option<usize>, servers: Vec<ServerView>, all: bool) -> String {
        let session = SessionView {
            id: "pts3-4821-k7f2".to_owned(),
            current: true,
            owner: OwnerView { pid: 4821, alive: true, place: None },
            tty: Some("/dev/pts/3".into()),
            shell: "zsh".to_owned(),
            created: 0,
            sum: UsageSum::of(&servers),
            servers,
        };
        anstream::adapter::strip_str(&sessions(&[session], all, room)).to_string()
    }

    #[test]
    fn a_table_has_the_columns_that_say_something() {
        insta::assert_snapshot!(shown(vec![running("files", 48301)], false), @r"
          NAME   STATE      PID  UPTIME   CPU   MEMORY  PROCS
        ● files  running  48301     41s  1.4%  304 MiB      3
        ");
        let usual = running("web", 51);
        let grown = ServerView {
            process: Some(ProcessView { pid: 51, uptime_seconds: 7300.0 }),
            tree: usual.tree.map(|tree| TreeView { memory_trend_bytes_per_hour: Some(25e6), ..tree }),
            record: Some(RecordView {
                endpoint: Some(Endpoint { number: 3001, url: None, shown: None, address: None, public: true }),
                restarts: 2,
                memory_peak_bytes: Some(3 << 30),
                ..RecordView::blank()
            }),
            ..server("web", StateView::Running)
        };
        insta::assert_snapshot!(shown(vec![running("directory-polling", 48301), grown, stopped("old")], true), @r"
        pts3-4821-k7f2 (zsh 4821, /dev/pts/3, this one)
          NAME               STATE      PID         PORT  UPTIME  RESTARTS   CPU   MEMORY     PEAK        TREND  PROCS
        ● directory-polling  running  48301            -     41s         -  1.4%  304 MiB        -            -      3
        ● web                running     51  3001 public  2h 01m         2  1.4%  304 MiB  3.0 GiB  +23.8 MiB/h      3
        ○ old                stopped      -            -       -         -     -        -        -            -      -
            it was stopped
          2 running                                                         2.8%  608 MiB                            6
        ");
        insta::assert_snapshot!(shown(Vec::new(), false), @"  no servers in session pts3-4821-k7f2");
    }

    #[test]
    fn servers_of_clients_say_whose_they_are() {
        let client = |name: &str| Some(ClientProcess { pid: 48200, name: name.to_owned() });
        let of = |name: &str, named: &str| ServerView {
            record: Some(RecordView { client: client(named), ..RecordView::blank() }),
            ..running(name, 51)
        };
        let servers = vec![of("files", "claude-code"), of("web", "a client with a very long name"), running("own", 7)];
        insta::assert_snapshot!(shown(servers, false), @r"
          NAME       STATE    PID  UPTIME   CPU   MEMORY  PROCS  CLIENT
        ● files      running   51     41s  1.4%  304 MiB      3  claude-code
        ● web        running   51     41s  1.4%  304 MiB      3  a client with a very lon…
        ● own        running    7     41s  1.4%  304 MiB      3  -
          3 running                        4.2%  912 MiB      9
        ");
    }

    #[test]
    fn a_narrow_terminal_is_told_what_matters_most() {
        let servers = || vec![running("directory-polling", 48301), running("web", 51)];
        insta::assert_snapshot!(shown_in(Some(62), servers(), false), @r"
          NAME               STATE      PID  UPTIME   CPU   MEMORY
        ● directory-polling  running  48301     41s  1.4%  304 MiB
        ● web                running     51     41s  1.4%  304 MiB
          2 running                                  2.8%  608 MiB
        ");
        insta::assert_snapshot!(shown_in(Some(30), servers(), false), @r"
          NAME                MEMORY
        ● directory-polling  304 MiB
        ● web                304 MiB
          2 running          608 MiB
        ");
    }

    #[test]
    fn what_failed_has_its_last_words_below_the_reason() {
        let words = ["npm error code E404", "npm error 404 \x1b[2J", "three", "four"].map(str::to_owned).to_vec();
        let reason = "it ended by itself".to_owned();
        let failed = server("web", StateView::Failed { reason, exit: Some(Exit::Code(1)), last_words: words });
        insta::assert_snapshot!(shown_in(None, vec![failed], false), @r"
          NAME  STATE   PID  UPTIME  CPU  MEMORY  PROCS
        ○ web   failed    -       -    -       -      -
            it ended by itself: exit status 1
              npm error code E404
              npm error 404 \u{1b}[2J
              three
        ");
    }

    #[test]
    fn what_does_not_run_is_explained_below_its_row() {
        let reason = || "it ended by itself".to_owned();
        let last_exit =
            Some(LastExit { exit: Some(Exit::Code(1)), reason: Reason::Exited, changed: None, finding: None, at: 0 });
        let waiting = ServerView {
            record: Some(RecordView { last_exit, ..RecordView::blank() }),
            ..server("web", StateView::Waiting { reason: reason(), until: 4_000 })
        };
        assert_eq!(
            explanation(&waiting, 1_000).as_deref(),
            Some("it ended by itself: exit status 1; next attempt in 3s")
        );
        assert_eq!(
            explanation(&waiting, 3_999).as_deref(),
            Some("it ended by itself: exit status 1; next attempt now")
        );
        let state = StateView::Exited { reason: reason(), exit: Some(Exit::Signal(9)) };
        let killed = ServerView { state, ..waiting };
        assert_eq!(explanation(&killed, 0).as_deref(), Some("it ended by itself: signal 9"));
        assert_eq!(explanation(&running("web", 7), 0), None);
        let idle = ServerView { state: StateView::Idle { reason: reason() }, ..killed };
        assert_eq!(
            explanation(&idle, 0).as_deref(),
            Some("it ended by itself: exit status 1; its client's next request starts it")
        );
    }
}
