//! What a launcher takes beside the server that it runs, and what is saved without it.

use serde::{Deserialize, Serialize};

use crate::units::count;
use crate::units::size::bytes;

/// As it was measured at the last start by the launcher.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchCost {
    /// Its processes.
    pub processes: usize,
    /// Their memory in bytes, where what is shared is divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// How long it took until the server had answered for the first time, in milliseconds. A start for which something had
    /// to be fetched does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_ms: Option<u64>,
}

/// What was saved at a start without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub processes: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Until the first answer. Negative if it took longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<i64>,
}

impl LaunchCost {
    /// What is saved by a start that had its first answer after so many milliseconds, if that is known.
    pub fn saved(&self, answer_ms: Option<u64>) -> Saved {
        let both = self.answer_ms.zip(answer_ms);
        let milliseconds = both
            .map(|(before, now)| i64::try_from(before).unwrap_or_default() - i64::try_from(now).unwrap_or_default());
        Saved { processes: self.processes, memory_bytes: self.memory, milliseconds }
    }
}

impl Saved {
    /// In words.
    pub fn text(&self) -> String {
        let time = self.milliseconds.filter(|&millis| millis > 0);
        let time = time.map(|millis| format!("{}.{} s to the first answer", millis / 1000, millis % 1000 / 100));
        let processes = count(self.processes as u64, "process", "processes");
        let parts = [time, Some(processes), self.memory_bytes.map(bytes)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_said_as_far_as_it_is_known() {
        let cost = LaunchCost { processes: 2, memory: Some(50 << 20), answer_ms: Some(1850) };
        assert_eq!(cost.saved(Some(517)).text(), "1.3 s to the first answer, 2 processes, 50.0 MiB");
        assert_eq!(cost.saved(Some(2000)).text(), "2 processes, 50.0 MiB");
        assert_eq!(cost.saved(Some(2000)).milliseconds, Some(-150));
        assert_eq!(cost.saved(None).milliseconds, None);
        let unmeasured = LaunchCost { processes: 1, ..LaunchCost::default() };
        assert_eq!(unmeasured.saved(Some(517)).text(), "1 process");
    }
}
