//! ARCHITECTURE.md, as far as a machine can check it: the page says what the imports say.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::{env, fs};

use self::imports::{file_of, reached, root, rust_files, sources, uses};

/// What everybody may use: not told in the table, row by row.
const BASE: [&str; 5] = ["context", "failure", "text", "units", "failpoint"];

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

/// A longer one is about two things.
const LONGEST: usize = 300;

#[test]
fn no_file_is_longer_than_anybody_reads() {
    let mut long = Vec::new();
    for directory in ["src", "tests"] {
        for path in rust_files(&root().join(directory)) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > LONGEST {
                long.push(format!("{} has {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "divide by what they are about:\n{}", long.join("\n"));
}
