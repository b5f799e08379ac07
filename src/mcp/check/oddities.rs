//! What most clients take as it is, and what is pointed out all the same.

use super::finding::Finding;
use super::words;

#[derive(Debug, Default)]
pub struct Oddities {
    /// The first line that was no message, and how many there were.
    text: Option<(String, usize)>,
    /// Whether it answers a number by a text.
    pub has_text_ids: bool,
}

impl Oddities {
    pub fn take_text(&mut self, text: String) {
        self.text.get_or_insert((text, 0)).1 += 1;
    }

    /// What of that is worth a word beside what it fails by, or is the reason itself.
    pub fn findings(self, has_failed: bool, has_clue: bool) -> Vec<Finding> {
        let text_id = (self.has_text_ids && !has_failed).then(words::text_id);
        let text = self.text.filter(|_| !has_failed || !has_clue);
        text_id.into_iter().chain(text.map(|(first, count)| words::stdout_text(count, &first))).collect()
    }
}
