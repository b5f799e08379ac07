//! What each file of the program takes from which others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A file of the program.
pub struct Source {
    pub path: PathBuf,
    /// Its module, without `crate`: `["disk", "lock"]`.
    pub module: Vec<String>,
    /// Its text without comments and without its tests.
    pub code: String,
}

impl Source {
    pub fn top(&self) -> &str {
        &self.module[0]
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the program but `main.rs`.
pub fn sources() -> Vec<Source> {
    let files = rust_files(&root().join("src"));
    let sources: Vec<Source> = files.into_iter().filter(|path| !path.ends_with("src/main.rs")).map(source).collect();
    assert!(sources.len() > 40, "the sources were not found");
    sources
}

/// Every file of Rust in a directory and below it.
pub fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    files
}

fn source(path: PathBuf) -> Source {
    let inside = path.strip_prefix(root().join("src")).unwrap().with_extension("");
    let mut module: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    let text = fs::read_to_string(&path).unwrap();
    let program = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let code: Vec<&str> = program.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    Source { path, module, code: code.join("\n") }
}

/// Every path that a file takes something from, without `crate`; re-exports of a module's own children are left out.
pub fn uses(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some((at, root)) =
        ["crate::", "super::", "self::"].into_iter().filter_map(|root| rest.find(root).map(|at| (at, root))).min()
    {
        let line = rest[..at].rsplit('\n').next().unwrap();
        let is_reexport = root == "self::" && line.trim_start().starts_with("pub");
        let mut base = module.to_vec();
        let mut text = &rest[at..];
        if let Some(inside) = text.strip_prefix("crate::") {
            base.clear();
            text = inside;
        }
        text = text.strip_prefix("self::").unwrap_or(text);
        while let Some(above) = text.strip_prefix("super::") {
            base.pop();
            text = above;
        }
        if !is_reexport {
            leaves(text, &base, &mut found);
        }
        rest = &rest[at + root.len()..];
        rest = rest.trim_start_matches("super::");
    }
    found
}

/// The paths of a use tree that begins here: `a::b`, `a::{b, c::d}`.
fn leaves(text: &str, base: &[String], found: &mut Vec<Vec<String>>) {
    let word: String = text.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
    let after = &text[word.len()..];
    let mut path = base.to_vec();
    if !word.is_empty() && word != "self" {
        path.push(word.clone());
    }
    let Some(inside) = (if word.is_empty() { Some(text) } else { after.strip_prefix("::") }) else {
        found.push(path);
        return;
    };
    match inside.strip_prefix('{') {
        Some(group) => items(group).into_iter().for_each(|item| leaves(item, &path, found)),
        None if inside.starts_with(|it: char| it.is_alphabetic() || it == '_') => leaves(inside, &path, found),
        None => found.push(path),
    }
}

/// The items of a group, up to the brace that ends it.
fn items(group: &str) -> Vec<&str> {
    let (mut items, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                items.push(group[begin..at].trim());
                begin = at + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

/// The file in which a path leads to something: the longest module on it.
pub fn file_of(path: &[String], files: &BTreeMap<Vec<String>, usize>) -> Option<usize> {
    let mut path = path.to_vec();
    if path.len() > 1 && path[0] == "sys" && !files.contains_key(&path[..2]) {
        path.insert(1, "linux".into());
    }
    (1..=path.len()).rev().find_map(|length| files.get(&path[..length]).copied())
}

/// Every file that is reached from one by at least one arrow.
pub fn reached(from: usize, graph: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open: Vec<usize> = graph[from].iter().copied().collect();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(&graph[next]);
        }
    }
    found
}

#[test]
fn uses_are_found_in_every_form() {
    let code = "use crate::sys;\nuse crate::{context, disk::{self, layout::Root}, ui};\nuse super::lock::{Lock, read as r};\n\
                pub use self::child::Thing;\nuse self::inner::Other;\ncrate::failpoint::kill(\"x\");\nsuper::super::log::note()";
    let module = ["port".to_owned(), "lease".to_owned()];
    let mut found: Vec<String> = uses(code, &module).into_iter().map(|path| path.join("::")).collect();
    found.sort();
    let expected = [
        "context",
        "disk",
        "disk::layout::Root",
        "failpoint::kill",
        "log::note",
        "port::lease::inner::Other",
        "port::lock::Lock",
        "port::lock::read",
        "sys",
        "ui",
    ];
    assert_eq!(found, expected);
}
