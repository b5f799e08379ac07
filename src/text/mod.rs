//! Text that others wrote, made safe to be shown: it stays in its line, moves no cursor, changes no order, hides nothing.
//! Names, paths, arguments and what programs print go through here before they reach a terminal, whoever prints them; our
//! own colours are added after.

pub mod excerpt;
mod sgr;

use self::sgr::Look;

/// A text as a part of one line: what a terminal obeys or does not show is written out (`\u{1b}`).
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text;
    loop {
        rest = push_usual(&mut shown, &mut before, rest);
        let Some(character) = rest.chars().next() else { return shown };
        push(&mut shown, before, character);
        before = Some(character);
        rest = &rest[character.len_utf8()..];
    }
}

/// A line that a program printed: the same, but colours are kept that hide nothing, and tabs.
pub fn tame(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown = String::with_capacity(text.len());
    let mut look = Look::default();
    let mut before = None;
    let mut rest = &*text;
    loop {
        rest = push_usual(&mut shown, &mut before, rest);
        let Some(character) = rest.chars().next() else { break };
        let length = match look.take(rest) {
            Some(sequence) => {
                shown.push_str(sequence);
                sequence.len()
            }
            None if character == '\t' => {
                shown.push('\t');
                1
            }
            None => {
                push(&mut shown, before, character);
                character.len_utf8()
            }
        };
        before = Some(character);
        rest = &rest[length..];
    }
    if !look.is_usual() {
        shown.push_str(sgr::RESET);
    }
    shown
}

/// JSON that means the same and holds nothing that a terminal obeys or does not show.
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        // Line breaks stand between the values; in text they are escaped already.
        if character == '\n' || is_plain(character) {
            shown.push(character);
        } else {
            let mut units = [0; 2];
            shown.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    shown
}

/// Takes over the beginning of a text that is shown as it is whatever stands around it: most texts are nothing else. Returns
/// the rest.
fn push_usual<'t>(shown: &mut String, before: &mut Option<char>, text: &'t str) -> &'t str {
    let end = text.bytes().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(text.len());
    let (usual, rest) = text.split_at(end);
    shown.push_str(usual);
    *before = usual.chars().next_back().or(*before);
    rest
}

fn push(shown: &mut String, before: Option<char>, character: char) {
    if is_plain(character) || is_emoji_style(before, character) {
        shown.push(character);
    } else {
        shown.extend(character.escape_default());
    }
}

/// Whether a terminal shows a character and does nothing else.
pub fn is_plain(character: char) -> bool {
    let place = HIDDEN.partition_point(|&(_, last)| last < character);
    !character.is_control() && HIDDEN.get(place).is_none_or(|&(first, _)| character < first)
}

/// A variation selector that says how the sign in front of it looks (`⚠️`), and not one of a row that nobody sees.
fn is_emoji_style(before: Option<char>, character: char) -> bool {
    matches!(character, '\u{fe0e}' | '\u{fe0f}') && before.is_some_and(|it| !it.is_ascii() && is_plain(it))
}

/// What has no look of its own: the general categories Cf, Zl and Zp, and `Default_Ignorable_Code_Point`, of Unicode 16.
const HIDDEN: [(char, char); 25] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text made of what is dangerous more often than chance would have it.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            "\u{1b}\\[[0-9;:]{0,12}[mHJ]",
            "[\u{1b}\u{9b}\u{7}\r\n\t\u{7f}\u{85}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}\u{fe0f}]{1,4}",
            "[\u{e0001}\u{e0020}-\u{e007f}]{1,4}",
            "[a-z ⚠]{1,4}",
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    fn only_shows(text: &str) -> bool {
        let before = std::iter::once(None).chain(text.chars().map(Some));
        text.chars().zip(before).all(|(it, before)| is_plain(it) || is_emoji_style(before, it))
    }

    #[test]
    fn the_ranges_are_in_order() {
        assert!(HIDDEN.iter().all(|(first, last)| first <= last));
        assert!(HIDDEN.windows(2).all(|both| both[0].1 < both[1].0));
    }

    #[test]
    fn names_stay_in_their_line_and_show_what_is_in_them() {
        for (text, shown) in [
            ("plain über 你好 ⚠️ it's a\\b", "plain über 你好 ⚠️ it's a\\b"),
            ("one\ntwo\ttabbed", r"one\ntwo\ttabbed"),
            ("\x1b[2J\x1b]0;title\x07\u{9b}2J\u{7f}", r"\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}2J\u{7f}"),
            ("a\u{200b}b\u{202e}c\u{2066}d\u{ad}e\u{feff}", r"a\u{200b}b\u{202e}c\u{2066}d\u{ad}e\u{feff}"),
            ("\u{e0041}\u{2028}\u{3164}\u{115f}", r"\u{e0041}\u{2028}\u{3164}\u{115f}"),
            ("⚠\u{fe0f}\u{fe0f}a\u{fe0f}", "⚠\u{fe0f}\\u{fe0f}a\\u{fe0f}"),
        ] {
            assert_eq!(plain(text), shown);
            assert_eq!(plain(shown), shown, "what is safe stays as it is");
        }
    }

    #[test]
    fn of_what_programs_print_colours_pass_and_nothing_else_that_a_terminal_obeys() {
        for (line, shown) in [
            ("plain\tüber 你好", "plain\tüber 你好"),
            ("\x1b[1;31mred", "\x1b[1;31mred\x1b[0m"),
            ("\x1b[1;31mred\x1b[0m, \x1b[32mgreen\x1b[m", "\x1b[1;31mred\x1b[0m, \x1b[32mgreen\x1b[m"),
            ("\x1b[2J\x1b]0;title\x07", r"\u{1b}[2J\u{1b}]0;title\u{7}"),
            ("\x1b[31", r"\u{1b}[31"),
            ("50%\r100%\0", r"50%\r100%\u{0}"),
            ("\u{9b}2J \u{202e}evil", r"\u{9b}2J \u{202e}evil"),
            ("\x1b[8mhidden\x1b[0m", "\\u{1b}[8mhidden\x1b[0m"),
            ("\x1b[30;40mhidden", "\\u{1b}[30;40mhidden"),
            ("\x1b[31m\x1b[41mhidden", "\x1b[31m\\u{1b}[41mhidden\x1b[0m"),
        ] {
            assert_eq!(tame(line.as_bytes()), shown);
        }
        assert_eq!(tame(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn json_is_escaped_and_means_the_same() {
        let text = serde_json::to_string("a\u{9b}\u{7f}\u{e0041}\u{1b}\"ü").expect("text");
        assert_eq!(json(&text), r#""a\u009b\u007f\udb40\udc41\u001b\"ü""#);
    }

    proptest! {
        #[test]
        fn whatever_a_name_is_it_only_shows(text in hostile()) {
            let shown = plain(&text);
            prop_assert!(only_shows(&shown), "{:?}", shown);
            prop_assert_eq!(plain(&shown), shown);
        }

        #[test]
        fn whatever_is_printed_moves_no_cursor_hides_nothing_and_leaves_no_colour(text in hostile()) {
            let shown = tame(text.as_bytes());
            let mut look = Look::default();
            let mut rest = &*shown;
            let mut bare = String::new();
            while let Some(character) = rest.chars().next() {
                match look.take(rest) {
                    Some(sequence) => rest = &rest[sequence.len()..],
                    None => {
                        bare.push(character);
                        rest = &rest[character.len_utf8()..];
                    }
                }
            }
            prop_assert!(look.is_usual(), "{:?}", shown);
            prop_assert!(only_shows(&bare.replace('\t', " ")), "{:?}", bare);
        }

        #[test]
        fn json_is_the_same_data_and_only_shows(text in hostile()) {
            let shown = json(&serde_json::to_string(&text).expect("text"));
            prop_assert!(shown.chars().all(is_plain), "{:?}", shown);
            prop_assert_eq!(serde_json::from_str::<String>(&shown).expect("JSON"), text);
        }
    }
}
