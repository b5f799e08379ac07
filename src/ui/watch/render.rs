//! Drawing the live view. Everything that is drawn is in the [`State`]; the layout is arithmetic, from top to bottom: a
//! title, the servers, two graphs and the log of the selected one as far as there is room, what came of the last request,
//! the keys.

use anstream::adapter::strip_str;
use anstyle::{AnsiColor, Color as Anstyle};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::{Sparkline, Widget};

use super::series;
use super::state::{Message, State};
use crate::session::view::ServerView;
use crate::text;
use crate::ui::grid::{Cell, Grid};
use crate::ui::{style, table};
use crate::units::size::{bytes, trend};
use crate::units::time::duration;
use crate::units::{count, percent};

/// The keys, the more important ones first.
const KEYS: [(&str, &str); 5] = [("q", "quit"), ("↑↓", "select"), ("x", "stop"), ("r", "restart"), ("s", "sort")];
/// How many lines a graph has, its title included.
const GRAPH: u16 = 5;
/// The least number of lines between title and keys for which there are graphs.
const ROOM_FOR_GRAPHS: u16 = 13;
/// The least number of columns for two graphs beside each other.
const ROOM_FOR_TWO: u16 = 50;

/// Draws the state.
pub fn render(state: &State, frame: &mut Frame<'_>) {
    let area = frame.area();
    let canvas = &mut Canvas { buffer: frame.buffer_mut(), is_coloured: state.is_coloured };
    let mut rest = area;
    title(state, canvas, take_top(&mut rest, 1));
    keys(canvas, take_bottom(&mut rest, 1));
    if let Some(message) = &state.message {
        say(message, canvas, take_bottom(&mut rest, 1));
    }
    let graphs = if rest.height >= ROOM_FOR_GRAPHS && !state.servers.is_empty() { GRAPH } else { 0 };
    // A third of what is left is the log's.
    let most = (rest.height - graphs).saturating_sub(rest.height / 3).max(2);
    let wanted = u16::try_from(state.servers.len() + 1).unwrap_or(u16::MAX);
    servers(state, canvas, take_top(&mut rest, wanted.min(most)));
    if state.selected().is_some() {
        if graphs > 0 {
            show_graphs(state, canvas, take_top(&mut rest, graphs));
        }
        log(state, canvas, rest);
    }
}

/// Where is drawn.
struct Canvas<'b> {
    buffer: &'b mut Buffer,
    is_coloured: bool,
}

impl Canvas<'_> {
    /// Writes text from `x` on, as far as it fits into the area's first line; returns where it ended.
    fn write(&mut self, area: Rect, x: u16, text: &str, style: anstyle::Style) -> u16 {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() || x >= area.right() {
            return x;
        }
        let style = self.style(style);
        let text = text::plain(text);
        self.buffer.set_stringn(x, area.y, text, usize::from(area.right() - x), style).0
    }

    fn style(&self, from: anstyle::Style) -> Style {
        let effects = from.get_effects();
        let mut style = Style::new();
        if let Some(Anstyle::Ansi(colour)) = from.get_fg_color().filter(|_| self.is_coloured) {
            style = style.fg(colour_of(colour));
        }
        for (effect, modifier) in [(anstyle::Effects::BOLD, Modifier::BOLD), (anstyle::Effects::DIMMED, Modifier::DIM)]
        {
            if effects.contains(effect) {
                style = style.add_modifier(modifier);
            }
        }
        style
    }

    /// A line with a title in it, above a part of the screen.
    fn rule(&mut self, area: Rect, title: &str, rest: &str) {
        self.write(area, area.x, &"─".repeat(area.width.into()), style::FAINT);
        let end = self.write(area, area.x + 1, &format!(" {title} "), style::HEAD);
        if !rest.is_empty() {
            self.write(area, end, &format!("· {rest} "), style::FAINT);
        }
    }
}

fn colour_of(colour: AnsiColor) -> Color {
    match colour {
        AnsiColor::Red => Color::Red,
        AnsiColor::Green => Color::Green,
        AnsiColor::Yellow => Color::Yellow,
        AnsiColor::Blue => Color::Blue,
        AnsiColor::Cyan => Color::Cyan,
        _ => Color::Reset,
    }
}

fn title(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let what = match &state.sessions[..] {
        [session] if !state.all => session.id.clone(),
        sessions => count(sessions.len() as u64, "session", "sessions"),
    };
    let sum = state.sum();
    let uses = format!("{} running, {}, {}", sum.running, percent(sum.cpu_percent_now), bytes(sum.memory_bytes));
    let end = canvas.write(area, area.x, &what, style::HEAD);
    let end = canvas.write(area, end, &format!("  {uses}"), anstyle::Style::new());
    canvas.write(area, end, &format!("  by {}", state.sort.text()), style::FAINT);
}

fn keys(canvas: &mut Canvas<'_>, area: Rect) {
    let mut x = area.x;
    for (key, what) in KEYS {
        x = canvas.write(area, x, key, style::HINT);
        x = canvas.write(area, x, &format!(" {what}  "), style::FAINT);
    }
}

fn say(message: &Message, canvas: &mut Canvas<'_>, area: Rect) {
    let (text, style) = match message {
        Message::Pending(text) => (text, style::FAINT),
        Message::Done(text) => (text, style::GOOD),
        Message::Failed(text) => (text, style::ERROR),
    };
    canvas.write(area, area.x, text, style);
}

fn servers(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    if state.servers.is_empty() {
        canvas.write(area, area.x, "  no servers", style::FAINT);
        return;
    }
    let longest = state.places.iter().map(|place| place.session.len()).max().unwrap_or(0);
    let sessions = if state.all { longest + 2 } else { 0 };
    let grid = Grid::of(&state.servers, Some(usize::from(area.width).saturating_sub(sessions)));
    let mut rest = area;
    let heads = grid.heads();
    let session = |text: &str| if state.all { format!("{text:<sessions$}") } else { String::new() };
    row(canvas, take_top(&mut rest, 1), &session("SESSION"), &heads, |_| style::HEAD);
    let height = usize::from(rest.height);
    let first = (state.selection() + 1).saturating_sub(height.max(1));
    for (index, cells) in grid.rows().enumerate().skip(first).take(height) {
        let line = take_top(&mut rest, 1);
        let of_state = style::of_state(&state.servers[index].state);
        let style = |cell: &Cell| if cell.is_state { of_state } else { anstyle::Style::new() };
        row(canvas, line, &session(&state.places[index].session), &cells, style);
        if index == state.selection() {
            canvas.buffer.set_style(line, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

fn row(canvas: &mut Canvas<'_>, area: Rect, session: &str, cells: &[Cell], style: impl Fn(&Cell) -> anstyle::Style) {
    let mut x = canvas.write(area, area.x, session, style::FAINT);
    for cell in cells {
        x = canvas.write(area, x, &cell.text, style(cell));
    }
}

fn show_graphs(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let (Some(server), Some(history)) = (state.selected(), state.history()) else { return };
    let window = series::window(history, state.now);
    let span = format!("last {}", duration(window.as_secs_f64()).replace(" 00s", "").replace(" 00m", ""));
    let both = area.width >= ROOM_FOR_TWO;
    let mut left = area;
    if both {
        left.width = area.width / 2 - 1;
    }
    let memory = series::columns(&series::memory(history), state.now, window, left.width.into());
    let (head, rest) = about_memory(server);
    graph(canvas, left, (&head, &(span.clone() + &rest)), &memory, AnsiColor::Cyan);
    if both {
        let right = Rect { x: left.right() + 2, width: area.width - left.width - 2, ..area };
        let cpu = series::columns(&series::cpu(history), state.now, window, right.width.into());
        let (head, rest) = about_cpu(server);
        graph(canvas, right, (&head, &(span + &rest)), &cpu, AnsiColor::Green);
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

fn graph(canvas: &mut Canvas<'_>, area: Rect, title: (&str, &str), points: &[Option<u64>], colour: AnsiColor) {
    let mut rest = area;
    canvas.rule(take_top(&mut rest, 1), title.0, title.1);
    let style = canvas.style(colour.on_default());
    // Nothing and zero must look alike, and the highest must not touch the title's line.
    let highest = points.iter().flatten().max().copied().unwrap_or(0).max(1);
    let line = Sparkline::default().data(points.iter().copied()).style(style).absent_value_symbol(" ");
    line.max(highest).render(rest, canvas.buffer);
}

fn log(state: &State, canvas: &mut Canvas<'_>, area: Rect) {
    let Some(server) = state.selected().filter(|_| area.height >= 2) else { return };
    let mut rest = area;
    canvas.rule(take_top(&mut rest, 1), &server.name.to_string(), &facts(server));
    if let Some(why) = table::explanation(server, state.now) {
        canvas.write(take_top(&mut rest, 1), area.x, &why, style::of_state(&server.state));
    }
    for warning in &server.warnings {
        canvas.write(take_top(&mut rest, 1), area.x, warning, style::ERROR);
    }
    let skipped = state.log.len().saturating_sub(rest.height.into());
    for text in &state.log[skipped..] {
        let text = strip_str(text).to_string().replace('\t', "  ");
        let line = take_top(&mut rest, 1);
        let (time, text) = time_of(&text);
        let end = canvas.write(line, area.x, time, style::FAINT);
        canvas.write(line, end, text, anstyle::Style::new());
    }
}

/// The time of day in front of a logged line, and the rest of it; the date takes more room than it is worth here.
fn time_of(line: &str) -> (&str, &str) {
    let Some((stamp, _)) = line.split_once(' ').filter(|(stamp, _)| stamp.len() == 24 && stamp.ends_with('Z')) else {
        return ("", line);
    };
    (stamp.get(11..19).unwrap_or_default(), &line[stamp.len()..])
}

/// What the table has no column for.
fn facts(server: &ServerView) -> String {
    let Some(tree) = &server.tree else { return String::new() };
    let processes = count(tree.processes() as u64, "process", "processes");
    let threads = count(tree.threads, "thread", "threads");
    let files = count(tree.open_files, "open file", "open files");
    format!("{processes}, {threads}, {files}")
}

/// Cuts `height` lines off the top of what is left.
fn take_top(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    let top = Rect { height, ..*rest };
    *rest = Rect { y: rest.y + height, height: rest.height - height, ..*rest };
    top
}

fn take_bottom(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    rest.height -= height;
    Rect { y: rest.y + rest.height, height, ..*rest }
}
