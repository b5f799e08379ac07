//! The Z shell.

use super::homes::Homes;
use super::interactive::{Looks, Sign};
use super::posix;
use super::spec::Shell;

pub(super) const SHELL: Shell = Shell {
    name: "zsh",
    about: "The Z shell, 5.0 and later",
    least_version: (5, 0),
    syntax: &posix::SYNTAX,
    hook: include_str!("../../shell/hook.zsh"),
    completions: include_str!("../../completions/_mcp-hook"),
    rc_line: r#"eval "$(mcp-hook init zsh)""#,
    home: |homes: &Homes| homes.zsh.as_ref().unwrap_or(&homes.home).clone(),
    startup_files: &[".zshrc", ".zprofile", ".zlogin", ".zshenv"],
    snippets: None,
    looks: Looks {
        letters: "ild",
        options: &["--interactive", "--login"],
        with_value: &[],
        sign: Sign::IgnoresSigttin,
    },
};
