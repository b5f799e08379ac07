//! What shells of a family read: values as single words, lines that set variables.

use std::fmt;

/// The name and the value of an environment variable.
pub type Variable = (String, String);

/// How a family of shells quotes and sets variables.
pub struct Syntax {
    pub name: &'static str,
    /// Which shells read it, for help.
    pub about: &'static str,
    /// A value as text that the shell reads back as exactly one word with exactly this value.
    pub quote: fn(&str) -> String,
    /// One line that exports variables.
    pub export: fn(&[&Variable]) -> String,
    /// What stands before the names of variables to take them away.
    pub unset: &'static str,
    /// What tells a shell where its servers are, as it is typed.
    pub env_line: &'static str,
}

impl Syntax {
    /// One line that exports the variables when it is evaluated.
    pub fn export<'a>(&self, variables: impl IntoIterator<Item = &'a Variable>) -> String {
        (self.export)(&variables.into_iter().collect::<Vec<_>>())
    }

    /// One line that takes variables away when it is evaluated.
    pub fn unset(&self, names: &[String]) -> String {
        format!("{} {}", self.unset, names.join(" "))
    }
}

impl fmt::Debug for Syntax {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::Syntax;
    use crate::shell::{fish, posix};

    fn echoed(shell: &str, syntax: &Syntax, value: &str) -> Option<String> {
        let script = format!("printf %s {}", (syntax.quote)(value));
        let output = Command::new(shell).args(["-c", &script]).env("LC_ALL", "C.UTF-8").output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_shell_reads_back_what_was_quoted(value in "([ -~]|['\\\\$`!\"*~é€])*") {
            let of_posix = ["sh", "bash", "zsh"].map(|shell| (shell, &posix::SYNTAX));
            for (shell, syntax) in of_posix.into_iter().chain([("fish", &fish::SYNTAX)]) {
                if let Some(echoed) = echoed(shell, syntax, &value) {
                    prop_assert_eq!(echoed, value.clone(), "{}", shell);
                }
            }
        }
    }
}
