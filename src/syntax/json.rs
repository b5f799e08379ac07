//! JSON and nothing else: what people write into it that it does not have is called by its name.

use serde_json::Value;

/// The byte order mark that some editors begin a file with.
pub const MARK: char = '\u{feff}';

/// Why a text is no JSON, and where it is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at line {line} column {column}")]
pub struct NotJson {
    pub what: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1; 0 is the end of the line before.
    pub column: usize,
}

/// Reads a text; a byte order mark in front is let pass, as most clients do.
pub fn read(text: &str) -> Result<Value, NotJson> {
    read_strictly(text.trim_start_matches(MARK))
}

/// Reads a text that other programs read too, which let no byte order mark pass.
pub fn read_strictly(text: &str) -> Result<Value, NotJson> {
    serde_json::from_str(text).map_err(|error| {
        let own = error.to_string();
        let own = own.split(" at line ").next().unwrap_or_default().to_owned();
        let wrong = NotJson { what: own, line: error.line(), column: error.column() };
        foreign(text).filter(|foreign| foreign.line <= wrong.line).unwrap_or(wrong)
    })
}

/// The first thing outside of strings that JSON does not have, but other formats and editors do.
fn foreign(text: &str) -> Option<NotJson> {
    let (mut line, mut column, mut is_string) = (1, 0, false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        column += 1;
        match character {
            '\n' => (line, column) = (line + 1, 0),
            '"' => is_string = !is_string,
            '\\' if is_string => column += usize::from(characters.next().is_some()),
            '/' | '#' | MARK if !is_string => {
                let what = match (character, characters.peek()) {
                    (MARK, _) => "there is a byte order mark, which JSON does not have,",
                    ('#', _) | (_, Some('/' | '*')) => "there is a comment, which JSON does not have,",
                    _ => return None,
                };
                return Some(NotJson { what: what.to_owned(), line, column });
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_formats_have_is_called_by_its_name() {
        let said =
            |text: &str| read_strictly(text).map_or_else(|error| error.to_string() + "\n", |it| format!("{it}\n"));
        let all = [
            "{\n  // why\n  \"a\": 1}",
            "{\"a\": 1, /* why */ \"b\": 2}",
            "{\"a\": 1} # why",
            "{\"a\": \"http://x/#y\\\"//\"}",
            "{\"a\": 1,}\n// why",
            "{\"a\": 1,\n// why\n}",
            "{\"a\": 1/2}",
            "\u{feff}{}",
            "{\u{feff}}",
            "",
        ];
        insta::assert_snapshot!(all.map(said).concat(), @r#"
        there is a comment, which JSON does not have, at line 2 column 3
        there is a comment, which JSON does not have, at line 1 column 10
        there is a comment, which JSON does not have, at line 1 column 10
        {"a":"http://x/#y\"//"}
        trailing comma at line 1 column 9
        there is a comment, which JSON does not have, at line 2 column 1
        expected `,` or `}` at line 1 column 8
        there is a byte order mark, which JSON does not have, at line 1 column 1
        there is a byte order mark, which JSON does not have, at line 1 column 2
        EOF while parsing a value at line 1 column 0
        "#);
        assert_eq!(read("\u{feff}{}"), Ok(serde_json::json!({})));
    }
}
