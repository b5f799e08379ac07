//! The start-up files of shells: which there are, and where the hook stands in one. They are read, never executed.

use super::Shell;

/// A hook in a start-up file. Lines are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookLine {
    /// Its line.
    pub line: usize,
    /// For which shell it is; the file may be another's.
    pub shell: &'static Shell,
    /// A line before it that certainly ends the file or the shell.
    pub behind: Option<usize>,
}

/// The hooks in the text of a start-up file, in order.
pub fn hook_lines(text: &str) -> Vec<HookLine> {
    let mut end = None;
    let mut found = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let code = content.trim_start();
        if code.starts_with('#') {
            continue;
        }
        for shell in Shell::ALL {
            if code.contains(&format!("mcp-hook init {shell}")) {
                found.push(HookLine { line, shell, behind: end });
            }
        }
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
    use std::path::PathBuf;

    use super::*;
    use crate::shell::Homes;

    const BASH: &Shell = &crate::shell::bash::SHELL;
    const ZSH: &Shell = &crate::shell::zsh::SHELL;
    const FISH: &Shell = &crate::shell::fish::SHELL;

    #[test]
    fn a_hook_is_found_where_it_stands_and_told_from_a_comment() {
        for (text, expected) in [
            ("", &[][..]),
            ("# eval \"$(mcp-hook init bash)\"\n", &[]),
            ("alias x=y\n  eval \"$(mcp-hook init bash)\"", &[(2, BASH, None)]),
            ("mcp-hook init fish | source", &[(1, FISH, None)]),
            ("eval \"$(mcp-hook init zsh)\"\neval \"$(mcp-hook init zsh)\"", &[(1, ZSH, None), (2, ZSH, None)]),
            ("return\neval \"$(mcp-hook init bash)\"", &[(2, BASH, Some(1))]),
            ("exec fish -l\nexit 0\neval \"$(mcp-hook init bash)\"", &[(3, BASH, Some(1))]),
            ("eval \"$(mcp-hook init bash)\"\nexec zsh", &[(1, BASH, None)]),
            // What only ends a shell that is not interactive, or may.
            ("[ -z \"$PS1\" ] && return\neval \"$(mcp-hook init bash)\"", &[(2, BASH, None)]),
            ("case $- in\n*i*) ;;\n*) return ;;\nesac\neval \"$(mcp-hook init bash)\"", &[(5, BASH, None)]),
            ("if true\n    return\nfi\neval \"$(mcp-hook init bash)\"", &[(4, BASH, None)]),
            ("exec 3>&1\nexec 2>/dev/null\nexec >x\neval \"$(mcp-hook init bash)\"", &[(4, BASH, None)]),
        ] {
            let found: Vec<_> = hook_lines(text).into_iter().map(|it| (it.line, it.shell, it.behind)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn start_up_files_lie_where_the_environment_says() {
        let home = Homes { home: "/h".into(), ..Homes::default() };
        let moved = Homes { zsh: Some("/z".into()), config: Some("/c".into()), ..home.clone() };
        for (shell, homes, first) in [
            (BASH, &home, "/h/.bashrc"),
            (ZSH, &home, "/h/.zshrc"),
            (ZSH, &moved, "/z/.zshrc"),
            (FISH, &home, "/h/.config/fish/config.fish"),
            (FISH, &moved, "/c/fish/config.fish"),
        ] {
            assert_eq!(shell.startup_files(homes).first(), Some(&PathBuf::from(first)));
            assert_eq!(shell.rc_file(homes), first.replace("/h/", "~/"));
        }
        assert_eq!(FISH.snippets(&moved), Some(("/c/fish/conf.d".into(), "fish")));
        assert_eq!(BASH.snippets(&moved), None);
        assert_eq!(Shell::named("-zsh"), Some(ZSH));
        assert_eq!(Shell::named("sh"), None);
    }
}
