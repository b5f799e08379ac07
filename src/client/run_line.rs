//! `mcp-hook run [OPTION…] NAME [--] [COMMAND…]` among the words of an entry, read as mcp-hook itself reads it.

use crate::definition::client_entry;

/// The options of `run` behind which no value stands.
pub const FLAGS: [&str; 7] = ["--direct", "--exact", "--no-tty", "--verbose", "-v", "--help", "-h"];

/// Where its parts stand among the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLine {
    /// The server's name, if there is one.
    pub name: Option<usize>,
    /// Where the server's own command begins, if there is one.
    pub command: Option<usize>,
}

impl RunLine {
    /// Reads the words; `None` if they are something else.
    pub fn of(words: &[String]) -> Option<Self> {
        let [hook, verb, ..] = words else { return None };
        if !client_entry::is_hook(hook) || verb != "run" {
            return None;
        }
        let mut name = None;
        let mut at = 2;
        while let Some(word) = words.get(at).filter(|word| *word != "--") {
            if !word.starts_with('-') {
                if name.is_some() {
                    return Some(Self { name, command: Some(at) });
                }
                name = Some(at);
            }
            let has_value = word.starts_with('-') && !word.contains('=') && !FLAGS.contains(&word.as_str());
            at += if has_value { 2 } else { 1 };
        }
        let mut rest = at + 1..words.len();
        let name = name.or_else(|| rest.next());
        Some(Self { name, command: rest.next() })
    }

    /// Where the command begins that is started in the end: mcp-hook may stand in front more than once.
    pub fn innermost(words: &[String]) -> Option<usize> {
        let at = Self::of(words)?.command?;
        Some(at + Self::innermost(&words[at..]).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_run_reads_it() {
        for (line, name, command) in [
            ("run web", Some("web"), None),
            ("run web --", Some("web"), None),
            ("run web -- npx x", Some("web"), Some("npx x")),
            ("run web npx x", Some("web"), Some("npx x")),
            ("run web npx -- x", Some("web"), Some("npx -- x")),
            ("run --port 80 web npx -- x", Some("web"), Some("npx -- x")),
            ("run web --port 80 -- npx", Some("web"), Some("npx")),
            ("run --port=80 --direct web npx", Some("web"), Some("npx")),
            ("run --grace 10s web", Some("web"), None),
            ("run -- web npx", Some("web"), Some("npx")),
            ("run", None, None),
            ("run --direct", None, None),
            ("run a -- mcp-hook run b -- npx x", Some("a"), Some("npx x")),
            ("run a mcp-hook run --direct b npx", Some("a"), Some("npx")),
            ("run a -- mcp-hook run b", Some("a"), Some("mcp-hook run b")),
            ("run mcp-hook run b", Some("mcp-hook"), Some("run b")),
        ] {
            let words: Vec<String> = ["mcp-hook"].into_iter().chain(line.split(' ')).map(str::to_owned).collect();
            let named = RunLine::of(&words).and_then(|line| line.name).map(|at| words[at].as_str());
            let started = RunLine::innermost(&words).map(|at| words[at..].join(" "));
            assert_eq!((named, started.as_deref()), (name, command), "{line}");
        }
        for line in ["npx x", "mcp-hook mcp", "mcp-hook"] {
            assert_eq!(RunLine::of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()), None, "{line}");
        }
    }
}
