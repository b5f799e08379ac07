//! The sockets of a process, and what the tables of its network say of them (`proc_pid_net(5)`).

use std::fs;
use std::path::{Path, PathBuf};

/// The states `TCP_ESTABLISHED` and `TCP_SYN_SENT`.
const CONNECTED: [&str; 2] = ["01", "02"];
/// The state `TCP_LISTEN`.
const LISTENS: &str = "0A";

/// Whether the process at this place in `/proc` accepts connections, by TCP or at a path; `None` if the system does not tell.
pub fn listens(process: &Path) -> Option<bool> {
    let sockets = Sockets::of(process)?;
    Some(sockets.are_in("tcp", of_tcp) || sockets.are_in("tcp6", of_tcp) || sockets.are_in("unix", of_unix))
}

/// Whether it has a connection by TCP, or waits for one.
pub fn has_connection(process: &Path) -> Option<bool> {
    let sockets = Sockets::of(process)?;
    let in_table = |(table, state)| sockets.are_in(table, |line| in_state(line, state));
    Some(["tcp", "tcp6"].iter().flat_map(|table| CONNECTED.map(|state| (*table, state))).any(in_table))
}

/// What a process has open.
struct Sockets<'process> {
    process: &'process Path,
    numbers: Vec<String>,
}

impl<'process> Sockets<'process> {
    fn of(process: &'process Path) -> Option<Self> {
        let entries = fs::read_dir(process.join("fd")).ok()?.flatten();
        let links = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
        let number = |link: PathBuf| {
            let link = link.to_string_lossy();
            link.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']')).map(str::to_owned)
        };
        Some(Self { process, numbers: links.filter_map(number).collect() })
    }

    /// Whether one of them is in a table, in a line of which `number` makes the number of a socket.
    fn are_in(&self, table: &str, number: impl Fn(&str) -> Option<&str>) -> bool {
        if self.numbers.is_empty() {
            return false;
        }
        let text = fs::read_to_string(self.process.join("net").join(table)).unwrap_or_default();
        text.lines().filter_map(number).any(|number| self.numbers.iter().any(|own| own == number))
    }
}

/// The number of the socket in a line of `/proc/net/tcp`, if it is one that listens.
fn of_tcp(line: &str) -> Option<&str> {
    in_state(line, LISTENS)
}

/// The number of the socket in a line of it, if it is in this state.
fn in_state<'line>(line: &'line str, state: &str) -> Option<&'line str> {
    let mut fields = line.split_ascii_whitespace();
    (fields.nth(3)? == state).then_some(())?;
    fields.nth(5)
}

/// The number of the socket in a line of `/proc/net/unix`, if it is one that listens (`__SO_ACCEPTCON`).
fn of_unix(line: &str) -> Option<&str> {
    let mut fields = line.split_ascii_whitespace();
    (fields.nth(3)? == "00010000").then_some(())?;
    fields.nth(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_that_listen_are_told_from_others() {
        assert_eq!(of_tcp("0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0  1000 0 4711 1 0 100"), Some("4711"));
        assert_eq!(of_tcp("0: 0100007F:1F90 00000000:0000 01 0:0 00:0 0  1000 0 4711 1 0 100"), None);
        assert_eq!(of_unix("0: 00000002 00000000 00010000 0001 01 4712 /run/x"), Some("4712"));
        assert_eq!(of_unix("0: 00000002 00000000 00000000 0001 01 4712"), None);
    }
}
