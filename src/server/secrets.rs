//! What must not be read in any log, record or message.

use std::ops::Range;
use std::rc::Rc;

use super::secret_encodings::{self, Encoding};

const MASK: &[u8] = b"***";

/// The values that are masked. Copies share one list.
#[derive(Clone, Default)]
pub struct Secrets(Rc<Known>);

#[derive(Default)]
struct Known {
    /// In the order of their texts.
    encodings: Vec<Encoding>,
    beginnings: Option<Beginnings>,
    /// Whether one has a blank, for which `+` stands in URLs.
    has_blank: bool,
}

impl Secrets {
    /// Secret values: each is masked as it is, line by line if it has several, as JSON has it, in base64 and in URLs. One
    /// that is too short is not: it would be masked in the middle of other words.
    pub fn new(values: &[String]) -> Self {
        let mut encodings: Vec<Encoding> = values.iter().flat_map(|value| secret_encodings::of(value)).collect();
        encodings.sort_unstable();
        encodings.dedup();
        let beginnings = (!encodings.is_empty()).then(|| Beginnings::of(&encodings));
        let has_blank = encodings.iter().any(|encoding| encoding.text.contains(&b' '));
        Self(Rc::new(Known { encodings, beginnings, has_blank }))
    }

    /// The length of the longest as it may be printed, in bytes.
    pub fn longest(&self) -> usize {
        let longest =
            self.0.encodings.iter().map(|encoding| encoding.before + encoding.text.len() + encoding.after).max();
        // Each byte of it may stand there as `%XX`.
        longest.unwrap_or(0) * 3
    }

    /// Masks every occurrence in a line. Of two that overlap no byte is left over.
    pub fn mask(&self, line: &mut Vec<u8>) {
        let mut found = self.0.find(line);
        if found.is_empty() {
            return;
        }
        found.sort_unstable_by_key(|range| range.start);
        let mut masked = Vec::with_capacity(line.len());
        let mut end = 0;
        for Range { start, end: stop } in found {
            if start >= end {
                masked.extend_from_slice(&line[end..start]);
                masked.extend_from_slice(MASK);
            }
            end = end.max(stop);
        }
        masked.extend_from_slice(&line[end..]);
        *line = masked;
    }

    /// The same in a text.
    pub fn masked(&self, text: &str) -> String {
        let mut line = text.as_bytes().to_vec();
        self.mask(&mut line);
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Where they stand in a text, in bytes; some may overlap.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        self.0.find(text.as_bytes())
    }

    pub fn are_absent(&self, text: &str) -> bool {
        self.places(text).is_empty()
    }
}

impl Known {
    /// Where secrets stand in a line, as they are and as URLs have them.
    fn find(&self, line: &[u8]) -> Vec<Range<usize>> {
        let Some(beginnings) = &self.beginnings else { return Vec::new() };
        let mut found = self.occurrences(beginnings, line);
        if line.contains(&b'%') {
            found.extend(self.decoded_occurrences(beginnings, line, b'+'));
        }
        if self.has_blank && line.contains(&b'+') {
            found.extend(self.decoded_occurrences(beginnings, line, b' '));
        }
        found
    }

    /// Where secrets stand in a line once it is decoded, with `plus` for each `+`.
    fn decoded_occurrences(&self, beginnings: &Beginnings, line: &[u8], plus: u8) -> Vec<Range<usize>> {
        let (decoded, places) = decode(line, plus);
        let found = self.occurrences(beginnings, &decoded).into_iter();
        found.map(|range| places[range.start]..places[range.end]).collect()
    }

    /// Where they stand in a text as they are, with those that overlap.
    fn occurrences(&self, beginnings: &Beginnings, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for (at, beginning) in text.windows(LENGTH).enumerate() {
            if !beginnings.may_be(beginning) {
                continue;
            }
            let first = self.encodings.partition_point(|encoding| &encoding.text[..LENGTH] < beginning);
            let same = self.encodings[first..].iter().take_while(|encoding| encoding.text.starts_with(beginning));
            found.extend(
                same.filter(|encoding| text[at..].starts_with(&encoding.text))
                    .map(|encoding| encoding.extent(text, at)),
            );
        }
        found
    }
}

/// How many bytes of a text are looked at first.
const LENGTH: usize = secret_encodings::SHORTEST;

/// With which bytes texts begin, as bits by their hash: one look for each place of a line, however many texts there are.
struct Beginnings(Box<[u64; 1 << 10]>);

impl Beginnings {
    fn of(encodings: &[Encoding]) -> Self {
        let mut bits = Box::new([0; 1 << 10]);
        for encoding in encodings {
            let hash = hash(&encoding.text[..LENGTH]);
            bits[hash >> 6] |= 1 << (hash & 63);
        }
        Self(bits)
    }

    fn may_be(&self, beginning: &[u8]) -> bool {
        let hash = hash(beginning);
        (self.0[hash >> 6] >> (hash & 63)) & 1 == 1
    }
}

/// A number of 16 bits for some bytes (Fibonacci hashing).
fn hash(bytes: &[u8]) -> usize {
    let number = bytes.iter().fold(0u32, |number, &byte| (number << 8) | u32::from(byte));
    (number.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

fn hex_digit(line: &[u8], at: usize) -> Option<u8> {
    char::from(*line.get(at)?).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// A text without `%XX` (RFC 3986, 2.1) and with `plus` for each `+`, and for each of its bytes, and for its end, where that
/// stands in the line.
fn decode(line: &[u8], plus: u8) -> (Vec<u8>, Vec<usize>) {
    let mut decoded = Vec::with_capacity(line.len());
    let mut places = Vec::with_capacity(line.len() + 1);
    let mut at = 0;
    while at < line.len() {
        places.push(at);
        let (byte, length) = match (line[at], hex_digit(line, at + 1), hex_digit(line, at + 2)) {
            (b'%', Some(high), Some(low)) => ((high << 4) | low, 3),
            (b'+', ..) => (plus, 1),
            (byte, ..) => (byte, 1),
        };
        decoded.push(byte);
        at += length;
    }
    places.push(at);
    (decoded, places)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(text: &str, secrets: &[&str]) -> String {
        Secrets::new(&secrets.iter().map(|&it| it.to_owned()).collect::<Vec<_>>()).masked(text)
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        assert_eq!(masked("token=abcd, again abcd", &["abcd"]), "token=***, again ***");
        assert_eq!(masked("abcdabcd", &["abcd"]), "******");
        assert_eq!(masked("xabcdex", &["abcd", "bcde"]), "x***x", "two that overlap");
        assert_eq!(masked("xabcdefx", &["bcde", "abcdef"]), "x***x", "one in another");
        assert_eq!(masked("aaaaa", &["aaaa"]), "***");
        assert_eq!(masked("nothing", &["abcd", "nothing more"]), "nothing");
        assert_eq!(masked("", &["abcd"]), "");
        assert_eq!(masked("hunter2-and-more hunter", &["hunter2", "hunter2-and-more"]), "*** hunter");
        assert_eq!(masked("one two2 }", &["one\ntwo2\r\n}"]), "one *** }", "of several lines");
        assert_eq!(Secrets::default().masked("hunter2"), "hunter2");
        assert!(!Secrets::new(&["hunter2".into()]).are_absent("x hunter%32"));
    }

    #[test]
    fn what_is_too_short_is_not_masked_in_the_middle_of_words() {
        assert_eq!(
            masked("could not start: a bad day, 100%", &["a", "bad", "1", "%", ""]),
            "could not start: a bad day, 100%"
        );
    }

    #[test]
    fn a_secret_is_masked_as_urls_have_it() {
        const SECRET: &str = "p@ss w/rd+1";
        for text in [
            "p%40ss%20w%2Frd%2B1",
            "p%40ss%20w%2frd%2b1",
            "p%40ss+w%2Frd%2B1",
            "p@ss%20w/rd+1",
            "p@ss+w/rd%2B1",
            "%70%40%73%73%20%77%2F%72%64%2B%31",
        ] {
            assert_eq!(
                masked(&format!("GET /?a=1%25&t={text}&b=+ 5%"), &[SECRET]),
                "GET /?a=1%25&t=***&b=+ 5%",
                "{text}"
            );
        }
        assert_eq!(masked("p%40ss%20 p+ss 100% %4 %zz", &[SECRET]), "p%40ss%20 p+ss 100% %4 %zz");
        assert_eq!(masked("aHVudGVyMg%3D%3D", &["hunter2"]), "***%3D%3D");
    }

    /// Base64 in another way than the program's: group by group.
    fn base64(bytes: &[u8], letters: &[u8]) -> String {
        let group = |group: &[u8]| {
            let number =
                [0, 1, 2].into_iter().fold(0, |sum, at| (sum << 8) | usize::from(*group.get(at).unwrap_or(&0)));
            let letter = move |at: usize| if at <= group.len() { letters[number >> (18 - 6 * at) & 63] } else { b'=' };
            [0, 1, 2, 3].map(|at| char::from(letter(at)))
        };
        bytes.chunks(3).flat_map(group).collect()
    }

    proptest! {
        #[test]
        fn no_secret_is_left(text in "[abc]{0,60}", secrets in prop::collection::vec("[abc]{4,6}", 0..4)) {
            let shown = Secrets::new(&secrets).masked(&text);
            for secret in &secrets {
                prop_assert!(!shown.contains(secret), "{} in {}", secret, shown);
            }
        }

        #[test]
        fn a_secret_is_masked_in_base64_wherever_it_stands_in_it(
            before in prop::collection::vec(any::<u8>(), 0..8),
            secret in "[ -~]{4,40}",
            after in prop::collection::vec(any::<u8>(), 0..8),
            is_for_urls in any::<bool>(),
        ) {
            let mut letters: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').collect();
            letters.extend(if is_for_urls { b"-_" } else { b"+/" });
            let bytes = [&before, secret.as_bytes(), &after].concat();
            let text = base64(&bytes, &letters);
            let shown = masked(&text, &[&secret]);
            // Of every letter that holds one of its bits, none is left.
            let (from, to) = (before.len() * 8 / 6, ((before.len() + secret.len()) * 8).div_ceil(6));
            prop_assert_eq!(shown, [&text[..from], "***", &text[to..]].concat());
        }
    }
}
