//! Finding the next byte that means something, many at a time: long messages are mostly text.

use crate::sys::lanes::{self, Found, Lane};

/// So many bytes have a bit each in a word.
pub const BLOCK: usize = 64;

/// Where the first newline stands.
pub fn newline(bytes: &[u8]) -> Option<usize> {
    let place = first(bytes, |lane| lane.equal(b'\n'), |byte| byte == b'\n');
    (place < bytes.len()).then_some(place)
}

/// How many bytes there are before a quotation mark, a backslash or a control character.
pub fn plain_text(bytes: &[u8]) -> usize {
    let special = |lane: Lane| lane.equal(b'"') | lane.equal(b'\\') | lane.up_to(0x1f);
    first(bytes, special, |byte| byte == b'"' || byte == b'\\' || byte < 0x20)
}

/// Whether there is no quotation mark and no backslash.
pub fn is_plain(block: &[u8; BLOCK]) -> bool {
    lanes(block).all(|lane| (lane.equal(b'"') | lane.equal(b'\\')).is_nothing())
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
    for (index, lane) in lanes(block).enumerate() {
        let at = index * lanes::WIDTH;
        // The two kinds of a bracket differ by one bit.
        let curly = lane.with(0x20);
        quotes |= lane.equal(b'"').bits() << at;
        backslashes |= lane.equal(b'\\').bits() << at;
        opening |= curly.equal(b'{').bits() << at;
        closing |= curly.equal(b'}').bits() << at;
    }
    Places { quotes, backslashes, opening, closing }
}

fn lanes(block: &[u8; BLOCK]) -> impl Iterator<Item = Lane> {
    block.as_chunks().0.iter().map(Lane::of)
}

/// The place of the first byte that is searched for; the length if there is none.
#[inline]
fn first(bytes: &[u8], find: impl Fn(Lane) -> Found, matches: impl Fn(u8) -> bool) -> usize {
    let (lanes, _) = bytes.as_chunks();
    let empty = lanes.iter().take_while(|lane| find(Lane::of(lane)).is_nothing()).count() * lanes::WIDTH;
    bytes[empty..].iter().position(|&byte| matches(byte)).map_or(bytes.len(), |place| empty + place)
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
