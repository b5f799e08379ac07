//! Text that a shell reads back as exactly one word with exactly this value.

/// How a family of shells quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Syntax {
    /// sh, bash, zsh and their relatives.
    Posix,
    /// fish.
    Fish,
}

impl Syntax {
    /// `value` in single quotes. In POSIX shells nothing is special between them, so a quote is written outside
    /// (`'\''`); in fish a backslash escapes itself and the quote.
    pub fn quote(self, value: &str) -> String {
        let inner = match self {
            Self::Posix => value.replace('\'', r"'\''"),
            Self::Fish => value.replace('\\', r"\\").replace('\'', r"\'"),
        };
        format!("'{inner}'")
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::Syntax;

    fn echoed(shell: &str, syntax: Syntax, value: &str) -> Option<String> {
        let script = format!("printf %s {}", syntax.quote(value));
        let output = Command::new(shell).args(["-c", &script]).env("LC_ALL", "C.UTF-8").output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_shell_reads_back_what_was_quoted(value in "([ -~]|['\\\\$`!\"*~é€])*") {
            for (shell, syntax) in
                [("sh", Syntax::Posix), ("bash", Syntax::Posix), ("zsh", Syntax::Posix), ("fish", Syntax::Fish)]
            {
                if let Some(echoed) = echoed(shell, syntax, &value) {
                    prop_assert_eq!(echoed, value.clone(), "{}", shell);
                }
            }
        }
    }
}
