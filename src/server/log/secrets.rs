//! What must not be read in any log.

use std::rc::Rc;

/// Stands in place of a secret.
const MASK: &[u8] = b"***";
/// What is shorter is not masked, in bytes: it would be found in half of all words.
const SHORTEST: usize = 4;

/// The values that are masked. Copies share one list.
#[derive(Clone, Default)]
pub struct Secrets(Rc<[Vec<u8>]>);

impl Secrets {
    /// The secrets among these values. One of several lines is masked line by line.
    #[must_use]
    pub fn new(values: &[String]) -> Self {
        let lines = values.iter().flat_map(|value| value.lines()).map(|line| line.trim_end().as_bytes().to_vec());
        let mut secrets: Vec<Vec<u8>> = lines.filter(|line| line.len() >= SHORTEST).collect();
        // The longest first: one may be a part of another.
        secrets.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        secrets.dedup();
        Self(secrets.into())
    }

    /// The length of the longest, in bytes.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    /// Masks every occurrence in a line.
    pub fn mask(&self, line: &mut Vec<u8>) {
        for secret in self.0.iter() {
            let mut from = 0;
            while let Some(at) = find(&line[from..], secret) {
                line.splice(from + at..from + at + secret.len(), MASK.iter().copied());
                from += at + MASK.len();
            }
        }
    }

    /// The same in a text.
    #[must_use]
    pub fn masked(&self, text: &str) -> String {
        let mut line = text.as_bytes().to_vec();
        self.mask(&mut line);
        String::from_utf8_lossy(&line).into_owned()
    }
}

fn find(line: &[u8], secret: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = line[from..].iter().position(|byte| *byte == secret[0]) {
        if line[from + at..].starts_with(secret) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_short_ones_are_not() {
        let secrets =
            Secrets::new(&["hunter2".into(), "hunter2-and-more".into(), "abc".into(), "one\ntwo2\r\n".into()]);
        for (line, masked) in [
            ("token=hunter2", "token=***"),
            ("hunter2hunter2", "******"),
            ("hunter2-and-more hunter", "*** hunter"),
            ("abc one two2", "abc one ***"),
            ("hhunter2", "h***"),
            ("", ""),
        ] {
            assert_eq!(secrets.masked(line), masked, "{line}");
        }
        assert_eq!(Secrets::default().masked("hunter2"), "hunter2");
    }
}
