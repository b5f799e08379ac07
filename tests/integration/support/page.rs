//! A page of the documentation: README.md or one of `docs/`, its blocks of code, its headings and its links.

use std::fs;
use std::path::{Path, PathBuf};

/// The text of a page.
pub struct Page {
    /// Below the project's directory, such as `docs/ports.md`.
    pub name: String,
    text: String,
}

/// A fenced block.
#[derive(Debug)]
pub struct Block {
    /// Where its text begins, counted from 1.
    pub line: usize,
    /// What stands behind the fence.
    pub language: String,
    /// The file that a comment before it, `<!-- file: ~/PATH -->`, says it is the content of.
    pub file: Option<String>,
    pub lines: Vec<String>,
}

/// A command that a page shows, and what it shows of its output.
#[derive(Debug)]
pub struct Step {
    pub line: usize,
    pub command: String,
    pub expected: Vec<String>,
}

impl Page {
    /// Every page that there is.
    pub fn all() -> Vec<Self> {
        let docs = fs::read_dir(project().join("docs")).expect("docs/").map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = docs.map(|name| format!("docs/{}", name.to_str().unwrap())).collect();
        names.retain(|name| Path::new(name).extension().is_some_and(|end| end == "md"));
        names.sort();
        names.insert(0, "README.md".to_owned());
        names.iter().map(|name| Self::read(name)).collect()
    }

    pub fn read(name: &str) -> Self {
        let text = fs::read_to_string(project().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), text }
    }

    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// Its fenced blocks, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        let mut file = None;
        for (number, line) in (1..).zip(self.text.lines()) {
            match &mut open {
                Some(_) if line == "```" => blocks.extend(open.take()),
                Some(block) => block.lines.push(line.to_owned()),
                None => match line.strip_prefix("```") {
                    Some(language) => {
                        let language = language.to_owned();
                        open = Some(Block { line: number + 1, language, file: file.take(), lines: Vec::new() });
                    }
                    None if !line.is_empty() => {
                        file = line.strip_prefix("<!-- file: ").map(|it| it.trim_end_matches(" -->").to_owned());
                    }
                    None => {}
                },
            }
        }
        assert!(open.is_none(), "{}: a block has no end", self.name);
        blocks
    }

    /// What is not in a block, with the numbers of the lines.
    pub fn prose(&self) -> Vec<(usize, &str)> {
        let mut is_code = false;
        let mut prose = Vec::new();
        for (number, line) in (1..).zip(self.text.lines()) {
            if line.starts_with("```") {
                is_code = !is_code;
            } else if !is_code {
                prose.push((number, line));
            }
        }
        prose
    }

    /// The names by which links lead to its headings.
    pub fn anchors(&self) -> Vec<String> {
        let headings = self.prose().into_iter().filter(|(_, line)| line.starts_with('#'));
        headings.map(|(_, line)| anchor(line.trim_start_matches('#').trim())).collect()
    }

    /// The targets of its links, with their lines.
    pub fn links(&self) -> Vec<(usize, &str)> {
        let prose = self.prose().into_iter();
        prose.flat_map(|(number, line)| targets(line).into_iter().map(move |target| (number, target))).collect()
    }
}

impl Block {
    /// The commands of a block in the form of a console: `$ COMMAND`, continued by lines with `> `, and below it what it prints.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for (line, text) in (self.line..).zip(&self.lines) {
            if let Some(command) = text.strip_prefix("$ ") {
                steps.push(Step { line, command: command.to_owned(), expected: Vec::new() });
                continue;
            }
            let step = steps.last_mut().unwrap_or_else(|| panic!("line {line}: output before any command"));
            match text.strip_prefix("> ") {
                Some(more) if step.expected.is_empty() => step.command.extend(["\n", more]),
                _ => step.expected.push(text.clone()),
            }
        }
        steps
    }
}

/// The project's directory.
pub fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What GitHub makes of a heading: lower case, dashes for spaces, letters, digits, dashes and underscores only.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase().replace(' ', "-");
    lower.chars().filter(|it| it.is_alphanumeric() || matches!(it, '-' | '_')).collect()
}

/// What `[text](target)` leads to.
fn targets(line: &str) -> Vec<&str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect()
}
