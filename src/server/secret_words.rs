//! What in a command line is nobody's business, by what stands around it: the value of an option called `--token`, of a
//! variable, of a header, who logs in at a URL, and what begins as the tokens of well-known services do.

use std::ops::Range;

use super::secret_name;
use super::secret_text::{in_url, is_reference, tokens};
use super::secrets::Secrets;

/// A part of one of the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretPart {
    /// Which word.
    pub word: usize,
    /// Its bytes.
    pub bytes: Range<usize>,
}

/// The parts that are secret, in order and apart from each other; `known` secrets are wherever they stand.
pub fn parts(words: &[&str], known: &Secrets) -> Vec<SecretPart> {
    let mut found = Vec::new();
    let mut before = Before::Anything;
    for (word, text) in words.iter().enumerate() {
        let mut ranges = whole(text, before);
        // A script, or words that a shell has still to take apart.
        if text.contains(char::is_whitespace) {
            ranges.extend(within(text));
        }
        ranges.extend(known.places(text));
        found.extend(joined(ranges).into_iter().map(|bytes| SecretPart { word, bytes }));
        before = Before::of(text);
    }
    found
}

/// The words with a mask in place of what is secret.
pub fn masked(words: &[String], known: &Secrets) -> Vec<String> {
    let mut masked = words.to_vec();
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    // From the back: what stands in front keeps its place.
    for part in parts(&texts, known).into_iter().rev() {
        masked[part.word].replace_range(part.bytes, MASK);
    }
    masked
}

/// The words as they are shown where nothing else is known of them.
pub fn shown(words: &[String]) -> Vec<String> {
    masked(words, &Secrets::default())
}

/// The same of a single text.
pub fn shown_text(text: &str) -> String {
    shown(&[text.to_owned()]).concat()
}

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// What the word in front says of a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before<'a> {
    Anything,
    /// An option.
    Option(&'a str),
    /// An option that takes a variable with its value.
    Variable,
    /// An option that takes a header.
    Header,
}

impl<'a> Before<'a> {
    fn of(word: &'a str) -> Self {
        match word {
            "-e" | "--env" => Self::Variable,
            "-H" | "--header" => Self::Header,
            _ if word.starts_with('-') && !word.contains(['=', ' ']) => Self::Option(word),
            _ => Self::Anything,
        }
    }
}

/// The secret parts of a word that is taken as it stands.
fn whole(word: &str, before: Before<'_>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let value = match before {
        Before::Option(name) if !word.starts_with('-') && secret_name::is_secret(name, word) => Some(0),
        Before::Variable => word.find('=').map(|at| at + 1),
        Before::Header => word.find(':').map(|at| at + 1),
        Before::Option(_) | Before::Anything => behind_name(word),
    };
    if let Some(start) = value.filter(|&start| !is_reference(&word[start..])) {
        let value = word[start..].trim_start_matches([' ', '"', '\'']);
        found.push(word.len() - value.len()..word.len());
    }
    found.extend(in_url(word));
    found.extend(tokens(word));
    found.retain(|range| !range.is_empty());
    found
}

/// Where the value begins in `--token=VALUE`, `TOKEN=VALUE`, `--env=NAME=VALUE` and `Authorization: VALUE`.
fn behind_name(word: &str) -> Option<usize> {
    for (option, sign) in [("--env=", '='), ("-e", '='), ("--header=", ':'), ("-H", ':')] {
        let rest = word.strip_prefix(option).filter(|rest| rest.starts_with(|it: char| it.is_ascii_uppercase()));
        if let Some(at) = rest.and_then(|rest| rest.find(sign)) {
            return Some(option.len() + at + 1);
        }
    }
    let at = word.find(['=', ':'])?;
    let name = &word[..at];
    let is_name = name.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.'));
    let value = word[at + 1..].trim();
    (is_name && !word[at..].starts_with("://") && secret_name::is_secret(name, value)).then_some(at + 1)
}

/// The secret parts of a text that is taken apart at its blanks.
fn within(text: &str) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut words = Vec::new();
    let mut begin = 0;
    for part in text.split(char::is_whitespace) {
        let word = part.trim_matches(['"', '\'', ';']);
        if !word.is_empty() {
            starts.push(begin + part.find(word).unwrap_or_default());
            words.push(word);
        }
        let end = begin + part.len();
        begin = end + text[end..].chars().next().map_or(0, char::len_utf8);
    }
    let found = parts(&words, &Secrets::default()).into_iter();
    found.map(|it| starts[it.word] + it.bytes.start..starts[it.word] + it.bytes.end).collect()
}

/// Ranges in order, those that touch or overlap as one.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(words: &[&str]) -> String {
        super::shown(&words.iter().map(|&it| it.to_owned()).collect::<Vec<_>>()).join(" | ")
    }

    #[test]
    fn secrets_are_known_by_what_stands_around_them() {
        for (words, expected) in [
            (&["npx", "x", "--token=abc", "-y"][..], "npx | x | --token=*** | -y"),
            (&["x", "--api-key", "abc", "--port", "80"], "x | --api-key | *** | --port | 80"),
            (&["x", "--access-token", "--verbose"], "x | --access-token | --verbose"),
            (&["x", "--max-tokens", "100", "--token", "100"], "x | --max-tokens | 100 | --token | ***"),
            (&["sh", "-c", "x --max-tokens 9 TOKEN=9"], "sh | -c | x --max-tokens 9 TOKEN=***"),
            (
                &["docker", "run", "-e", "KEY=v", "--env", "A=b=c", "-eX=y", "--env=Z=q", "-e", "NAME", "img"],
                "docker | run | -e | KEY=*** | --env | A=*** | -eX=*** | --env=Z=*** | -e | NAME | img",
            ),
            (&["env", "GITHUB_TOKEN=abc", "LEVEL=3", "x"], "env | GITHUB_TOKEN=*** | LEVEL=3 | x"),
            (
                &["x", "postgres://me:pw@h/db?a=1&password=p&b=2#c", "http://h/?x=1"],
                "x | postgres://***@h/db?a=1&password=***&b=2#c | http://h/?x=1",
            ),
            (
                &["x", "https://tok@h/", "ssh://git@h/a", "git+ssh://git@h/a", "me@h"],
                "x | https://***@h/ | ssh://git@h/a | git+ssh://git@h/a | me@h",
            ),
            (
                &["mcp-remote", "https://h", "--header", "Authorization: Bearer abc", "-H", "X-A:b"],
                "mcp-remote | https://h | --header | Authorization: *** | -H | X-A:***",
            ),
            (&["x", "X-Api-Key: abc", "--header=A: b"], "x | X-Api-Key: *** | --header=A: ***"),
            (
                &["sh", "-c", "cd /a && TOKEN='ab' x --key \"k\" --port 80; y"],
                "sh | -c | cd /a && TOKEN='***' x --key \"***\" --port 80; y",
            ),
            (&["x", "ghp_0123456789abcdef0123"], "x | ***"),
        ] {
            assert_eq!(shown(words), expected);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for word in [
            "--token=${TOKEN}",
            "--token=$TOKEN",
            "Authorization: Bearer ${env:TOKEN}",
            "https://${USER}@h/",
            "--keyboard=us",
            "--monkey",
            "-y",
            "@scope/package@1.2.3",
            "C:\\key",
            "sk-short",
            "a sentence with blanks",
            "{env:TOKEN}",
            "--token=",
            "--max-tokens=100",
            "TOKENIZERS_PARALLELISM=false",
            "https://h/?token=${T}",
            "",
        ] {
            assert_eq!(shown(&[word]), word);
        }
        assert_eq!(shown(&["--token", "${input:token}"]), "--token | ${input:token}");
        assert_eq!(shown(&["--token", "${A:-abc}"]), "--token | ***", "what stands for it is one");
    }

    proptest! {
        #[test]
        fn no_secret_is_left_wherever_it_stands(secret in "[a-zA-Z0-9é]{6,20}", before in "[a-z -]{0,6}", form in 0usize..8) {
            let words: Vec<String> = match form {
                0 => vec![format!("--token={secret}")],
                1 => vec!["--api-key".into(), secret.clone()],
                2 => vec!["-e".into(), format!("NAME={secret}")],
                3 => vec![format!("API_TOKEN={secret}")],
                4 => vec![format!("http://user:{secret}@example.org/")],
                5 => vec!["--header".into(), format!("Authorization: Bearer {secret}")],
                6 => vec!["sh".into(), "-c".into(), format!("x --password '{secret}' y")],
                _ => vec![format!("http://example.org/?a=b&token={secret}&c=d")],
            };
            let words: Vec<String> = [before].into_iter().chain(words).collect();
            let shown = masked(&words, &Secrets::default());
            prop_assert!(!shown.concat().contains(&secret), "{:?}", shown);
            prop_assert_eq!(masked(&shown, &Secrets::default()), shown);
        }

        #[test]
        fn every_text_has_parts_in_order_and_the_rest_stays(words in prop::collection::vec("[-a-zA-Z=:/@?&$é \"']{0,16}", 0..6)) {
            let texts: Vec<&str> = words.iter().map(String::as_str).collect();
            let mut end = (0, 0);
            for part in parts(&texts, &Secrets::default()) {
                prop_assert!(end <= (part.word, part.bytes.start) && !part.bytes.is_empty());
                prop_assert!(texts[part.word].get(part.bytes.clone()).is_some());
                end = (part.word, part.bytes.end);
            }
            prop_assert_eq!(masked(&words, &Secrets::default()).len(), words.len());
        }
    }
}
