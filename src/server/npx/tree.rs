//! Packages in `node_modules`, however deep.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::command::{Package, Wanted};
use super::{read, read_json};
use crate::server::launch::{Known, doubt};

/// How many packages are looked at.
const MOST: usize = 5000;

/// Looks for packages in trees, each directory once.
pub struct Search<'a> {
    packages: &'a [Package],
    seen: BTreeSet<PathBuf>,
}

impl<'a> Search<'a> {
    pub fn of(packages: &'a [Package]) -> Self {
        Self { packages, seen: BTreeSet::new() }
    }

    /// Makes sure that none of the packages is one below `directory`, or itself.
    pub fn check_absent(&mut self, directory: &Path) -> Known<()> {
        let Ok(directory) = directory.canonicalize() else { return Ok(()) };
        if !self.seen.insert(directory.clone()) {
            return Ok(());
        }
        if self.seen.len() > MOST {
            return doubt("there are too many packages to look through");
        }
        self.check_package(&directory)?;
        for child in children(&directory.join("node_modules"))? {
            self.check_absent(&child)?;
        }
        Ok(())
    }

    fn check_package(&self, directory: &Path) -> Known<()> {
        let file = directory.join("package.json");
        let content = read(&file)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&content);
        let is_named =
            |package: &&Package| text.contains(&package.name) || text.contains(&package.name.replace('/', "\\/"));
        if self.packages.iter().any(|package| is_named(&package)) {
            let manifest = read_json(&file)?.unwrap_or_default();
            let version = manifest["version"].as_str().unwrap_or_default();
            // What a range or a tag means there is not asked.
            let is_it = |package: &&Package| {
                manifest["name"] == *package.name
                    && (!matches!(package.wanted, Wanted::Exact(_)) || package.may_be(version))
            };
            if let Some(package) = self.packages.iter().find(is_it) {
                return doubt(format!("{} is in {}", package.id(), directory.display()));
            }
        }
        Ok(())
    }
}

/// The directories of packages in a `node_modules`.
fn children(modules: &Path) -> Known<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in list(modules)? {
        let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name == ".store" || name == ".pnpm" {
            return doubt(format!("{} is not npm's own", modules.display()));
        }
        if name.starts_with('@') {
            found.extend(list(&entry)?);
        } else if !name.starts_with('.') {
            found.push(entry);
        }
    }
    Ok(found)
}

fn list(directory: &Path) -> Known<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => doubt(format!("could not read {}: {error}", directory.display())),
    }
}
