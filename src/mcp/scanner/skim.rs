//! Passing over arrays and objects of which nothing is read: where they end is told by their brackets and strings.
//!
//! A word of bits stands for 64 bytes, as in Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019).

use crate::mcp::search::{self, BLOCK};

/// Every second bit, from the lowest on.
const EVEN: u64 = 0x5555_5555_5555_5555;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skim {
    /// How many arrays and objects are open.
    depth: usize,
    is_in_text: bool,
    /// Whether the next byte stands behind a backslash that gives it another meaning.
    is_escaped: bool,
}

impl Skim {
    pub fn new(depth: usize) -> Self {
        Self { depth, is_in_text: false, is_escaped: false }
    }

    /// The same from the inside of a string on.
    pub fn in_text(depth: usize, is_escaped: bool) -> Self {
        Self { depth, is_in_text: true, is_escaped }
    }

    /// How many bytes there are up to the end of the outermost array or object, with its bracket; none if it does not end
    /// among them.
    pub fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for (index, block) in blocks.iter().enumerate() {
            if let Some(end) = self.read_block(block) {
                return Some(index * BLOCK + end);
            }
        }
        let end = rest.iter().position(|&byte| self.ends_with(byte))?;
        Some(blocks.len() * BLOCK + end + 1)
    }

    fn read_block(&mut self, block: &[u8; BLOCK]) -> Option<usize> {
        if self.is_in_text && !self.is_escaped && search::is_plain(block) {
            return None;
        }
        let found = search::places(block);
        let quotes = found.quotes & !self.escaped(found.backslashes);
        let text = up_to_each(quotes) ^ if self.is_in_text { u64::MAX } else { 0 };
        self.is_in_text = text >> (BLOCK - 1) == 1;
        let (opening, closing) = (found.opening & !text, found.closing & !text);
        let end = self.end_among(opening, closing);
        self.depth = (self.depth + count(opening)).saturating_sub(count(closing));
        end
    }

    /// Which bytes stand behind a backslash that is itself behind none, or behind an even number of them.
    fn escaped(&mut self, backslashes: u64) -> u64 {
        let carried = u64::from(std::mem::take(&mut self.is_escaped));
        if backslashes == 0 {
            return carried;
        }
        let backslashes = backslashes & !carried;
        let following = (backslashes << 1) | carried;
        let starts_at_odd = backslashes & !EVEN & !following;
        let (runs, is_carried) = starts_at_odd.overflowing_add(backslashes);
        self.is_escaped = is_carried;
        (EVEN ^ (runs << 1)) & following
    }

    /// How many bytes there are up to the bracket that closes the outermost, with it.
    fn end_among(&self, opening: u64, mut closing: u64) -> Option<usize> {
        if count(closing) < self.depth {
            return None;
        }
        let mut closed = 0;
        while closing != 0 {
            closed += 1;
            let below = (closing & closing.wrapping_neg()) - 1;
            if self.depth + count(opening & below) == closed {
                return Some(count(below) + 1);
            }
            closing &= closing - 1;
        }
        None
    }

    /// Takes in one byte; whether it closes the outermost.
    fn ends_with(&mut self, byte: u8) -> bool {
        let is_escaped = std::mem::take(&mut self.is_escaped);
        match byte {
            b'\\' => self.is_escaped = !is_escaped,
            b'"' if !is_escaped => self.is_in_text = !self.is_in_text,
            b'{' | b'[' if !self.is_in_text => self.depth += 1,
            b'}' | b']' if !self.is_in_text => self.depth -= 1,
            _ => {}
        }
        self.depth == 0
    }
}

/// The bits from each odd set bit on, up to the next set one: between quotes, the string with its first one.
fn up_to_each(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |bits, distance| bits ^ (bits << distance))
}

fn count(bits: u64) -> usize {
    bits.count_ones() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn many_bytes_at_once_are_read_as_one_by_one(
            text in prop_oneof!["[\\[\\]{}\"\\\\a]{0,300}", "[\\[\\]{}a \\x7f]{0,300}", "[\\\\\"]{0,200}", "[\"\\\\x]{0,1}x{0,200}\".{0,20}"],
            depth in 1..40usize,
            is_in_text in any::<bool>(),
            is_escaped in any::<bool>(),
            size in 1..200usize,
        ) {
            let new = Skim { depth, is_in_text, is_escaped };
            let (mut slow, mut fast) = (new, new);
            let expected = text.bytes().position(|byte| slow.ends_with(byte)).map(|end| end + 1);
            let mut passed = 0;
            let found = text.as_bytes().chunks(size).find_map(|chunk| {
                let end = fast.read(chunk).map(|end| passed + end);
                passed += chunk.len();
                end
            });
            prop_assert_eq!(found, expected);
            prop_assert!(expected.is_some() || slow == fast, "{:?} {:?}", slow, fast);
        }
    }
}
