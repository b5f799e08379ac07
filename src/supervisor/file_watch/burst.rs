//! When changes of files are over, so that a server can be started again: pure decisions.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long nothing has changed at the end of a burst.
const QUIET: Duration = Duration::from_millis(200);
/// What changes this soon after a start the server may have written itself.
const SOON: Duration = Duration::from_secs(2);
/// So many restarts in a row that the same file brought about so soon look like that.
const MANY: u32 = 5;
/// The longest time without a change that is waited for then.
const LONGEST: Duration = Duration::from_secs(15);
/// A burst of this length keeps people waiting who should know why.
const TIRING: Duration = Duration::from_secs(10);

/// The changes since the last restart, and what is remembered of those before.
#[derive(Debug, Default)]
pub struct Burst {
    pending: Option<Pending>,
    /// When the server was started last.
    started: Option<Instant>,
    /// The file that brought about the last restart, and how many in a row so soon after a start.
    last: Option<(PathBuf, u32)>,
}

#[derive(Debug)]
struct Pending {
    files: Vec<PathBuf>,
    began: Instant,
    changed: Instant,
    is_called_tiring: bool,
}

/// The files of a burst that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub first: PathBuf,
    /// How many others there were.
    pub others: usize,
    /// Whether it looks as if the server itself wrote to it, and is said for the first time.
    pub is_loop: bool,
}

impl Burst {
    /// Takes in files that have changed. Returns one of them if they have done so for long, once.
    pub fn add(&mut self, files: Vec<PathBuf>, now: Instant) -> Option<PathBuf> {
        if files.is_empty() {
            return None;
        }
        let fresh = || Pending { files: Vec::new(), began: now, changed: now, is_called_tiring: false };
        let pending = self.pending.get_or_insert_with(fresh);
        pending.changed = now;
        let latest = files.last().cloned();
        for file in files {
            if !pending.files.contains(&file) && pending.files.len() < MOST_NAMED {
                pending.files.push(file);
            }
        }
        let is_tiring = now.duration_since(pending.began) >= TIRING;
        latest.filter(|_| is_tiring && !std::mem::replace(&mut pending.is_called_tiring, true))
    }

    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// How long until the burst is over, if nothing else changes.
    pub fn due_in(&self, now: Instant) -> Option<Duration> {
        let pending = self.pending.as_ref()?;
        let quiet = if self.is_again(pending) { quiet(self.streak()) } else { QUIET };
        Some((pending.changed + quiet).saturating_duration_since(now))
    }

    /// The burst, once it is over. It is named after a file that is there: editors write others beside it.
    pub fn take_due(&mut self, now: Instant, is_there: impl Fn(&Path) -> bool) -> Option<Change> {
        if !self.due_in(now)?.is_zero() {
            return None;
        }
        let pending = self.pending.take()?;
        let streak = if self.is_again(&pending) { self.streak() + 1 } else { 0 };
        let others = pending.files.len() - 1;
        let first = pending.files.first()?.clone();
        let named = pending.files.into_iter().find(|file| is_there(file)).unwrap_or_else(|| first.clone());
        self.last = Some((first, streak));
        Some(Change { first: named, others, is_loop: streak == MANY })
    }

    /// The server has been started.
    pub fn server_started(&mut self, now: Instant) {
        self.started = Some(now);
    }

    /// Whether it is the file of the last restart that has changed soon after the start.
    fn is_again(&self, pending: &Pending) -> bool {
        let is_soon = self.started.is_some_and(|started| pending.began.saturating_duration_since(started) < SOON);
        is_soon && self.last.as_ref().is_some_and(|(file, _)| pending.files.first() == Some(file))
    }

    fn streak(&self) -> u32 {
        self.last.as_ref().map_or(0, |(_, streak)| *streak)
    }
}

/// How many files of a burst are told apart.
const MOST_NAMED: usize = 100;

fn quiet(streak: u32) -> Duration {
    let doublings = streak.saturating_sub(MANY - 1);
    QUIET.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST)
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first.display();
        match self.others {
            0 => write!(formatter, "{first}"),
            others if others + 1 < MOST_NAMED => write!(formatter, "{first} and {others} more"),
            _ => write!(formatter, "{first} and many more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;

    const STEP: Duration = Duration::from_millis(100);

    fn files(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_burst_is_over_when_nothing_has_changed_for_a_moment() {
        let (mut burst, start) = (Burst::default(), context::now());
        assert_eq!((burst.due_in(start), burst.take_due(start, |_| true)), (None, None));
        burst.add(files(&["a", "b"]), start);
        assert_eq!(burst.due_in(start), Some(QUIET));
        burst.add(files(&["b", "c"]), start + STEP);
        burst.add(Vec::new(), start + 2 * STEP);
        assert_eq!(burst.take_due(start + QUIET, |_| true), None);
        let change = burst.take_due(start + STEP + QUIET, |_| true).expect("it is over");
        assert_eq!(change.to_string(), "a and 2 more");
        assert_eq!(burst.due_in(start + STEP + QUIET), None);
        burst.add(files(&["a.tmp", "a"]), start + 9 * STEP);
        let change = burst.take_due(start + 11 * STEP, |file| file == Path::new("a")).expect("the next");
        assert_eq!(change.to_string(), "a and 1 more");
    }

    #[test]
    fn a_file_that_the_server_writes_itself_is_named_and_restarts_it_less_and_less_often() {
        let (mut burst, mut now) = (Burst::default(), context::now());
        let (mut pauses, mut told) = (Vec::new(), Vec::new());
        for _ in 0..14 {
            burst.server_started(now);
            now += STEP;
            burst.add(files(&["log"]), now);
            let pause = burst.due_in(now).expect("one is pending");
            now += pause;
            pauses.push(pause.as_millis());
            told.push(burst.take_due(now, |_| true).expect("it is over").is_loop);
        }
        let expected = [200, 200, 200, 200, 200, 200, 400, 800, 1600, 3200, 6400, 12800, 15000, 15000];
        assert_eq!(pauses, expected);
        assert_eq!(told.iter().position(|&is_loop| is_loop), Some(5));
        assert_eq!(told.iter().filter(|&&is_loop| is_loop).count(), 1);
        burst.server_started(now);
        burst.add(files(&["other"]), now);
        assert_eq!(burst.due_in(now), Some(QUIET), "another file is somebody's work");
        burst.add(files(&["log"]), now + SOON);
        assert_eq!(burst.due_in(now + SOON), Some(QUIET), "so is the same one later on");
    }

    #[test]
    fn changes_without_an_end_are_told_of_once() {
        let (mut burst, start) = (Burst::default(), context::now());
        let told = (0..300).filter_map(|step| burst.add(files(&["log"]), start + step * STEP));
        assert_eq!(told.collect::<Vec<_>>(), files(&["log"]));
    }

    #[test]
    fn a_burst_of_thousands_is_not_counted_to_its_end() {
        let (mut burst, now) = (Burst::default(), context::now());
        burst.add((0..5000).map(|number| PathBuf::from(number.to_string())).collect(), now);
        assert_eq!(burst.take_due(now + QUIET, |_| true).expect("it is over").to_string(), "0 and many more");
    }
}
