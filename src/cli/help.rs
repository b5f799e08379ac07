//! What `--help` says that clap does not make of the arguments: commands by what people do with them, and examples.

use std::fmt::Write;

use clap::builder::{StyledStr, Styles};

/// Commands that people use for the same thing.
pub struct Group {
    /// Empty for what only scripts call.
    pub heading: &'static str,
    pub commands: &'static [Entry],
}

pub struct Entry {
    pub name: &'static str,
    pub about: &'static str,
}

/// The help of the whole program, as a template of clap: what stands in braces is filled in by it.
pub fn template(groups: &[Group]) -> StyledStr {
    let styles = Styles::styled();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let shown: Vec<&Group> = groups.iter().filter(|group| !group.heading.is_empty()).collect();
    let width = shown.iter().flat_map(|group| group.commands).map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut text = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for group in shown {
        let _ = writeln!(text, "\n{header}{}:{header:#}", group.heading);
        for Entry { name, about } in group.commands {
            let _ = writeln!(text, "  {literal}{name:width$}{literal:#}  {about}");
        }
    }
    let _ = write!(text, "\n{header}Options:{header:#}\n{{options}}\n\n");
    text += "mcp-hook COMMAND --help shows the options of a command, and examples.";
    text.into()
}

/// What stands below the options of a command.
pub fn examples(examples: &[&str]) -> StyledStr {
    if examples.is_empty() {
        return StyledStr::new();
    }
    let styles = Styles::styled();
    let header = styles.get_header();
    format!("{header}Examples:{header:#}\n  {}", examples.join("\n  ")).into()
}
