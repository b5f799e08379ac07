//! The completion scripts: files in `completions/`, printed as they stand.

use super::Shell;

impl Shell {
    /// The completion script.
    pub fn completions(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../completions/mcp-hook.bash"),
            Self::Zsh => include_str!("../../completions/_mcp-hook"),
            Self::Fish => include_str!("../../completions/mcp-hook.fish"),
        }
    }
}
