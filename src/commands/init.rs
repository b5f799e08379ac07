//! `init`: the hook.

use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;

use super::Run;
use crate::cli::Init;
use crate::shell::Shell;
use crate::shell::rc::Homes;
use crate::ui;

impl Run for Init {
    fn run(self) -> Result<ExitCode> {
        if let Some(shell) = self.shell {
            ui::print(shell.hook())?;
            return Ok(ExitCode::SUCCESS);
        }
        ui::print(&overview(&Homes::from_environment()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The three shells, and what to put where.
fn overview(homes: &Homes) -> String {
    let line = |shell: &Shell| {
        let (line, file) = (shell.rc_line(), shell.rc_file(homes));
        format!("  {shell:<6}{line:<32}in {file}\n")
    };
    let lines = Shell::value_variants().iter().map(line).collect::<Vec<_>>().concat();
    format!(
        "Put one line at the end of your shell's start-up file:\n\n{lines}\n\
         Without the hook, a script opens a session with: eval \"$(mcp-hook open)\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_without_a_shell_names_the_three_and_their_lines() {
        insta::assert_snapshot!(overview(&Homes { home: "/home/me".into(), ..Homes::default() }), @r#"
        Put one line at the end of your shell's start-up file:

          bash  eval "$(mcp-hook init bash)"    in ~/.bashrc
          zsh   eval "$(mcp-hook init zsh)"     in ~/.zshrc
          fish  mcp-hook init fish | source     in ~/.config/fish/config.fish

        Without the hook, a script opens a session with: eval "$(mcp-hook open)"
        "#);
    }
}
