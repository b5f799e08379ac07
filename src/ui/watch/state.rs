//! What the live view shows, and what keys change of it.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::series;
use crate::server::history::{Sample, UsageHistory};
use crate::session::view::{ServerView, SessionView, TreeView, UsageSum};

/// A server in a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The session's id.
    pub session: String,
    /// The server's name.
    pub server: String,
}

/// What servers are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Session and name.
    #[default]
    Name,
    /// The largest share of a processor first.
    Cpu,
    /// The largest memory first.
    Memory,
    /// The youngest first.
    Uptime,
}

impl Sort {
    /// What comes after this one.
    pub fn next(self) -> Self {
        match self {
            Self::Name => Self::Cpu,
            Self::Cpu => Self::Memory,
            Self::Memory => Self::Uptime,
            Self::Uptime => Self::Name,
        }
    }

    /// Its name.
    pub fn text(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Uptime => "uptime",
        }
    }
}

/// What came of something that the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// It is being done.
    Pending(String),
    /// It was done.
    Done(String),
    /// It could not be done.
    Failed(String),
}

/// All that is on the screen.
pub struct State {
    /// Whether every session is shown.
    pub all: bool,
    /// Whether there may be colours.
    pub is_coloured: bool,
    /// When this was looked at, in milliseconds since the epoch.
    pub now: u64,
    /// The sessions, without their servers.
    pub sessions: Vec<SessionView>,
    /// The places of the servers, as sorted.
    pub places: Vec<Place>,
    /// The servers, in the same order.
    pub servers: Vec<ServerView>,
    /// What the servers are sorted by.
    pub sort: Sort,
    /// The last lines that the selected server has logged.
    pub log: Vec<String>,
    /// What came of what the user asked for.
    pub message: Option<Message>,
    selected: usize,
    histories: HashMap<Place, UsageHistory>,
}

impl State {
    /// A view of nothing yet.
    pub fn new(all: bool, is_coloured: bool) -> Self {
        Self {
            all,
            is_coloured,
            now: 0,
            sessions: Vec::new(),
            places: Vec::new(),
            servers: Vec::new(),
            sort: Sort::default(),
            log: Vec::new(),
            message: None,
            selected: 0,
            histories: HashMap::new(),
        }
    }

    /// Takes in what was seen at `now`. What was selected stays so; if it is gone, what has taken its place is.
    pub fn update(&mut self, mut sessions: Vec<SessionView>, now: u64) {
        self.now = now;
        let mut all: Vec<(Place, ServerView)> = Vec::new();
        for session in &mut sessions {
            let place = |name| Place { session: session.id.clone(), server: name };
            let servers = std::mem::take(&mut session.servers).into_iter();
            all.extend(servers.map(|server| (place(server.name.to_string()), server)));
        }
        self.sessions = sessions;
        for (place, server) in &mut all {
            self.remember(place, server);
        }
        self.histories.retain(|known, _| all.iter().any(|(place, _)| place == known));
        self.arrange(all);
    }

    /// Adds what was seen of a server to what is known of it, and tells the share of a processor that it uses now.
    fn remember(&mut self, place: &Place, server: &mut ServerView) {
        let known = self.histories.entry(place.clone()).or_default();
        let uptime = server.uptime_seconds();
        let Some(tree) = &mut server.tree else { return };
        let recorded = std::mem::take(&mut tree.history);
        let Some(now) = recorded.samples.last().copied() else { return };
        let is_younger = |last: &Sample| {
            uptime.is_some_and(|lived| Place::began(self.now, lived) > last.at) || now.cpu_ms < last.cpu_ms
        };
        if known.samples.last().is_none_or(is_younger) {
            *known = recorded;
        }
        if let Some(share) = known.share(&now) {
            tree.cpu_percent_now = share;
        }
        series::extend(known, now);
    }

    fn arrange(&mut self, mut all: Vec<(Place, ServerView)>) {
        let before = self.selected_place().cloned();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        // Stable: what is equal stays in order of names. Half a percent more is no reason to change places.
        match self.sort {
            Sort::Name => {}
            Sort::Cpu => all.sort_by_key(|(_, server)| Reverse(used(server, |tree| whole(tree.cpu_percent_now)))),
            Sort::Memory => all.sort_by_key(|(_, server)| Reverse(used(server, |tree| tree.memory_bytes >> 20))),
            Sort::Uptime => all.sort_by_key(|(_, server)| server.uptime_seconds().map_or(u64::MAX, whole)),
        }
        (self.places, self.servers) = all.into_iter().unzip();
        let again = before.and_then(|before| self.places.iter().position(|place| *place == before));
        self.selected = again.unwrap_or(self.selected).min(self.places.len().saturating_sub(1));
    }

    /// Which server is selected, counted from 0.
    pub fn selection(&self) -> usize {
        self.selected
    }

    /// The place of the selected server.
    pub fn selected_place(&self) -> Option<&Place> {
        self.places.get(self.selected)
    }

    /// The selected server.
    pub fn selected(&self) -> Option<&ServerView> {
        self.servers.get(self.selected)
    }

    /// The numbers of the selected server over time.
    pub fn history(&self) -> Option<&UsageHistory> {
        self.histories.get(self.selected_place()?)
    }

    /// What all servers use together.
    pub fn sum(&self) -> UsageSum {
        UsageSum::of(&self.servers)
    }

    /// Selects another server, `by` so many rows further down; the first and the last are the ends.
    pub fn select(&mut self, by: isize) {
        let last = self.places.len().saturating_sub(1);
        let selected = self.selected.saturating_add_signed(by).min(last);
        if selected != self.selected {
            self.selected = selected;
            self.log.clear();
        }
    }

    /// Sorts by what comes next.
    pub fn sort_by_next(&mut self) {
        self.sort = self.sort.next();
        let places = std::mem::take(&mut self.places);
        let servers = std::mem::take(&mut self.servers);
        let selected = places.get(self.selected).cloned();
        self.arrange(places.into_iter().zip(servers).collect());
        if let Some(place) = selected {
            self.selected = self.places.iter().position(|other| *other == place).unwrap_or(0);
        }
    }
}

impl Place {
    /// When a process that has lived so long began, in milliseconds since the epoch, and a little before.
    fn began(now: u64, lived: f64) -> u64 {
        now.saturating_sub(whole(lived * 1000.0) + 1000)
    }
}

/// A number of what a server's processes use; 0 where there are none.
fn used(server: &ServerView, number: fn(&TreeView) -> u64) -> u64 {
    server.tree.as_ref().map_or(0, number)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and far below 2^53")]
fn whole(number: f64) -> u64 {
    number.round().max(0.0) as u64
}
