//! The requests that were answered last, of which a few bytes each are enough: what was not asked has no answer to lose.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::mcp::message::Raw;

/// How many are remembered.
const REMEMBERED: usize = 1024;

#[derive(Debug, Default)]
pub struct Answered(VecDeque<u64>);

impl Answered {
    pub fn note(&mut self, id: &Raw) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(fingerprint(id));
    }

    pub fn contains(&self, id: &Raw) -> bool {
        self.0.contains(&fingerprint(id))
    }
}

fn fingerprint(id: &Raw) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Raw {
        Raw::new(text.as_bytes().to_vec())
    }

    #[test]
    fn the_last_are_known_however_their_ids_are_written_and_take_little_room() {
        let mut answered = Answered::default();
        answered.note(&id("\"a\""));
        assert!(
            answered.contains(&id("\"\\u0061\"")) && !answered.contains(&id("\"b\"")) && !answered.contains(&id("1"))
        );
        (0..REMEMBERED).for_each(|number| answered.note(&id(&number.to_string())));
        assert!(!answered.contains(&id("\"a\"")) && answered.contains(&id("0")) && answered.contains(&id("1.0")));
        assert_eq!(answered.0.capacity(), REMEMBERED);
    }
}
