//! What must not be read in any log, record or message.

use std::rc::Rc;

/// Stands in place of a secret.
const MASK: &[u8] = b"***";
/// A line of a secret of several lines is masked if it has as many bytes as this: not every `}` of a key file.
const SHORTEST_LINE: usize = 4;

/// The values that are masked. Copies share one list.
#[derive(Clone, Default)]
pub struct Secrets(Rc<[Vec<u8>]>);

impl Secrets {
    /// Secret values: each is masked as it is, line by line if it has several, and as JSON has it.
    #[must_use]
    pub fn new(values: &[String]) -> Self {
        let mut secrets: Vec<Vec<u8>> = values.iter().flat_map(|value| forms(value)).map(String::into_bytes).collect();
        // The longest first.
        secrets.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        secrets.dedup();
        Self(secrets.into())
    }

    /// The length of the longest, in bytes.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    /// Masks every occurrence in a line. Of two that overlap no byte is left over.
    pub fn mask(&self, line: &mut Vec<u8>) {
        let mut found: Vec<(usize, usize)> = self.0.iter().flat_map(|secret| occurrences(line, secret)).collect();
        if found.is_empty() {
            return;
        }
        found.sort_unstable();
        let mut masked = Vec::with_capacity(line.len());
        let mut end = 0;
        for (start, stop) in found {
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
    #[must_use]
    pub fn masked(&self, text: &str) -> String {
        let mut line = text.as_bytes().to_vec();
        self.mask(&mut line);
        String::from_utf8_lossy(&line).into_owned()
    }
}

/// The texts in which programs print a value.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    if value.contains('\n') {
        let lines = value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
        forms.extend(lines.map(str::to_owned));
    }
    let quoted = |text: &String| serde_json::Value::from(text.as_str()).to_string();
    let quoted: Vec<String> = forms.iter().map(quoted).map(|text| text[1..text.len() - 1].to_owned()).collect();
    forms.extend(quoted);
    forms.retain(|form| !form.is_empty());
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// Where `part` stands in `text`, with those that overlap.
fn occurrences<'text>(text: &'text [u8], part: &'text [u8]) -> impl Iterator<Item = (usize, usize)> {
    let last = (text.len() + 1).saturating_sub(part.len());
    let starts = text.iter().take(last).enumerate().filter(|(_, byte)| part.first() == Some(*byte)).map(|(at, _)| at);
    starts.filter(|&at| text[at..].starts_with(part)).map(|at| (at, at + part.len()))
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
        assert_eq!(masked("token=abc, again abc", &["abc"]), "token=***, again ***");
        assert_eq!(masked("abcabc", &["abc"]), "******");
        assert_eq!(masked("xabcdx", &["abc", "bcd"]), "x***x", "two that overlap");
        assert_eq!(masked("xabcdx", &["bc", "abcd"]), "x***x", "one in another");
        assert_eq!(masked("aaaa", &["aaa"]), "***");
        assert_eq!(masked("nothing", &["abc", "nothing more"]), "nothing");
        assert_eq!(masked("", &["abc"]), "");
        assert_eq!(masked("hunter2-and-more hunter", &["hunter2", "hunter2-and-more"]), "*** hunter");
        assert_eq!(masked("one two2 }", &["one\ntwo2\r\n}"]), "one *** }", "of several lines");
        assert_eq!(Secrets::default().masked("hunter2"), "hunter2");
    }

    #[test]
    fn a_secret_is_masked_in_the_forms_that_programs_print() {
        assert_eq!(forms("plain"), ["plain"]);
        assert_eq!(forms("a\"b\\c"), ["a\"b\\c", "a\\\"b\\\\c"]);
        assert_eq!(forms("{\n  key: 1\n}"), ["key: 1", "{\n  key: 1\n}", "{\\n  key: 1\\n}"]);
        assert!(forms("").is_empty());
    }

    proptest! {
        #[test]
        fn no_secret_is_left(text in "[abc]{0,40}", secrets in prop::collection::vec("[abc]{1,4}", 0..4)) {
            let shown = Secrets::new(&secrets).masked(&text);
            for secret in &secrets {
                prop_assert!(!shown.contains(secret), "{} in {}", secret, shown);
            }
        }
    }
}
