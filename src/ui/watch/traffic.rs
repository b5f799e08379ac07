//! What passes between the selected server and its client, in the live view.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::parts::{part, span};
use super::state::State;
use crate::session::view::{RecordView, TrafficView};
use crate::ui::style::USUAL;
use crate::ui::traffic;

/// The methods that are shown: those with the most requests.
const METHODS: usize = 3;

/// How many lines it has where there is room: its title, and one for each method.
pub fn height(traffic: &TrafficView) -> u16 {
    1 + u16::try_from(traffic.methods.len().min(METHODS)).unwrap_or(0)
}

pub fn show(state: &State, record: &RecordView, traffic: &TrafficView, area: Rect, frame: &mut Frame<'_>) {
    let client = record.client.as_ref().map(|client| client.name.clone());
    let requests = format!("requests {}", traffic::requests(traffic, state.now));
    let last = traffic::last(traffic, state.now).map(|last| format!("last message {last}"));
    let rest: Vec<String> = client.into_iter().chain(last).collect();
    let lines: Vec<Line<'static>> =
        traffic::methods(traffic).iter().take(METHODS).map(|line| span(line, USUAL).into()).collect();
    frame.render_widget(Paragraph::new(lines).block(part(&requests, &rest.join(", "))), area);
}
