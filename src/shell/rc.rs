//! The start-up files of shells: which there are, and where the hook stands in one. They are read, never executed.

use std::path::{Path, PathBuf};

use super::Shell;
use crate::context;

/// Where start-up files are looked for.
#[derive(Clone, Debug, Default)]
pub struct Homes {
    /// `HOME`.
    pub home: PathBuf,
    /// `ZDOTDIR`.
    pub zsh: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub config: Option<PathBuf>,
}

impl Homes {
    /// Where the shells look that are started with this environment. What is empty or relative is not heeded by them.
    pub fn from_environment() -> Self {
        let path = |name| context::variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Self { home: path("HOME").unwrap_or_else(|| "/".into()), zsh: path("ZDOTDIR"), config: path("XDG_CONFIG_HOME") }
    }
}

/// A hook in a start-up file. Lines are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its line.
    pub line: usize,
    /// For which shell it is; the file may be another's.
    pub shell: Shell,
    /// A line before it that certainly ends the file or the shell.
    pub behind: Option<usize>,
}

impl Shell {
    /// The three.
    pub const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Fish];

    /// The shell whose program is called so: `bash`, `-zsh`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shell| shell.to_string() == name.trim_start_matches('-'))
    }

    /// The start-up files of an interactive shell, whether or not they are there, the usual place of the hook first.
    pub fn startup_files(self, homes: &Homes) -> Vec<PathBuf> {
        let in_directory = |directory: &Path, names: &[&str]| names.iter().map(|name| directory.join(name)).collect();
        match self {
            Self::Bash => in_directory(&homes.home, &[".bashrc", ".bash_profile", ".bash_login", ".profile"]),
            Self::Zsh => {
                let directory = homes.zsh.as_ref().unwrap_or(&homes.home);
                in_directory(directory, &[".zshrc", ".zprofile", ".zlogin", ".zshenv"])
            }
            Self::Fish => {
                let config = homes.config.clone().unwrap_or_else(|| homes.home.join(".config"));
                vec![config.join("fish/config.fish")]
            }
        }
    }

    /// A directory whose files this shell reads too.
    pub fn startup_directory(self, homes: &Homes) -> Option<PathBuf> {
        let files = if self == Self::Fish { self.startup_files(homes) } else { Vec::new() };
        files.first().and_then(|file| file.parent()).map(|directory| directory.join("conf.d"))
    }
}

/// The hooks in the text of a start-up file, in order.
pub fn hooks(text: &str) -> Vec<Standing> {
    let mut end = None;
    let mut found = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let code = content.trim_start();
        if code.starts_with('#') {
            continue;
        }
        let is_hook = |shell: &Shell| code.contains(&format!("mcp-hook init {shell}"));
        found.extend(Shell::ALL.into_iter().filter(is_hook).map(|shell| Standing { line, shell, behind: end }));
        if end.is_none() && ends_file(content) {
            end = Some(line);
        }
    }
    found
}

/// Whether a line at the outermost level, by itself and without a condition, ends the file or replaces the shell. What
/// stands indented, or behind a condition, may be meant for other shells than interactive ones, and is not judged.
fn ends_file(line: &str) -> bool {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    if line.starts_with([' ', '\t']) || line.contains([';', '&', '|', '{', '}']) {
        return false;
    }
    match words[..] {
        ["return" | "exit"] => true,
        ["return" | "exit", status] => status.bytes().all(|byte| byte.is_ascii_digit()),
        // A redirection goes on.
        ["exec", program, ..] => {
            !program.starts_with(['<', '>']) && !program.starts_with(|it: char| it.is_ascii_digit())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_found_where_it_stands_and_told_from_a_comment() {
        for (text, expected) in [
            ("", &[][..]),
            ("# eval \"$(mcp-hook init bash)\"\n", &[]),
            ("alias x=y\n  eval \"$(mcp-hook init bash)\"", &[(2, Shell::Bash, None)]),
            ("mcp-hook init fish | source", &[(1, Shell::Fish, None)]),
            (
                "eval \"$(mcp-hook init zsh)\"\neval \"$(mcp-hook init zsh)\"",
                &[(1, Shell::Zsh, None), (2, Shell::Zsh, None)],
            ),
            ("return\neval \"$(mcp-hook init bash)\"", &[(2, Shell::Bash, Some(1))]),
            ("exec fish -l\nexit 0\neval \"$(mcp-hook init bash)\"", &[(3, Shell::Bash, Some(1))]),
            ("eval \"$(mcp-hook init bash)\"\nexec zsh", &[(1, Shell::Bash, None)]),
            // What only ends a shell that is not interactive, or may.
            ("[ -z \"$PS1\" ] && return\neval \"$(mcp-hook init bash)\"", &[(2, Shell::Bash, None)]),
            ("case $- in\n*i*) ;;\n*) return ;;\nesac\neval \"$(mcp-hook init bash)\"", &[(5, Shell::Bash, None)]),
            ("if true\n    return\nfi\neval \"$(mcp-hook init bash)\"", &[(4, Shell::Bash, None)]),
            ("exec 3>&1\nexec 2>/dev/null\nexec >x\neval \"$(mcp-hook init bash)\"", &[(4, Shell::Bash, None)]),
        ] {
            let found: Vec<_> = hooks(text).into_iter().map(|it| (it.line, it.shell, it.behind)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn start_up_files_lie_where_the_environment_says() {
        let home = Homes { home: "/h".into(), ..Homes::default() };
        let moved = Homes { zsh: Some("/z".into()), config: Some("/c".into()), ..home.clone() };
        for (shell, homes, first) in [
            (Shell::Bash, &home, "/h/.bashrc"),
            (Shell::Zsh, &home, "/h/.zshrc"),
            (Shell::Zsh, &moved, "/z/.zshrc"),
            (Shell::Fish, &home, "/h/.config/fish/config.fish"),
            (Shell::Fish, &moved, "/c/fish/config.fish"),
        ] {
            assert_eq!(shell.startup_files(homes).first(), Some(&PathBuf::from(first)));
            assert_eq!(shell.rc_file(homes), first.replace("/h/", "~/"));
        }
        assert_eq!(Shell::Fish.startup_directory(&moved), Some("/c/fish/conf.d".into()));
        assert_eq!(Shell::Bash.startup_directory(&moved), None);
        assert_eq!(Shell::named("-zsh"), Some(Shell::Zsh));
        assert_eq!(Shell::named("sh"), None);
    }
}
