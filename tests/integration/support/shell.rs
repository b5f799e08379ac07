//! The three shells, as far as tests need to know how they differ.

use std::fmt;
use std::path::PathBuf;

use super::sandbox::Sandbox;

/// A shell that has a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl fmt::Display for Shell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl Shell {
    pub const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Fish];

    /// Its name, which is also the program's and the argument of `init`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }

    /// The rc line that README shows.
    pub fn hook_line(self) -> &'static str {
        match self {
            Self::Bash => r#"eval "$(mcp-hook init bash)""#,
            Self::Zsh => r#"eval "$(mcp-hook init zsh)""#,
            Self::Fish => "mcp-hook init fish | source",
        }
    }

    /// The hook as it stands in the source tree.
    pub fn hook_file(self) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("shell").join(format!("hook.{}", self.name()))
    }

    /// The status of the last command, as this shell spells it.
    pub fn status(self) -> &'static str {
        if self == Self::Fish { "$status" } else { "\"$?\"" }
    }

    /// The shell's own pid, as this shell spells it.
    pub fn own_pid(self) -> &'static str {
        if self == Self::Fish { "$fish_pid" } else { "$$" }
    }

    /// A word that this shell takes as it is: in single quotes.
    pub fn quote(self, word: &str) -> String {
        if self == Self::Fish {
            format!("'{}'", word.replace('\\', r"\\").replace('\'', r"\'"))
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    }

    /// Makes the rc file of an interactive shell: `before`, the hook, `after`.
    pub fn write_rc(self, sandbox: &Sandbox, before: &str, after: &str) {
        self.write_bare_rc(sandbox, &format!("{before}\n{}\n{after}\n", self.hook_line()));
    }

    /// Makes the rc file without the hook. What would start processes of its own at a first start is off.
    pub fn write_bare_rc(self, sandbox: &Sandbox, text: &str) {
        match self {
            Self::Bash => {
                sandbox.write("home/.bashrc", text);
                // A login shell reads this one only, after a system file that may set the path anew.
                let path = sandbox.environment().into_iter().find(|(name, _)| name == "PATH").unwrap().1;
                let path = self.quote(path.to_str().unwrap());
                sandbox.write("home/.bash_profile", format!("export PATH={path}\n. ~/.bashrc\n"));
            }
            Self::Zsh => {
                sandbox.write("home/.zshrc", text);
            }
            Self::Fish => {
                std::fs::create_dir_all(sandbox.home().join(".local/share/fish/generated_completions")).unwrap();
                sandbox.write("home/.config/fish/config.fish", format!("set -g fish_greeting\n{text}"));
            }
        }
    }
}
