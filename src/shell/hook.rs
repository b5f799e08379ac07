//! The hooks: static files, printed as they stand.

use super::Shell;

impl Shell {
    /// The text to be evaluated when this shell starts.
    #[must_use]
    pub fn hook(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../shell/hook.bash"),
            Self::Zsh => include_str!("../../shell/hook.zsh"),
            Self::Fish => include_str!("../../shell/hook.fish"),
        }
    }

    /// The line for the shell's start-up file, and the file.
    #[must_use]
    pub fn rc_line(self) -> (&'static str, &'static str) {
        match self {
            Self::Bash => (r#"eval "$(mcp-hook init bash)""#, "~/.bashrc"),
            Self::Zsh => (r#"eval "$(mcp-hook init zsh)""#, "~/.zshrc"),
            Self::Fish => ("mcp-hook init fish | source", "~/.config/fish/config.fish"),
        }
    }
}
