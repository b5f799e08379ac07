//! What others printed, made safe for a terminal.

use std::iter::Peekable;
use std::str::Chars;

/// A line as it may be shown: colours and tabs are kept, everything else that a terminal obeys, or that changes the
/// order of what is read, is written out (`\u{1b}`).
#[must_use]
pub fn tame(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut has_colours = false;
    while let Some(character) = characters.next() {
        if character == '\u{1b}'
            && let Some(colour) = colour(&mut characters)
        {
            has_colours = true;
            plain.push_str(&colour);
        } else if is_obeyed(character) {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    if has_colours {
        plain.push_str(RESET);
    }
    plain
}

/// The rest of a sequence that sets colours (SGR, ECMA-48 8.3.117), if that is what follows.
fn colour(characters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut ahead = characters.clone();
    let mut sequence = String::from('\u{1b}');
    sequence.push(ahead.next_if_eq(&'[')?);
    while let Some(parameter) = ahead.next_if(|it| it.is_ascii_digit() || matches!(it, ';' | ':')) {
        sequence.push(parameter);
    }
    sequence.push(ahead.next_if_eq(&'m')?);
    *characters = ahead;
    Some(sequence)
}

fn is_obeyed(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character != '\t' && character.is_control() || turns
}

const RESET: &str = "\u{1b}[0m";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_pass_and_what_else_a_terminal_obeys_does_not() {
        for (line, shown) in [
            ("plain\tüber 你好", "plain\tüber 你好"),
            ("\x1b[1;31mred", "\x1b[1;31mred\x1b[0m"),
            ("\x1b[2J\x1b]0;title\x07", r"\u{1b}[2J\u{1b}]0;title\u{7}"),
            ("\x1b[31", r"\u{1b}[31"),
            ("50%\r100%\0", r"50%\r100%\u{0}"),
            ("\u{9b}2J \u{202e}evil", r"\u{9b}2J \u{202e}evil"),
        ] {
            assert_eq!(tame(line.as_bytes()), shown);
        }
        assert_eq!(tame(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }

    proptest! {
        #[test]
        fn whatever_is_printed_moves_no_cursor(line in any::<Vec<u8>>()) {
            let shown = tame(&line);
            let rest = shown.split('\u{1b}').skip(1);
            for sequence in rest {
                let end = sequence.find('m').expect("an end");
                prop_assert!(sequence.starts_with('[') && sequence[1..end].bytes().all(|it| b"0123456789;:".contains(&it)));
            }
            let moves = shown.chars().any(|it| it.is_control() && !matches!(it, '\t' | '\u{1b}'));
            prop_assert!(!moves, "{}", shown);
        }
    }
}
