//! Sequences that set colours and the like (SGR, ECMA-48 8.3.117), and which of them hide text.

/// Back to the usual look.
pub const RESET: &str = "\u{1b}[0m";
/// No honest sequence is longer, in bytes.
const LONGEST: usize = 64;

/// How text looks at a place in a line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    foreground: Option<Colour>,
    background: Option<Colour>,
    is_changed: bool,
}

/// A colour: one of the terminal's, or its three parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colour {
    Index(u8),
    Rgb(u8, u8, u8),
}

impl Look {
    /// The sequence at the beginning of `text`, if there is one that hides nothing; from here on text looks so.
    pub fn take<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let inside = text.strip_prefix("\u{1b}[")?;
        let length = inside.bytes().take(LONGEST).position(|it| !(it.is_ascii_digit() || b";:".contains(&it)))?;
        let (parameters, rest) = inside.split_at(length);
        let rest = rest.strip_prefix('m')?;
        let mut after = *self;
        after.apply(parameters)?;
        let is_hidden = after.foreground.is_some() && after.foreground == after.background;
        if is_hidden {
            return None;
        }
        *self = after;
        Some(&text[..text.len() - rest.len()])
    }

    /// Whether text looks as it does at the beginning of a line.
    pub fn is_usual(&self) -> bool {
        !self.is_changed
    }

    /// `None` for what is not known, or conceals.
    fn apply(&mut self, parameters: &str) -> Option<()> {
        let mut words = parameters.split(';');
        while let Some(word) = words.next() {
            let (first, more) = word.split_once(':').map_or((word, None), |(first, more)| (first, Some(more)));
            let code = number(first)?;
            self.is_changed = code != 0;
            match code {
                0 => (self.foreground, self.background) = (None, None),
                1..=7 | 9 | 21..=25 | 27..=29 | 53 | 55 | 59 => {}
                30..=37 => self.foreground = Some(Colour::Index(code - 30)),
                40..=47 => self.background = Some(Colour::Index(code - 40)),
                90..=97 => self.foreground = Some(Colour::Index(code - 82)),
                100..=107 => self.background = Some(Colour::Index(code - 92)),
                39 => self.foreground = None,
                49 => self.background = None,
                38 | 48 | 58 => {
                    let colour = match more {
                        Some(more) => of_parts(&more.split(':').collect::<Vec<_>>())?,
                        None => of_words(&mut words)?,
                    };
                    match code {
                        38 => self.foreground = Some(colour),
                        48 => self.background = Some(colour),
                        _ => {}
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }
}

/// The colour in the words behind `38`: `5;INDEX` or `2;RED;GREEN;BLUE`.
fn of_words<'t>(words: &mut impl Iterator<Item = &'t str>) -> Option<Colour> {
    match number(words.next()?)? {
        5 => Some(Colour::Index(number(words.next()?)?)),
        2 => Some(Colour::Rgb(number(words.next()?)?, number(words.next()?)?, number(words.next()?)?)),
        _ => None,
    }
}

/// The same in the parts of one word: `5:INDEX`, `2:RED:GREEN:BLUE` or `2:SPACE:RED:GREEN:BLUE` (ISO 8613-6).
fn of_parts(parts: &[&str]) -> Option<Colour> {
    match *parts {
        ["5", index] => Some(Colour::Index(number(index)?)),
        ["2", red, green, blue] | ["2", _, red, green, blue] => {
            Some(Colour::Rgb(number(red)?, number(green)?, number(blue)?))
        }
        _ => None,
    }
}

fn number(text: &str) -> Option<u8> {
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sets_a_look_passes_and_what_hides_text_or_has_no_end_does_not() {
        let endless = format!("{}31", "1;".repeat(60));
        for (parameters, passes) in [
            ("", true),
            ("0", true),
            ("1;4;31;42", true),
            ("38;5;8", true),
            ("38;2;8;8;8", true),
            ("38:2::8:8:8", true),
            ("38:5:8", true),
            ("4:3;58;5;8", true),
            ("8", false),
            ("08", false),
            ("1;8", false),
            ("38;5;1;8", false),
            ("38;8", false),
            ("38;5", false),
            ("256", false),
            ("31;41", false),
            ("91;48;5;9", false),
            ("38;2;1;2;3;48:2:1:2:3", false),
            ("31;41;32", true),
            ("31;41;0", true),
            (&endless, false),
        ] {
            let text = format!("\u{1b}[{parameters}mx");
            assert_eq!(Look::default().take(&text).is_some(), passes, "{parameters}");
        }
        for other in ["\u{1b}[31", "\u{1b}[31H", "\u{1b}]31m", "[31m", "31m", ""] {
            assert!(Look::default().take(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_look_lasts_until_it_is_taken_back() {
        let mut look = Look::default();
        for (sequence, is_taken, is_usual) in [
            ("\u{1b}[31m", true, false),
            ("\u{1b}[41m", false, false),
            ("\u{1b}[0m", true, true),
            ("\u{1b}[41m", true, false),
            ("\u{1b}[m", true, true),
            ("\u{1b}[0;1m", true, false),
        ] {
            assert_eq!((look.take(sequence).is_some(), look.is_usual()), (is_taken, is_usual), "{sequence:?}");
        }
    }
}
