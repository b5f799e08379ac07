//! How much longer a server may take because it only waited for a processor meanwhile.

use std::time::Duration;

use super::own_time::OwnTime;
use crate::sys::Pid;

pub struct Allowance {
    time: OwnTime,
    most: Duration,
    given: Duration,
}

impl Allowance {
    /// For a server that is waited for from now on for so long, and at most twice as long: a server whose threads fill the machine
    /// is not waited for for ever.
    pub fn begin(first: Pid, limit: Duration) -> Self {
        Self { time: OwnTime::begin(first), most: limit, given: Duration::ZERO }
    }

    /// By how much a deadline is to be put off, beyond what was said before. To be called every so often, as [`OwnTime::passed`].
    pub fn more(&mut self) -> Duration {
        let passed = self.time.passed();
        let waited = self.time.elapsed().saturating_sub(passed);
        let more = more(self.given, waited, self.most);
        self.given += more;
        more
    }
}

fn more(given: Duration, waited: Duration, most: Duration) -> Duration {
    waited.min(most).saturating_sub(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_waited_for_is_given_once_and_not_without_end() {
        let seconds = Duration::from_secs;
        for (given, waited, left) in [(0, 0, 0), (0, 3, 3), (3, 5, 2), (5, 4, 0), (5, 60, 25), (30, 90, 0)] {
            assert_eq!(more(seconds(given), seconds(waited), seconds(30)), seconds(left), "{given} {waited}");
        }
    }
}
