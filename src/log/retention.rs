//! How long the logs of ended sessions stay: decided without touching anything.

use std::time::{Duration, SystemTime};

const LONGEST: Duration = Duration::from_hours(7 * 24);
/// What all of them may take together, in bytes; the oldest are removed first.
const LARGEST: u64 = 200 << 20;

/// The logs of a session that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedLogs<T> {
    pub id: T,
    pub bytes: u64,
    /// When something was written to them last.
    pub written: SystemTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalReason {
    Age,
    Size,
}

impl RemovalReason {
    pub fn text(self) -> &'static str {
        match self {
            Self::Age => "its session ended more than 7 days ago",
            Self::Size => "the logs of ended sessions took more than 200 MiB",
        }
    }
}

/// Which logs are to be removed, the oldest first. Times in the future count as now.
pub fn plan<T>(mut logs: Vec<EndedLogs<T>>, now: SystemTime) -> Vec<(T, RemovalReason)> {
    logs.sort_by_key(|logs| logs.written);
    let mut bytes: u64 = logs.iter().map(|logs| logs.bytes).sum();
    let mut removed = Vec::new();
    for logs in logs {
        let is_old = now.duration_since(logs.written).is_ok_and(|age| age > LONGEST);
        if !is_old && bytes <= LARGEST {
            break;
        }
        bytes -= logs.bytes;
        removed.push((logs.id, if is_old { RemovalReason::Age } else { RemovalReason::Size }));
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_logs_go_by_age_and_then_by_size() {
        const MIB: u64 = 1 << 20;
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365);
        let kept = |(id, mib, hours): (char, u64, i64)| {
            let age = Duration::from_hours(hours.unsigned_abs());
            EndedLogs { id, bytes: mib * MIB, written: if hours < 0 { now + age } else { now - age } }
        };
        for (logs, removed) in [
            (vec![], vec![]),
            (vec![('a', 1, 7 * 24)], vec![]),
            (vec![('a', 1, 7 * 24 + 1)], vec![('a', RemovalReason::Age)]),
            (vec![('a', 200, 1)], vec![]),
            (vec![('a', 201, 1)], vec![('a', RemovalReason::Size)]),
            (vec![('a', 150, 1), ('b', 60, 2)], vec![('b', RemovalReason::Size)]),
            (
                vec![('a', 60, 1), ('b', 150, 2), ('c', 300, 200)],
                vec![('c', RemovalReason::Age), ('b', RemovalReason::Size)],
            ),
            (vec![('a', 60, 1), ('b', 140, 2), ('c', 300, 200)], vec![('c', RemovalReason::Age)]),
            (vec![('a', 0, 3), ('b', 201, 2)], vec![('a', RemovalReason::Size), ('b', RemovalReason::Size)]),
            (vec![('a', 1, -24), ('b', 1, 1)], vec![]),
        ] {
            assert_eq!(plan(logs.iter().copied().map(kept).collect(), now), removed, "{logs:?}");
        }
    }
}
