//! Names and values that are longer than anybody writes, as they are shown.

use std::borrow::Cow;

/// No name that somebody chose has more letters.
const LONGEST: usize = 64;

/// A text, or its beginning if it is too long to be read.
pub fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_to_be_read_is_cut_between_letters() {
        for text in ["", "web", &"é".repeat(64)] {
            assert_eq!(excerpt(text), text);
        }
        assert_eq!(excerpt(&"é".repeat(65)), "é".repeat(64) + "…");
    }
}
