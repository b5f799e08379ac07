//! The columns of `status`: which there are, and which of them say something.

use super::columns::{Columns, Side, cut};
use crate::session::view::{ServerView, TreeView, UsageSum};
use crate::units::percent;
use crate::units::size::{self, bytes};
use crate::units::time::duration;

/// A column: its head, where its text stands, and what is in it; nothing where there is nothing to say.
struct Column {
    head: &'static str,
    side: Side,
    /// Whether the column stays away where it has nothing to say of any server.
    is_optional: bool,
    /// Where there is too little room, columns go in this order; those with 0 stay.
    goes: u8,
    cell: fn(&ServerView) -> Option<String>,
    /// The cell below all servers of a session.
    sum: fn(&UsageSum) -> Option<String>,
}

/// What is longer of a client's name is cut.
const LONGEST_CLIENT: usize = 24;

const COLUMNS: [Column; 13] = [
    Column { side: Side::Left, goes: 0, ..number("", |it| Some(bullet(it))) },
    Column {
        side: Side::Left,
        goes: 0,
        sum: |it| Some(format!("{} running", it.running)),
        ..number("NAME", |it| Some(it.name.to_string()))
    },
    Column { side: Side::Left, goes: 9, ..number("STATE", |it| Some(it.state.to_string())) },
    Column { goes: 6, ..number("PID", |it| it.process.map(|process| process.pid.to_string())) },
    Column { goes: 7, ..optional("PORT", port) },
    Column { goes: 8, ..number("UPTIME", |it| it.uptime_seconds().map(duration)) },
    Column {
        goes: 3,
        ..optional("RESTARTS", |it| Some(it.restarts()).filter(|&times| times > 0).map(|times| times.to_string()))
    },
    Column {
        goes: 10,
        sum: |it| Some(percent(it.cpu_percent_now)),
        ..number("CPU", |it| of_tree(it, |tree| percent(tree.cpu_percent_now)))
    },
    Column {
        goes: 11,
        sum: |it| Some(bytes(it.memory_bytes)),
        ..number("MEMORY", |it| of_tree(it, |tree| bytes(tree.memory_bytes)))
    },
    Column { goes: 1, ..optional("PEAK", peak) },
    Column { goes: 4, ..optional("TREND", trend) },
    Column {
        goes: 2,
        sum: |it| Some(it.processes.to_string()),
        ..number("PROCS", |it| of_tree(it, |tree| tree.processes().to_string()))
    },
    Column { side: Side::Left, goes: 5, ..optional("CLIENT", client) },
];

const fn number(head: &'static str, cell: fn(&ServerView) -> Option<String>) -> Column {
    Column { head, side: Side::Right, is_optional: false, goes: 0, cell, sum: |_| None }
}

const fn optional(head: &'static str, cell: fn(&ServerView) -> Option<String>) -> Column {
    Column { is_optional: true, ..number(head, cell) }
}

fn bullet(server: &ServerView) -> String {
    if server.state.is_running() { "●" } else { "○" }.to_owned()
}

/// The port; with a mark if others than this machine reach it.
fn port(server: &ServerView) -> Option<String> {
    server.endpoint().map(|it| format!("{}{}", it.number, if it.public { " public" } else { "" }))
}

fn client(server: &ServerView) -> Option<String> {
    let client = server.record.as_ref()?.client.as_ref()?;
    Some(cut(&client.name, LONGEST_CLIENT))
}

fn of_tree(server: &ServerView, cell: fn(&TreeView) -> String) -> Option<String> {
    server.tree.as_ref().map(cell)
}

/// A peak that stands out from what is used now.
fn peak(server: &ServerView) -> Option<String> {
    let now = server.tree.as_ref()?.memory_bytes;
    server.memory_peak_bytes().filter(|&peak| peak / 10 * 9 > now).map(bytes)
}

/// Growth that is worth a column.
fn trend(server: &ServerView) -> Option<String> {
    server.tree.as_ref()?.memory_trend_bytes_per_hour.filter(|&rate| !size::is_steady(rate)).map(size::trend)
}

/// Some servers as cells in columns.
pub struct Grid {
    shown: Vec<&'static Column>,
    columns: Columns,
    /// A row of cells for each server.
    rows: Vec<Vec<String>>,
    /// What the servers use together, if they are several.
    sum: Option<Vec<String>>,
}

impl Grid {
    /// The columns that say something of these servers, as far as they find room.
    pub fn of(servers: &[ServerView], room: Option<usize>) -> Self {
        let mut grid = Self::with(COLUMNS.iter().filter(|column| speaks(column, servers)).collect(), servers);
        while room.is_some_and(|room| grid.columns.width() > room) {
            let Some(first) = grid.shown.iter().map(|column| column.goes).filter(|&goes| goes > 0).min() else { break };
            grid.shown.retain(|column| column.goes != first);
            grid = Self::with(grid.shown, servers);
        }
        grid
    }

    fn with(shown: Vec<&'static Column>, servers: &[ServerView]) -> Self {
        let sum = UsageSum::of(servers);
        let mut grid = Self {
            rows: servers.iter().map(|server| cells(&shown, server)).collect(),
            sum: (sum.running > 1).then(|| shown.iter().map(|it| (it.sum)(&sum).unwrap_or_default()).collect()),
            columns: Columns::default(),
            shown,
        };
        let sides = grid.shown.iter().map(|column| column.side);
        grid.columns = Columns::fit(sides, grid.rows.iter().chain(&grid.sum).chain([&grid.heads()]));
        grid
    }

    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    pub fn heads(&self) -> Vec<String> {
        self.shown.iter().map(|column| column.head.to_owned()).collect()
    }

    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    pub fn sum(&self) -> Option<&Vec<String>> {
        self.sum.as_ref()
    }

    /// Whether a column tells the server's state.
    pub fn is_state(&self, column: usize) -> bool {
        matches!(self.shown[column].head, "" | "STATE")
    }
}

fn speaks(column: &Column, servers: &[ServerView]) -> bool {
    !column.is_optional || servers.iter().any(|server| (column.cell)(server).is_some())
}

fn cells(columns: &[&Column], server: &ServerView) -> Vec<String> {
    columns.iter().map(|column| (column.cell)(server).unwrap_or_else(|| "-".to_owned())).collect()
}
