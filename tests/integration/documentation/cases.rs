//! `tests/CASES.md` and the tests that are named after its cases.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex_lite::Regex;

use crate::support::page::{Page, project};

/// The numbers in the first column of its tables.
fn listed() -> BTreeSet<u32> {
    let page = Page::read("tests/CASES.md");
    let cells = page.prose().into_iter().filter_map(|(_, line)| line.strip_prefix("| ")?.split_once(" |"));
    cells.filter_map(|(number, _)| number.parse().ok()).collect()
}

/// The numbers in names of tests.
fn tested() -> BTreeSet<u32> {
    let name = Regex::new(r"\bcase_([0-9]+)_(?:([0-9]+)_)?").unwrap();
    let mut numbers = BTreeSet::new();
    let mut folders = vec![project().join("tests")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                add_numbers(&name, &path, &mut numbers);
            }
        }
    }
    numbers
}

fn add_numbers(name: &Regex, path: &Path, numbers: &mut BTreeSet<u32>) {
    for found in name.captures_iter(&fs::read_to_string(path).unwrap()) {
        let parts = found.iter().skip(1).flatten();
        numbers.extend(parts.map(|part| part.as_str().parse::<u32>().unwrap()));
    }
}

#[test]
fn every_case_is_listed_and_every_listed_case_is_tested() {
    assert_eq!(listed(), tested(), "left: numbers in tests/CASES.md; right: numbers in names of tests");
}
