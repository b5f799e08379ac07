//! What holds for every page, without running anything.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

use super::played::NOT_RUN;
use crate::support::Shell;
use crate::support::page::{Page, project};

/// Who comes for the first time reads no more than that.
const README_LINES: usize = 180;

#[test]
fn readme_is_short() {
    let lines = Page::read("README.md").lines();
    assert!(lines <= README_LINES, "README.md has {lines} lines; move something to a page of docs/");
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_of_it() {
    let mut wrong = String::new();
    let others = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "tests/CASES.md"];
    for page in Page::all().into_iter().chain(others.map(Page::read)) {
        for (line, target) in page.links() {
            if let Err(why) = follow(&page, target) {
                let _ = writeln!(wrong, "{}:{line}: {target}: {why}", page.name);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn follow(page: &Page, target: &str) -> Result<(), String> {
    if target.starts_with("https://") {
        return Ok(());
    }
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let folder = Path::new(&page.name).parent().unwrap();
    let file = if file.is_empty() { PathBuf::from(&page.name) } else { without_dots(&folder.join(file)) };
    if !project().join(&file).exists() {
        return Err("there is no such file".to_owned());
    }
    if heading.is_empty() || Page::read(file.to_str().unwrap()).anchors().iter().any(|anchor| anchor == heading) {
        Ok(())
    } else {
        Err("there is no such heading".to_owned())
    }
}

fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

#[test]
fn every_page_can_be_reached_from_readme() {
    let readme = Page::read("README.md");
    let linked: BTreeSet<_> = readme.links().into_iter().map(|(_, target)| target.to_owned()).collect();
    for page in Page::all().iter().filter(|page| page.name.starts_with("docs/")) {
        assert!(linked.contains(&page.name), "README.md has no link to {}", page.name);
    }
}

#[test]
fn readme_shows_the_line_that_each_shell_needs() {
    let readme = Page::read("README.md");
    for shell in Shell::ALL {
        let cell = format!("`{}`", shell.hook_line().replace('|', "\\|"));
        assert!(readme.prose().iter().any(|(_, line)| line.contains(&cell)), "README.md has no {cell}");
    }
}

#[test]
fn json_is_json() {
    for page in Page::all() {
        for block in page.blocks().into_iter().filter(|block| block.language == "json") {
            let parsed = serde_json::from_str::<serde_json::Value>(&block.lines.join("\n"));
            assert!(parsed.is_ok(), "{}:{}: {}", page.name, block.line, parsed.unwrap_err());
        }
    }
}

/// Whoever adds a block that is not run says why.
#[test]
fn a_block_that_is_not_run_is_listed_with_the_reason() {
    let is_run = |language: &str| matches!(language, "console" | "json");
    let mut found = Vec::new();
    for page in Page::all() {
        for block in page.blocks().into_iter().filter(|block| block.file.is_none() && !is_run(&block.language)) {
            found.push((page.name.clone(), block.lines[0].clone()));
        }
    }
    let listed: Vec<_> = NOT_RUN.iter().map(|it| (it.page.to_owned(), it.first_line.to_owned())).collect();
    let sorted = |mut blocks: Vec<_>| {
        blocks.sort();
        blocks
    };
    assert_eq!(sorted(found), sorted(listed), "left: in the pages; right: listed in NOT_RUN");
}
