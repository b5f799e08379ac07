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
    }
}
