//! GNU Bash.

use super::homes::Homes;
use super::interactive::{Looks, Sign};
use super::posix;
use super::spec::Shell;

pub(super) const SHELL: Shell = Shell {
    name: "bash",
    about: "GNU Bash, 3.2 and later",
    least_version: (3, 2),
    syntax: &posix::SYNTAX,
    hook: include_str!("../../shell/hook.bash"),
    completions: include_str!("../../completions/mcp-hook.bash"),
    rc_line: r#"eval "$(mcp-hook init bash)""#,
    home: |homes: &Homes| homes.home.clone(),
    startup_files: &[".bashrc", ".bash_profile", ".bash_login", ".profile"],
    snippets: None,
    looks: Looks {
        letters: "il",
        options: &["--login", "--noprofile", "--posix", "--noediting"],
        with_value: &["--rcfile", "--init-file"],
        sign: Sign::IgnoresSigttin,
    },
};
