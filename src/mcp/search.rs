//! Finding the next byte that means something, eight at a time: long messages are mostly text.
//!
//! The tests for a byte in a word are those of Anderson's "Bit Twiddling Hacks" ("Determine if a word has a byte …").

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES * 128;

/// Where the first newline stands.
pub fn newline(bytes: &[u8]) -> Option<usize> {
    let place = first(bytes, |word| zero(word ^ (ONES * 0x0a)), |byte| byte == b'\n');
    (place < bytes.len()).then_some(place)
}

/// How many bytes there are before a quotation mark, a backslash or a control character.
pub fn plain_text(bytes: &[u8]) -> usize {
    let special = |word| zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c)) | below_0x20(word);
    first(bytes, special, |byte| byte == b'"' || byte == b'\\' || byte < 0x20)
}

/// So many bytes have a bit each in a word.
pub const BLOCK: usize = 64;

/// Whether there is no quotation mark and no backslash.
pub fn is_plain(block: &[u8; BLOCK]) -> bool {
    words(block).fold(0, |found, word| found | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c))) == 0
}

/// What tells strings and brackets, with a bit for each place, the first one the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub quotes: u64,
    pub backslashes: u64,
    /// Brackets, square or curly.
    pub opening: u64,
    pub closing: u64,
}

/// Where in a block what stands.
pub fn places(block: &[u8; BLOCK]) -> Places {
    let (mut quotes, mut backslashes, mut opening, mut closing) = (0, 0, 0, 0);
    for word in words(block).rev() {
        // The two kinds of a bracket differ by one bit.
        let curly = word | (ONES * 0x20);
        quotes = (quotes << 8) | equal(word, b'"');
        backslashes = (backslashes << 8) | equal(word, b'\\');
        opening = (opening << 8) | equal(curly, b'{');
        closing = (closing << 8) | equal(curly, b'}');
    }
    Places { quotes, backslashes, opening, closing }
}

fn words(block: &[u8; BLOCK]) -> impl DoubleEndedIterator<Item = u64> {
    block.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word))
}

/// A bit for each byte of a word, whether it is this one.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let different = word ^ (ONES * byte as u64);
    let is_zero = !(((different & !HIGH) + !HIGH) | different) & HIGH;
    is_zero.wrapping_mul(0x0002_0408_1020_4081) >> 56
}

/// The place of the first byte that is searched for; the length if there is none.
#[inline]
fn first(bytes: &[u8], find: impl Fn(u64) -> u64, matches: impl Fn(u8) -> bool) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    let empty = words.iter().take_while(|word| find(u64::from_ne_bytes(**word)) == 0).count() * 8;
    bytes[empty..].iter().position(|&byte| matches(byte)).map_or(bytes.len(), |place| empty + place)
}

/// Not zero if a byte of the word is.
const fn zero(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

const fn below_0x20(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_is_found_wherever_it_stands(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x0a..0x24u8, 0x5b..0x5eu8, Just(b'x')], 0..80)) {
            prop_assert_eq!(newline(&bytes), bytes.iter().position(|&byte| byte == b'\n'));
            let plain = bytes.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20);
            prop_assert_eq!(plain_text(&bytes), plain.unwrap_or(bytes.len()));
        }

        #[test]
        fn every_place_has_its_bit(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'x'), prop::sample::select(b"\"\\[]{}".to_vec())], BLOCK)) {
            let block: &[u8; BLOCK] = bytes.as_slice().try_into().unwrap();
            let bits = |of: &[u8]| (0..BLOCK).filter(|&at| of.contains(&block[at])).fold(0, |bits, at| bits | (1 << at));
            let (quotes, backslashes) = (bits(b"\""), bits(b"\\"));
            let (opening, closing) = (bits(b"[{"), bits(b"]}"));
            prop_assert_eq!(places(block), Places { quotes, backslashes, opening, closing });
            prop_assert_eq!(is_plain(block), bits(b"\"\\") == 0);
        }
    }
}
