//! The columns of `status`: which there are, which of them say something, and how wide they are.

use crate::session::view::{ServerView, TreeView, UsageSum};
use crate::units::percent;
use crate::units::size::{self, bytes};
use crate::units::time::duration;

/// A column: its head, whether it stands to the right, and what is in it; nothing where there is nothing to say.
struct Column {
    head: &'static str,
    is_right: bool,
    /// Whether the column stays away where it has nothing to say of any server.
    is_optional: bool,
    /// Where there is too little room, columns go in this order; those with 0 stay.
    goes: u8,
    cell: fn(&ServerView) -> Option<String>,
    /// The cell below all servers of a session.
    sum: fn(&UsageSum) -> Option<String>,
}

const COLUMNS: [Column; 12] = [
    Column { is_right: false, goes: 0, ..number("", |it| Some(bullet(it))) },
    Column {
        is_right: false,
        goes: 0,
        sum: |it| Some(format!("{} running", it.running)),
        ..number("NAME", |it| Some(it.name.to_string()))
    },
    Column { is_right: false, goes: 8, ..number("STATE", |it| Some(it.state.to_string())) },
    Column { goes: 5, ..number("PID", |it| it.process.map(|process| process.pid.to_string())) },
    Column { goes: 6, ..optional("PORT", port) },
    Column { goes: 7, ..number("UPTIME", |it| it.uptime_seconds().map(duration)) },
    Column {
        goes: 3,
        ..optional("RESTARTS", |it| Some(it.restarts()).filter(|&times| times > 0).map(|times| times.to_string()))
    },
    Column {
        goes: 9,
        sum: |it| Some(percent(it.cpu_percent_now)),
        ..number("CPU", |it| of_tree(it, |tree| percent(tree.cpu_percent_now)))
    },
    Column {
        goes: 10,
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
];

const fn number(head: &'static str, cell: fn(&ServerView) -> Option<String>) -> Column {
    Column { head, is_right: true, is_optional: false, goes: 0, cell, sum: |_| None }
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

/// Some servers as cells that are padded to the widths of their columns.
pub struct Grid {
    columns: Vec<&'static Column>,
    widths: Vec<usize>,
    /// A row of cells for each server.
    rows: Vec<Vec<String>>,
    /// What the servers use together, if they are several.
    sum: Option<Vec<String>>,
}

/// A cell of a [`Grid`], with the space in front of it.
pub struct Cell {
    /// The text, padded.
    pub text: String,
    /// Whether it tells the server's state.
    pub is_state: bool,
}

impl Grid {
    /// The columns that say something of these servers, as far as they find room.
    pub fn of(servers: &[ServerView], room: Option<usize>) -> Self {
        let speaks =
            |column: &&Column| !column.is_optional || servers.iter().any(|server| (column.cell)(server).is_some());
        let columns: Vec<&Column> = COLUMNS.iter().filter(speaks).collect();
        let mut grid = Self::with(columns, servers);
        while room.is_some_and(|room| grid.width() > room) {
            let goes = |column: &&&Column| column.goes > 0;
            let Some(first) = grid.columns.iter().filter(goes).map(|column| column.goes).min() else { break };
            grid.columns.retain(|column| column.goes != first);
            grid = Self::with(grid.columns, servers);
        }
        grid
    }

    fn with(columns: Vec<&'static Column>, servers: &[ServerView]) -> Self {
        let cells = |server| columns.iter().map(|it| (it.cell)(server).unwrap_or_else(|| "-".to_owned())).collect();
        let rows: Vec<Vec<String>> = servers.iter().map(cells).collect();
        let sum = UsageSum::of(servers);
        let sum: Option<Vec<String>> =
            (sum.running > 1).then(|| columns.iter().map(|it| (it.sum)(&sum).unwrap_or_default()).collect());
        let width = |(index, column): (usize, &&Column)| {
            let widths = rows.iter().chain(&sum).map(|row| row[index].chars().count());
            widths.max().unwrap_or(0).max(column.head.len())
        };
        let widths = columns.iter().enumerate().map(width).collect();
        Self { columns, widths, rows, sum }
    }

    fn width(&self) -> usize {
        (0..self.columns.len()).map(|column| gap(column) + self.widths[column]).sum()
    }

    /// The heads of the columns.
    pub fn heads(&self) -> Vec<Cell> {
        let heads: Vec<String> = self.columns.iter().map(|column| column.head.to_owned()).collect();
        self.line(&heads)
    }

    /// The rows, one for each server.
    pub fn rows(&self) -> impl Iterator<Item = Vec<Cell>> {
        self.rows.iter().map(|row| self.line(row))
    }

    /// What the servers use together, if they are several.
    pub fn sum(&self) -> Option<Vec<Cell>> {
        self.sum.as_ref().map(|sum| self.line(sum))
    }

    fn line(&self, cells: &[String]) -> Vec<Cell> {
        let layout: Vec<(bool, usize)> =
            self.columns.iter().map(|column| column.is_right).zip(self.widths.iter().copied()).collect();
        let is_state = |column: &Column| matches!(column.head, "" | "STATE");
        let cells = pad(cells, &layout).into_iter().zip(&self.columns);
        cells.map(|(text, column)| Cell { text, is_state: is_state(column) }).collect()
    }
}

/// The cells of a line with the space in front of each, by a layout: whether a column stands to the right, and its width.
/// Nothing is padded at the end of a line.
pub fn pad(cells: &[String], layout: &[(bool, usize)]) -> Vec<String> {
    let last = cells.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
    let cell = |(index, (cell, &(is_right, width))): (usize, (&String, &(bool, usize)))| {
        let gap = " ".repeat(gap(index));
        match is_right {
            true => format!("{gap}{cell:>width$}"),
            false if index == last => gap + cell,
            false => format!("{gap}{cell:<width$}"),
        }
    };
    cells.iter().zip(layout).enumerate().take(last + 1).map(cell).collect()
}

/// A line of cells that are painted by the number of their column.
pub fn line(cells: &[String], layout: &[(bool, usize)], style: impl Fn(usize, &str) -> String) -> String {
    let painted = |(column, cell): (usize, String)| if cell.trim().is_empty() { cell } else { style(column, &cell) };
    pad(cells, layout).into_iter().enumerate().map(painted).chain(["\n".to_owned()]).collect()
}

/// The space in front of a column.
fn gap(column: usize) -> usize {
    [0, 1].get(column).copied().unwrap_or(2)
}
