//! `init`: the hook.

use std::process::ExitCode;

use anyhow::Result;

use super::Run;
use crate::app::init::Opener;
use crate::cli::Init;
use crate::shell::{Homes, Shell};
use crate::ui;

impl Run for Init {
    fn run(self) -> Result<ExitCode> {
        match self.shell {
            Some(shell) => print_hook(shell)?,
            None => ui::print(&overview(&Homes::from_environment()))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print_hook(shell: &Shell) -> Result<()> {
    let Some(opener) = Opener::open(shell) else { return ui::print(shell.hook) };
    ui::print(&opener.hook(shell))?;
    opener.finish()
}

/// The shells, and what to put where.
fn overview(homes: &Homes) -> String {
    let line = |shell: &Shell| format!("  {shell:<6}{:<32}in {}\n", shell.rc_line, shell.rc_file(homes));
    let lines = Shell::ALL.map(line).concat();
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
