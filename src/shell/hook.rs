//! The hooks: static files, printed as they stand.

use super::Shell;
use super::rc::Homes;

impl Shell {
    /// The text to be evaluated when this shell starts.
    pub fn hook(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../shell/hook.bash"),
            Self::Zsh => include_str!("../../shell/hook.zsh"),
            Self::Fish => include_str!("../../shell/hook.fish"),
        }
    }

    /// The line for the shell's start-up file.
    pub fn rc_line(self) -> &'static str {
        match self {
            Self::Bash => r#"eval "$(mcp-hook init bash)""#,
            Self::Zsh => r#"eval "$(mcp-hook init zsh)""#,
            Self::Fish => "mcp-hook init fish | source",
        }
    }

    /// The start-up file that the line belongs in, as people write it.
    pub fn rc_file(self, homes: &Homes) -> String {
        let file = self.startup_files(homes).into_iter().next().unwrap_or_default();
        match file.strip_prefix(&homes.home) {
            Ok(inside) => format!("~/{}", inside.display()),
            Err(_) => file.display().to_string(),
        }
    }
}
