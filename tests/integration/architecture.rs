//! ARCHITECTURE.md, as far as a machine can check it: the page says what the imports say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What everybody may use: not told in the table, row by row.
const BASE: [&str; 5] = ["context", "failure", "text", "units", "failpoint"];

/// A file of the program.
struct Source {
    path: PathBuf,
    /// Its module, without `crate`: `["disk", "lock"]`.
    module: Vec<String>,
    /// Its text without comments and without its tests.
    code: String,
}

impl Source {
    fn top(&self) -> &str {
        &self.module[0]
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the program but `main.rs`.
fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    let mut directories = vec![root().join("src")];
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("src/main.rs") {
                sources.push(source(path));
            }
        }
    }
    assert!(sources.len() > 40, "the sources were not found");
    sources
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
fn uses(code: &str, module: &[String]) -> Vec<Vec<String>> {
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

/// Which top modules each top module takes something from, without itself and the base.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        let known = imports.entry(source.top().to_owned()).or_default();
        let used = uses(&source.code, &source.module).into_iter().filter_map(|path| path.into_iter().next());
        known.extend(used.filter(|used| used != source.top()));
    }
    imports
}

/// The rows of the page's table: a module, what it says it knows, and the line.
fn rows(page: &str) -> Vec<(String, BTreeSet<String>, &str)> {
    let table = page.lines().skip_while(|line| !line.starts_with("| module | knows |")).skip(2);
    table.take_while(|line| line.starts_with('|')).map(read_row).collect()
}

fn read_row(line: &str) -> (String, BTreeSet<String>, &str) {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let name = |cell: &str| cell.trim().trim_matches('`').to_owned();
    let known = cells[2].split(',').map(name).filter(|name| !name.is_empty() && name != "–").collect();
    (name(cells[1]), known, line)
}

fn page() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap()
}

/// `UPDATE_ARCHITECTURE=1` writes what the imports say into the page.
fn update(page: &str, imports: &BTreeMap<String, BTreeSet<String>>) {
    let mut new = page.to_owned();
    for (module, _, line) in rows(page) {
        let known: Vec<&String> = imports[&module].iter().filter(|name| !BASE.contains(&name.as_str())).collect();
        let cell = if known.is_empty() { "–".into() } else { format_names(&known) };
        let about = line.splitn(4, '|').nth(3).unwrap();
        new = new.replace(line, &format!("| `{module}` | {cell} |{about}"));
    }
    fs::write(root().join("ARCHITECTURE.md"), new).unwrap();
}

fn format_names(names: &[&String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_page_names_every_module_and_says_what_the_imports_say() {
    let (page, imports) = (page(), imports());
    if env::var_os("UPDATE_ARCHITECTURE").is_some() {
        return update(&page, &imports);
    }
    let told: BTreeMap<String, BTreeSet<String>> =
        rows(&page).into_iter().map(|(module, known, _)| (module, known)).collect();
    let mut wrong = Vec::new();
    for (module, known) in imports.iter().filter(|(module, _)| !BASE.contains(&module.as_str())) {
        let known: BTreeSet<String> = known.iter().filter(|name| !BASE.contains(&name.as_str())).cloned().collect();
        match told.get(module) {
            None => wrong.push(format!("{module} has no row")),
            Some(told) if *told != known => wrong.push(format!("{module} knows {known:?}, the page says {told:?}")),
            Some(_) => {}
        }
    }
    let gone = told.keys().filter(|module| !imports.contains_key(*module));
    wrong.extend(gone.map(|module| format!("{module} has a row and no folder")));
    assert!(wrong.is_empty(), "{}\n(UPDATE_ARCHITECTURE=1 writes it into the page)", wrong.join("\n"));
    assert!(page.lines().count() <= 150, "ARCHITECTURE.md is too long");
}

#[test]
fn each_module_knows_only_what_stands_below_it() {
    let page = page();
    let order: Vec<String> = rows(&page).into_iter().map(|(module, _, _)| module).collect();
    let place = |name: &str| order.iter().position(|module| module == name).unwrap_or(usize::MAX);
    let mut wrong = Vec::new();
    for (module, known) in imports() {
        for used in known {
            let is_below = if BASE.contains(&module.as_str()) {
                module == "failpoint" && used == "context"
            } else {
                place(&module) < place(&used)
            };
            if !is_below {
                wrong.push(format!("{module} uses {used}, which does not stand below it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_commands_know_what_was_typed_and_how_it_is_shown() {
    let mut wrong = Vec::new();
    for (module, known) in imports() {
        for used in ["cli", "ui", "commands"] {
            if module != "commands" && known.contains(used) {
                wrong.push(format!("{module} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_know_each_other_in_a_circle() {
    let sources = sources();
    let files: BTreeMap<Vec<String>, usize> =
        sources.iter().enumerate().map(|(index, source)| (source.module.clone(), index)).collect();
    let mut graph: Vec<BTreeSet<usize>> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let used = uses(&source.code, &source.module).into_iter().filter_map(|path| file_of(&path, &files));
        graph.push(used.filter(|&used| used != index).collect());
    }
    let mut circles = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let back = reached(index, &graph);
        if back.contains(&index) {
            let mates: Vec<String> = back
                .iter()
                .filter(|&&mate| mate != index && reached(mate, &graph).contains(&index))
                .map(|&mate| sources[mate].module.join("::"))
                .collect();
            circles.push(format!("{} is in a circle with {}", source.module.join("::"), mates.join(", ")));
        }
    }
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

/// The file in which a path leads to something: the longest module on it.
fn file_of(path: &[String], files: &BTreeMap<Vec<String>, usize>) -> Option<usize> {
    let mut path = path.to_vec();
    if path.len() > 1 && path[0] == "sys" && !files.contains_key(&path[..2]) {
        path.insert(1, "linux".into());
    }
    (1..=path.len()).rev().find_map(|length| files.get(&path[..length]).copied())
}

/// Every file that is reached from one by at least one arrow.
fn reached(from: usize, graph: &[BTreeSet<usize>]) -> BTreeSet<usize> {
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
fn unsafe_code_and_platforms_stay_in_sys_and_printing_in_ui() {
    let rules: [(&str, &[&str]); 5] = [
        ("unsafe ", &["sys"]),
        ("target_os", &["sys", "context"]),
        ("println!", &["ui"]),
        ("print!(", &["ui"]),
        ("anstream::", &["ui"]),
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        for (what, places) in rules {
            if source.code.contains(what) && !places.contains(&source.top()) {
                wrong.push(format!("{} has {what}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Use cases do that, so that whoever calls them does it in the same order.
#[test]
fn commands_neither_fork_nor_lock_nor_sweep() {
    let acts = [
        "fork::split",
        "fork::in_background",
        "lock_file::",
        "NameLock",
        "FreeName",
        "control::",
        "orphaned::",
        "unreadable::",
        ".carry_out(",
        ".end_lost(",
    ];
    let mut wrong = Vec::new();
    for source in sources().into_iter().filter(|source| source.top() == "commands") {
        let found = acts.iter().filter(|act| source.code.contains(**act));
        wrong.extend(found.map(|act| format!("{} has {act}", source.path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
