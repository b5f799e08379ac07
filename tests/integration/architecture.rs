//! ARCHITECTURE.md, as far as a machine can check it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The path through the code: each knows only what stands after it.
const PATH: [&str; 9] =
    ["shell", "session", "definition", "supervisor", "log", "port", "server", "container", "terminate"];
/// What all of them may use, and what each of these may use itself.
const BASE: [(&str, &[&str]); 7] = [
    ("context", &[]),
    ("text", &[]),
    ("units", &[]),
    ("failure", &[]),
    ("failpoint", &["context"]),
    ("sys", &["context", "failpoint"]),
    ("disk", &["context", "failpoint", "failure", "sys"]),
];
/// What stands on top. `ui` shows what it is given; it decides nothing.
const TOP: [(&str, &[&str]); 4] = [
    ("cli", &["shell", "server", "disk", "context", "text", "units"]),
    ("ui", &["session", "definition", "server", "failure", "text", "units", "sys", "context"]),
    ("app", &["*"]),
    ("commands", &["*"]),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn allowed(module: &str) -> BTreeSet<&'static str> {
    if let Some(place) = PATH.iter().position(|&name| name == module) {
        return PATH[place + 1..].iter().copied().chain(BASE.map(|(name, _)| name)).collect();
    }
    let known = BASE.iter().chain(&TOP).find(|(name, _)| *name == module);
    known.unwrap_or_else(|| panic!("src/{module} has no place in ARCHITECTURE.md")).1.iter().copied().collect()
}

/// Every file of the program but `main.rs`, with the top module it belongs to and its text without comments.
fn files() -> Vec<(PathBuf, String, String)> {
    let mut files = Vec::new();
    let mut directories = vec![source()];
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("src/main.rs") {
                let inside = path.strip_prefix(source()).unwrap().with_extension("");
                let module = inside.iter().next().unwrap().to_str().unwrap().to_owned();
                let text = fs::read_to_string(&path).unwrap();
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                files.push((path, module, code.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    assert!(files.len() > 40, "the sources were not found");
    files
}

/// The top modules that a text names after `crate::`, alone or in braces.
fn uses(code: &str) -> BTreeSet<String> {
    let name = |text: &str| text.chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut item = 0;
        for (index, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                '}' | ',' if depth == 0 => {
                    found.insert(name(group[item..index].trim_start()));
                    item = index + 1;
                    if character == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found.remove("");
    found
}

#[test]
fn each_module_knows_only_what_stands_after_it() {
    let mut wrong = Vec::new();
    for (path, module, code) in files() {
        let allowed = allowed(&module);
        for used in uses(&code).into_iter().filter(|used| *used != module) {
            if !allowed.contains("*") && !allowed.contains(used.as_str()) {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_and_platforms_stay_in_sys_and_printing_in_ui() {
    let rules: [(&str, &[&str]); 5] = [
        ("unsafe ", &["sys"]),
        ("target_os", &["sys", "context"]),
        ("println!", &["ui"]),
        ("print!(", &["ui"]),
        ("anstream::", &["ui"]),
    ];
    let mut wrong = Vec::new();
    for (path, module, code) in files() {
        for (what, places) in rules {
            if code.contains(what) && !places.contains(&module.as_str()) {
                wrong.push(format!("{} has {what}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_is_short_and_names_every_module() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    assert!(page.lines().count() <= 150, "ARCHITECTURE.md is too long");
    let modules: BTreeSet<String> = files().into_iter().map(|(_, module, _)| module).collect();
    for module in modules {
        assert!(page.contains(&format!("`{module}`")), "ARCHITECTURE.md does not name {module}");
    }
}

#[test]
fn uses_are_found_in_every_form() {
    let code = "use crate::sys;\nuse crate::{context, disk::{file, layout}, ui};\ncrate::failpoint::kill(\"x\")";
    assert_eq!(uses(code).into_iter().collect::<Vec<_>>(), ["context", "disk", "failpoint", "sys", "ui"]);
}
