//! The encodings in which programs print a value: as it is, escaped as in JSON, in base64.

use std::ops::Range;

/// A shorter text is not taken for a secret: it stands in other words too, in bytes.
pub const SHORTEST: usize = 4;

/// The letters of base64 (RFC 4648, 4 and 5), the last two as files and as URLs have them.
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LAST_LETTERS: [[u8; 2]; 2] = [*b"+/", *b"-_"];

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Encoding {
    /// The text, of at least [`SHORTEST`] bytes.
    pub text: Vec<u8>,
    /// How many letters in front of it hold a part of the value too.
    pub before: usize,
    /// How many behind it do.
    pub after: usize,
}

impl Encoding {
    fn whole(text: &str) -> Self {
        Self { text: text.as_bytes().to_vec(), before: 0, after: 0 }
    }

    /// From where to where the value reaches in a text, if the encoding stands in it at `at`.
    pub fn extent(&self, text: &[u8], at: usize) -> Range<usize> {
        let end = at + self.text.len();
        let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
        let before = text[..at].iter().rev().take(self.before).take_while(is_letter).count();
        let after = text[end..].iter().take(self.after).take_while(is_letter).count();
        at - before..end + after
    }
}

/// All encodings of a value.
pub fn of(value: &str) -> Vec<Encoding> {
    let mut texts = vec![value.to_owned()];
    if value.contains('\n') {
        // Not every `}` of a key file.
        texts.extend(value.lines().map(|line| line.trim().to_owned()));
    }
    let quoted: Vec<String> = texts.iter().map(|text| json_escaped(text)).collect();
    let mut encodings: Vec<Encoding> = texts.iter().chain(&quoted).map(|text| Encoding::whole(text)).collect();
    if value.len() >= SHORTEST {
        let shifted = |shift| LAST_LETTERS.map(|last| base64(value.as_bytes(), shift, last));
        encodings.extend((0..3).flat_map(shifted));
    }
    encodings.retain(|encoding| encoding.text.len() >= SHORTEST);
    encodings.sort_unstable();
    encodings.dedup();
    encodings
}

/// A text as it stands between the quotes of a JSON string.
fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// What a value looks like in base64 with `shift` bytes before it in its group of three. Letters that hold bits of other
/// bytes too are left out.
fn base64(value: &[u8], shift: usize, last: [u8; 2]) -> Encoding {
    let bytes: Vec<u8> = std::iter::repeat_n(0, shift).chain(value.iter().copied()).collect();
    let bits = bytes.len() * 8;
    let letter = |index: usize| {
        let (byte, bit) = (index * 6 / 8, index * 6 % 8);
        let two = (u16::from(bytes[byte]) << 8) | bytes.get(byte + 1).copied().map_or(0, u16::from);
        let number = usize::from((two >> (10 - bit)) & 63);
        if number < LETTERS.len() { LETTERS[number] } else { last[number - LETTERS.len()] }
    };
    let first = (shift * 8).div_ceil(6);
    Encoding {
        text: (first..bits / 6).map(letter).collect(),
        before: usize::from(shift > 0),
        after: usize::from(!bits.is_multiple_of(6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The encodings but those in base64.
    fn texts(value: &str) -> Vec<String> {
        let whole = of(value).into_iter().map(|encoding| String::from_utf8(encoding.text).expect("text"));
        let letters = value.as_bytes();
        let encoded: Vec<Encoding> = (0..3).flat_map(|it| LAST_LETTERS.map(|last| base64(letters, it, last))).collect();
        whole.filter(|text| !encoded.iter().any(|encoding| encoding.text == text.as_bytes())).collect()
    }

    #[test]
    fn a_value_has_the_forms_that_programs_print() {
        assert_eq!(texts("plain"), ["plain"]);
        assert_eq!(texts("a\"b\\c"), ["a\"b\\c", "a\\\"b\\\\c"]);
        assert_eq!(texts("{\n  key: 1\n}"), ["key: 1", "{\n  key: 1\n}", "{\\n  key: 1\\n}"]);
        assert!(of("").is_empty() && of("abc").is_empty());
    }

    #[test]
    fn base64_of_a_value_is_what_the_program_prints() {
        // printf hunter2 | base64; printf xhunter2 | base64; printf xxhunter2 | base64
        for (shift, text, whole) in
            [(0, "aHVudGVyM", "aHVudGVyMg=="), (1, "h1bnRlcj", "eGh1bnRlcjI="), (2, "odW50ZXIy", "eHhodW50ZXIy")]
        {
            let encoding = base64(b"hunter2", shift, *b"+/");
            assert_eq!(encoding.text, text.as_bytes());
            assert!(whole.contains(text));
        }
    }
}
