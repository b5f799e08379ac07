//! A command line for a shell, as far as it is certain what it says: one simple command, up to where it does not matter
//! any more.

use std::path::Path;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What the shell makes of it; an expansion inside double quotes stays as it is written.
    pub text: String,
    /// Where it ends in the line.
    pub end: usize,
}

/// The line that a shell is to execute, if that is what the words say.
pub fn of_shell(words: &[String]) -> Option<&str> {
    let [shell, option, line, ..] = words else { return None };
    let name = Path::new(shell).file_name()?.to_str()?;
    (matches!(name, "sh" | "bash" | "dash" | "zsh" | "ksh") && option == "-c").then_some(line)
}

/// The words of the first command of the line, up to its end or to the first word that only a shell understands.
pub fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        let start = line.len() - rest.len();
        let Some((text, length)) = word(rest).filter(|&(_, length)| length > 0) else { break };
        words.push(Word { text, end: start + length });
        rest = &rest[length..];
    }
    if words.first().is_some_and(|word| word.text == "exec") {
        words.remove(0);
    }
    words
}

/// The line with more words behind the one of this number, quoted.
pub fn insert_behind(line: &str, number: usize, more: &[&str]) -> Option<String> {
    let end = words(line).get(number)?.end;
    let more: Vec<String> = more.iter().map(|word| format!(" '{}'", word.replace('\'', r"'\''"))).collect();
    Some([&line[..end], &more.concat(), &line[end..]].concat())
}

/// The word at the beginning of a text, and its length; of length 0 where the command ends.
fn word(text: &str) -> Option<(String, usize)> {
    let mut word = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            ' ' | '\t' => return Some((word, at)),
            // `2>&1`: the digit belongs to what follows, and stands behind all that matters.
            '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => return Some((word, at)),
            '\'' | '"' => {
                let length = text[at + 1..].find(character)?;
                let quoted = &text[at + 1..at + 1 + length];
                if character == '"' && (quoted.contains(['`', '\\']) || quoted.contains("$(") || quoted.contains("$@"))
                {
                    return None;
                }
                word += quoted;
                // The quotes are ASCII: the rest begins at a character.
                characters = text.char_indices();
                characters.nth(text[..=at + 1 + length].chars().count() - 1);
            }
            '$' | '`' | '\\' | '*' | '?' | '[' | '{' | '}' | '#' | '!' | '~' => return None,
            _ => word.push(character),
        }
    }
    Some((word, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_up_to_the_end_of_the_command_or_what_only_a_shell_knows() {
        for (line, expected) in [
            ("docker run -i image", "docker|run|-i|image"),
            ("  exec docker  run\t-i image >x", "docker|run|-i|image"),
            ("docker run image; rm x", "docker|run|image"),
            ("docker run 'a b'\"c d\"e image && more", "docker|run|a bc de|image"),
            ("docker run -e \"A=$B\" image", "docker|run|-e|A=$B|image"),
            ("docker run $X image", "docker|run"),
            ("docker run image$X", "docker|run"),
            ("docker run \"$(x)\" image", "docker|run"),
            ("docker run 'a", "docker|run"),
            ("A=1 docker run \\\n-i", "A=1|docker|run"),
            ("", ""),
            ("a | b", "a"),
        ] {
            let texts: Vec<String> = words(line).into_iter().map(|word| word.text).collect();
            assert_eq!(texts.join("|"), expected, "{line}");
        }
    }
}
