//! Whether a shell is interactive, as another process sees it: nobody can look at its options, but at how it was started
//! and at what only an interactive one does.

use super::Shell;

/// How an interactive shell looks from outside.
pub struct Looks {
    /// The options that may stand together behind one dash.
    pub letters: &'static str,
    /// Other options without a value.
    pub options: &'static [&'static str],
    /// Options whose value is the next argument.
    pub with_value: &'static [&'static str],
    pub sign: Sign,
}

/// What a shell does only if it is interactive.
pub enum Sign {
    IgnoresSigttin,
    /// Without a script and a command, it reads a terminal.
    ReadsTerminal,
}

/// What was seen of a shell.
pub struct Seen<'caller> {
    /// What it is called.
    pub name: &'caller str,
    /// Each followed by NUL, its own name first.
    pub arguments: &'caller [u8],
    pub ignores_sigttin: bool,
    pub reads_terminal: bool,
}

impl Shell {
    /// Whether what was seen proves that it is this shell, and reads commands from its user. A script, a command as an argument,
    /// or an option that is not known here prove nothing.
    pub fn is_surely_interactive(&self, seen: &Seen<'_>) -> bool {
        let shows_sign = match self.looks.sign {
            Sign::IgnoresSigttin => seen.ignores_sigttin,
            Sign::ReadsTerminal => seen.reads_terminal,
        };
        seen.name == self.name && shows_sign && self.looks.has_options_only(seen.arguments)
    }
}

impl Looks {
    fn has_options_only(&self, arguments: &[u8]) -> bool {
        let Some(arguments) = std::str::from_utf8(arguments).ok().and_then(|text| text.strip_suffix('\0')) else {
            return false;
        };
        let mut arguments = arguments.split('\0').skip(1);
        while let Some(argument) = arguments.next() {
            let is_known = self.with_value.contains(&argument) && arguments.next().is_some();
            if !is_known && !self.options.contains(&argument) && !self.are_letters(argument) {
                return false;
            }
        }
        true
    }

    fn are_letters(&self, argument: &str) -> bool {
        let letters = argument.strip_prefix('-').unwrap_or_default();
        !letters.is_empty() && letters.chars().all(|letter| self.letters.contains(letter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_interactive(shell: &str, line: &str, has_sign: bool) -> bool {
        let arguments = line.replace(' ', "\0") + "\0";
        let seen =
            Seen { name: shell, arguments: arguments.as_bytes(), ignores_sigttin: has_sign, reads_terminal: has_sign };
        Shell::named(shell).expect("a shell").is_surely_interactive(&seen)
    }

    #[test]
    fn a_shell_without_script_and_command_that_looks_interactive_is_it() {
        for line in [
            "bash",
            "-bash",
            "/bin/bash -i",
            "-su",
            "bash -il",
            "bash --login",
            "bash --noprofile --rcfile /my/rc -i",
            "bash --init-file /app/shellIntegration-bash.sh",
        ] {
            assert!(is_interactive("bash", line, true), "{line}");
            assert!(!is_interactive("bash", line, false), "{line}");
        }
        for line in ["zsh", "-zsh", "zsh -l -i", "zsh -d -i", "zsh -li"] {
            assert!(is_interactive("zsh", line, true), "{line}");
        }
        for line in ["fish", "-fish", "fish -l", "fish -C set_-g_x_1", "fish --interactive --login"] {
            assert!(is_interactive("fish", line, true), "{line}");
        }
    }

    #[test]
    fn scripts_commands_and_what_is_not_known_prove_nothing() {
        for line in [
            "bash script",
            "bash -c echo",
            "bash -ic echo",
            "bash -i -c echo",
            "bash -i script",
            "bash -s",
            "bash -",
            "bash --",
            "bash --rcfile",
            "bash --rcfile /my/rc script",
            "bash -O extglob",
            "bash +m",
            "bash ",
        ] {
            assert!(!is_interactive("bash", line, true), "{line}");
        }
        assert!(!is_interactive("zsh", "zsh -c echo", true));
        assert!(!is_interactive("fish", "fish script", true));
    }

    #[test]
    fn another_program_than_was_asked_for_proves_nothing() {
        let seen = Seen { name: "sudo", arguments: b"sudo\0", ignores_sigttin: true, reads_terminal: true };
        assert!(Shell::ALL.iter().all(|shell| !shell.is_surely_interactive(&seen)));
        let cut = Seen { name: "bash", arguments: b"", ignores_sigttin: true, reads_terminal: true };
        assert!(!Shell::named("bash").expect("a shell").is_surely_interactive(&cut));
    }
}
