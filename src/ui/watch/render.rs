//! Drawing the live view. Everything that is drawn is in the [`State`]; from top to bottom: a title, the servers, two graphs
//! and the log of the selected one as far as there is room, what came of the last request, the keys.

use anstream::adapter::strip_str;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row, Sparkline, Table, TableState};

use super::parts::{part, span};
use super::state::{Message, State};
use super::{series, traffic};
use crate::session::view::ServerView;
use crate::ui::columns::Side;
use crate::ui::grid::Grid;
use crate::ui::style::{self, ERROR, FAINT, GOOD, HEAD, HINT, USUAL};
use crate::ui::table;
use crate::units::size::{bytes, trend};
use crate::units::time::duration;
use crate::units::{count, percent};

/// The keys, the more important ones first.
const KEYS: [(&str, &str); 5] = [("q", "quit"), ("↑↓", "select"), ("x", "stop"), ("r", "restart"), ("s", "sort")];
/// How many lines a graph has, its title included.
const GRAPH: u16 = 5;
/// The least number of lines between title and keys for which there are graphs.
const ROOM_FOR_GRAPHS: u16 = 13;
/// The least number of lines between title and keys for which there are methods, and for what passes at all.
const ROOM_FOR_METHODS: u16 = 18;
const ROOM_FOR_TRAFFIC: u16 = 9;
/// The least number of columns for two graphs beside each other.
const ROOM_FOR_TWO: u16 = 50;
/// The space between columns, and between graphs.
const GAP: u16 = 2;

pub fn render(state: &State, frame: &mut Frame<'_>) {
    let line = Constraint::Length(1);
    let message = Constraint::Length(state.message.is_some().into());
    let areas = Layout::vertical([line, Constraint::Fill(1), message, line]).areas(frame.area());
    let [title_area, area, message_area, keys_area] = areas;
    frame.render_widget(title(state), title_area);
    body(state, area, frame);
    frame.render_widget(state.message.as_ref().map(said), message_area);
    frame.render_widget(keys(), keys_area);
    if !state.is_coloured {
        frame.buffer_mut().content.iter_mut().for_each(|cell| cell.fg = Color::Reset);
    }
}

/// The servers, and what is known of the selected one.
fn body(state: &State, area: Rect, frame: &mut Frame<'_>) {
    let Some(server) = state.selected() else {
        return frame.render_widget(span("  no servers", FAINT), area);
    };
    let graphs = if area.height >= ROOM_FOR_GRAPHS { GRAPH } else { 0 };
    let passed = server.record.as_ref().and_then(|record| Some((record, record.traffic.as_ref()?)));
    let of_traffic = match passed {
        Some((_, traffic)) if area.height >= ROOM_FOR_METHODS => traffic::height(traffic),
        Some(_) if area.height >= ROOM_FOR_TRAFFIC => 1,
        _ => 0,
    };
    // A third is the log's.
    let most = (area.height - graphs - of_traffic).saturating_sub(area.height / 3).max(2);
    let lines = u16::try_from(state.servers.len() + 1).unwrap_or(u16::MAX).min(most);
    let [lines, graphs, of_traffic] = [lines, graphs, of_traffic].map(Constraint::Length);
    let heights = [lines, graphs, of_traffic, Constraint::Fill(1)];
    let [servers_area, graphs_area, traffic_area, log_area] = Layout::vertical(heights).areas(area);
    servers(state, servers_area, frame);
    show_graphs(state, server, graphs_area, frame);
    if let Some((record, traffic)) = passed {
        traffic::show(state, record, traffic, traffic_area, frame);
    }
    log(state, server, log_area, frame);
}

fn title(state: &State) -> Line<'static> {
    let what = match &state.sessions[..] {
        [session] if !state.all => session.id.clone(),
        sessions => count(sessions.len() as u64, "session", "sessions"),
    };
    let sum = state.sum();
    let uses = format!("  {} running, {}, {}", sum.running, percent(sum.cpu_percent_now), bytes(sum.memory_bytes));
    Line::from_iter([span(&what, HEAD), span(&uses, USUAL), span(&format!("  by {}", state.sort), FAINT)])
}

fn keys() -> Line<'static> {
    KEYS.iter().flat_map(|(key, what)| [span(key, HINT), span(&format!(" {what}  "), FAINT)]).collect()
}

fn said(message: &Message) -> Span<'static> {
    match message {
        Message::Pending(text) => span(text, FAINT),
        Message::Done(text) => span(text, GOOD),
        Message::Failed(text) => span(text, ERROR),
    }
}

fn servers(state: &State, area: Rect, frame: &mut Frame<'_>) {
    let sessions = session_width(state);
    let grid = Grid::of(&state.servers, Some(area.width.saturating_sub(sessions.map_or(0, |it| it + GAP)).into()));
    let heads = row(&grid, sessions.map(|_| "SESSION"), &grid.heads(), HEAD, HEAD);
    let rows = grid.rows().iter().zip(state.places.iter().zip(&state.servers)).map(|(cells, (place, server))| {
        let session = sessions.map(|_| place.session.as_str());
        row(&grid, session, cells, style::of_state(&server.state), USUAL)
    });
    let table = Table::new(rows, widths(&grid, sessions))
        .header(heads)
        .column_spacing(GAP)
        .row_highlight_style(Modifier::REVERSED);
    frame.render_stateful_widget(table, area, &mut TableState::new().with_selected(state.selection()));
}

/// How wide the column with the sessions is, if there is one.
fn session_width(state: &State) -> Option<u16> {
    let longest = state.places.iter().map(|place| place.session.chars().count()).max().unwrap_or(0);
    state.all.then(|| u16::try_from(longest.max("SESSION".len())).unwrap_or(u16::MAX))
}

/// The sign and the name share a column.
fn widths(grid: &Grid, sessions: Option<u16>) -> Vec<u16> {
    let widths = grid.columns().iter().map(|(_, width)| u16::try_from(width).unwrap_or(u16::MAX));
    let [sign, name, rest @ ..] = &widths.collect::<Vec<_>>()[..] else { return Vec::new() };
    sessions.into_iter().chain([sign + 1 + name]).chain(rest.iter().copied()).collect()
}

fn row(
    grid: &Grid,
    session: Option<&str>,
    cells: &[String],
    of_state: anstyle::Style,
    usual: anstyle::Style,
) -> Row<'static> {
    let style = |column| if grid.is_state(column) { of_state } else { usual };
    let name = Line::from_iter([span(&format!("{:1} ", cells[0]), style(0)), span(&cells[1], style(1))]);
    let rest = grid.columns().iter().zip(cells).enumerate().skip(2).map(|(column, ((side, _), cell))| {
        let line = Line::from(span(cell, style(column)));
        if side == Side::Right { line.right_aligned() } else { line }
    });
    session.map(|session| span(session, FAINT).into()).into_iter().chain([name]).chain(rest).collect()
}

fn show_graphs(state: &State, server: &ServerView, area: Rect, frame: &mut Frame<'_>) {
    let Some(history) = state.history() else { return };
    let window = series::window(history, state.now);
    let span = format!("last {}", duration(window.as_secs_f64()).replace(" 00s", "").replace(" 00m", ""));
    let (memory, cpu) = (series::memory(history), series::cpu(history));
    let graphs = [(about_memory(server), memory, Color::Cyan), (about_cpu(server), cpu, Color::Green)];
    let shown = if area.width >= ROOM_FOR_TWO { 2 } else { 1 };
    let areas = Layout::horizontal(vec![Constraint::Fill(1); shown]).spacing(GAP).split(area);
    for ((about, points, colour), &area) in graphs.into_iter().zip(areas.iter()) {
        let columns = series::columns(&points, state.now, window, area.width.into());
        let (head, rest) = about;
        frame.render_widget(graph(&columns, colour).block(part(&head, &format!("{span}{rest}"))), area);
    }
}

/// The title of the graph of memory, and what is less important.
fn about_memory(server: &ServerView) -> (String, String) {
    let Some(tree) = &server.tree else { return ("memory".to_owned(), String::new()) };
    let growth = tree.memory_trend_bytes_per_hour.map(|rate| format!(", {}", trend(rate))).unwrap_or_default();
    let peak = server.memory_peak_bytes().map(|peak| format!(", peak {}", bytes(peak))).unwrap_or_default();
    (format!("memory {}", bytes(tree.memory_bytes)), peak + &growth)
}

/// The same of the processor.
fn about_cpu(server: &ServerView) -> (String, String) {
    let Some(tree) = &server.tree else { return ("CPU".to_owned(), String::new()) };
    (format!("CPU {}", percent(tree.cpu_percent_now)), format!(", {} on average", percent(tree.cpu_percent)))
}

fn graph(columns: &[Option<u64>], colour: Color) -> Sparkline<'static> {
    // Nothing and zero must look alike.
    let highest = columns.iter().flatten().max().copied().unwrap_or(0).max(1);
    Sparkline::default().data(columns.to_vec()).style(colour).absent_value_symbol(" ").max(highest)
}

fn log(state: &State, server: &ServerView, area: Rect, frame: &mut Frame<'_>) {
    let block = part(&server.name.to_string(), &facts(server));
    let why = table::explanation(server, state.now).map(|why| span(&why, style::of_state(&server.state)));
    let warnings = server.warnings.iter().map(|warning| span(warning, ERROR));
    let mut lines: Vec<Line<'static>> = why.into_iter().chain(warnings).map(Line::from).collect();
    let room = usize::from(block.inner(area).height).saturating_sub(lines.len());
    let skipped = state.log.len().saturating_sub(room);
    lines.extend(state.log[skipped..].iter().map(|line| logged(line)));
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// A logged line with the time of day in front; the date takes more room than it is worth here.
fn logged(line: &str) -> Line<'static> {
    let line = strip_str(line).to_string().replace('\t', "  ");
    match line.split_once(' ') {
        Some((stamp, _)) if stamp.len() == 24 && stamp.ends_with('Z') => {
            let time = stamp.get(11..19).unwrap_or_default();
            Line::from_iter([span(time, FAINT), span(&line[stamp.len()..], USUAL)])
        }
        _ => span(&line, USUAL).into(),
    }
}

/// What the table has no column for.
fn facts(server: &ServerView) -> String {
    let Some(tree) = &server.tree else { return String::new() };
    let processes = count(tree.processes() as u64, "process", "processes");
    let threads = count(tree.threads, "thread", "threads");
    let files = count(tree.open_files, "open file", "open files");
    format!("{processes}, {threads}, {files}")
}
