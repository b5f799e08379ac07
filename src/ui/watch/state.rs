//! What the live view shows, and what keys change of it.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};

use super::series;
use crate::server::history::UsageHistory;
use crate::session::view::{ServerView, SessionView, TreeView, UsageSum};

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub session: String,
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
    fn next(self) -> Self {
        match self {
            Self::Name => Self::Cpu,
            Self::Cpu => Self::Memory,
            Self::Memory => Self::Uptime,
            Self::Uptime => Self::Name,
        }
    }
}

impl Display for Sort {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Name => "name",
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Uptime => "uptime",
        })
    }
}

/// What came of something that the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Pending(String),
    Done(String),
    Failed(String),
}

/// All that is on the screen.
pub struct State {
    pub all: bool,
    pub is_coloured: bool,
    /// When this was looked at, in milliseconds since the epoch.
    pub now: u64,
    /// The sessions, without their servers.
    pub sessions: Vec<SessionView>,
    /// The places of the servers, as sorted.
    pub places: Vec<Place>,
    /// The servers, in the same order.
    pub servers: Vec<ServerView>,
    pub sort: Sort,
    /// The last lines that the selected server has logged.
    pub log: Vec<String>,
    pub message: Option<Message>,
    selected: usize,
    histories: HashMap<Place, UsageHistory>,
}

impl State {
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
        let mut all = Vec::new();
        for session in &mut sessions {
            for server in std::mem::take(&mut session.servers) {
                all.push((Place { session: session.id.clone(), server: server.name.to_string() }, server));
            }
        }
        self.sessions = sessions;
        for (place, server) in &mut all {
            self.remember(place, server);
        }
        self.histories.retain(|known, _| all.iter().any(|(place, _)| place == known));
        let selected = self.selected_place().cloned();
        self.arrange(all, selected.as_ref());
    }

    /// Adds what was seen of a server to what is known of it, and tells the share of a processor that it uses now.
    fn remember(&mut self, place: &Place, server: &mut ServerView) {
        let known = self.histories.entry(place.clone()).or_default();
        let uptime = server.uptime_seconds();
        let Some(tree) = &mut server.tree else { return };
        let recorded = std::mem::take(&mut tree.history);
        let Some(now) = recorded.samples.last().copied() else { return };
        let began = uptime.map_or(0, |lived| began(self.now, lived));
        if known.samples.last().is_none_or(|last| began > last.at || now.cpu_ms < last.cpu_ms) {
            *known = recorded;
        }
        if let Some(share) = known.share(&now) {
            tree.cpu_percent_now = share;
        }
        series::extend(known, now);
    }

    /// Sorts servers. If `selected` is gone, what has taken its place is selected.
    fn arrange(&mut self, mut all: Vec<(Place, ServerView)>, selected: Option<&Place>) {
        // Half a percent more is no reason to change places.
        let rank = |server: &ServerView| match self.sort {
            Sort::Name => 0,
            Sort::Cpu => u64::MAX - used(server, |tree| whole(tree.cpu_percent_now)),
            Sort::Memory => u64::MAX - used(server, |tree| tree.memory_bytes >> 20),
            Sort::Uptime => server.uptime_seconds().map_or(u64::MAX, whole),
        };
        // What is equal stays in order of names.
        all.sort_by(|(one, first), (other, second)| rank(first).cmp(&rank(second)).then_with(|| one.cmp(other)));
        (self.places, self.servers) = all.into_iter().unzip();
        let again = self.places.iter().position(|place| Some(place) == selected);
        self.selected = again.unwrap_or(self.selected).min(self.places.len().saturating_sub(1));
    }

    /// Which server is selected, counted from 0.
    pub fn selection(&self) -> usize {
        self.selected
    }

    pub fn selected_place(&self) -> Option<&Place> {
        self.places.get(self.selected)
    }

    pub fn selected(&self) -> Option<&ServerView> {
        self.servers.get(self.selected)
    }

    /// The numbers of the selected server over time.
    pub fn history(&self) -> Option<&UsageHistory> {
        self.histories.get(self.selected_place()?)
    }

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

    pub fn sort_by_next(&mut self) {
        self.sort = self.sort.next();
        let selected = self.selected_place().cloned();
        let places = std::mem::take(&mut self.places);
        let servers = std::mem::take(&mut self.servers);
        self.arrange(places.into_iter().zip(servers).collect(), selected.as_ref());
    }
}

/// When a process that has lived so long began, in milliseconds since the epoch, and a little before.
fn began(now: u64, lived: f64) -> u64 {
    now.saturating_sub(whole(lived * 1000.0) + 1000)
}

/// A number of what a server's processes use; 0 where there are none.
fn used(server: &ServerView, number: fn(&TreeView) -> u64) -> u64 {
    server.tree.as_ref().map_or(0, number)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and far below 2^53")]
fn whole(number: f64) -> u64 {
    number.round().max(0.0) as u64
}
