//! The directory of npm's cache in which packages are that `npx` has fetched.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha512};

use super::command::{NpxCommand, Package};
use super::installation::Installation;
use super::{read, read_json};
use crate::server::launch::{Known, doubt};
use crate::sys::executable;

/// What is run.
#[derive(Clone, Debug)]
pub struct Found {
    /// The `node_modules/.bin` that it is in.
    pub bins: PathBuf,
    pub name: String,
    /// The packages that were asked for, as npm writes them in the versions that are there.
    pub installed: Vec<String>,
}

impl Found {
    pub fn program(&self) -> PathBuf {
        self.bins.join(&self.name)
    }
}

/// What a command runs, if the cache has exactly that and all of it.
pub fn find(command: &NpxCommand, cache: &Path, npm: &Installation) -> Known<Found> {
    let directory = directory(command, cache)?;
    if !directory.is_dir() {
        return doubt("it has not been fetched yet");
    }
    if directory.join("concurrency.lock").exists() {
        return doubt("npx is at work on its cache");
    }
    check_request(&directory, &command.packages, npm)?;
    check_complete(&directory)?;
    let installed = command.packages.iter().map(|package| installed(&directory, package)).collect::<Known<_>>()?;
    let bins = directory.join("node_modules/.bin");
    let name = match (&command.bin, command.packages.as_slice()) {
        (Some(bin), _) if is_plain(bin) => bin.clone(),
        (None, [package]) => own_bin(&directory, package)?,
        _ => return doubt("what it runs has an unusual name"),
    };
    let found = Found { bins, name, installed };
    if executable::can_execute(&found.program()) {
        return Ok(found);
    }
    doubt(format!("{} cannot be executed", found.program().display()))
}

/// The directory for what is asked for.
pub fn directory(command: &NpxCommand, cache: &Path) -> Known<PathBuf> {
    Ok(cache.join("_npx").join(key(&command.packages)?))
}

/// Its name.
fn key(packages: &[Package]) -> Known<String> {
    let mut ids: Vec<String> = packages.iter().map(Package::id).collect();
    let is_ordered = |character: char| matches!(character, 'a'..='z' | '0'..='9') || SIGNS.contains(character);
    if ids.len() > 1 && !ids.iter().all(|id| id.chars().all(is_ordered)) {
        return doubt("the order of its packages is not certain");
    }
    ids.sort_by_key(|id| id.bytes().map(weight).collect::<Vec<_>>());
    let digest = Sha512::digest(ids.join("\n"));
    let digits: Vec<String> = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(digits.concat())
}

/// What stands in front of letters and digits in the order of words (`localeCompare`), in this order.
const SIGNS: &str = "_-.@/";

/// Where a character stands in that order.
fn weight(byte: u8) -> (u8, u8) {
    let sign = SIGNS.bytes().position(|sign| sign == byte);
    sign.map_or((1, byte), |place| (0, u8::try_from(place).unwrap_or_default()))
}

/// That it was made for these packages and no others.
fn check_request(directory: &Path, packages: &[Package], npm: &Installation) -> Known<()> {
    let manifest = read_json(&directory.join("package.json"))?.unwrap_or_default();
    let is_as_asked = match &manifest["_npx"]["packages"] {
        Value::Null => !npm.version.notes_packages(),
        noted => *noted == packages.iter().map(Package::id).collect::<Value>(),
    };
    let depends = |package: &Package| manifest["dependencies"].get(&package.name).is_some();
    let has_others = manifest["dependencies"].as_object().is_none_or(|all| all.len() != packages.len());
    if is_as_asked && !has_others && packages.iter().all(depends) {
        Ok(())
    } else {
        doubt("its cache was made for something else")
    }
}

/// That everything is there that npm has noted as installed.
fn check_complete(directory: &Path) -> Known<()> {
    let lock = lock(directory)?;
    let Some(packages) = lock.as_ref().and_then(|lock| lock["packages"].as_object()) else {
        return doubt("its cache is not complete");
    };
    let is_there = |(path, package): (&String, &Value)| {
        let is_usual = path.starts_with("node_modules/") && !path.contains("..") && package.get("link").is_none();
        is_usual && directory.join(path).join("package.json").is_file()
    };
    match packages.iter().find(|&(path, package)| !is_there((path, package))) {
        Some((path, _)) => doubt(format!("its cache has no {path}")),
        None => Ok(()),
    }
}

/// What npm has noted as installed.
fn lock(directory: &Path) -> Known<Option<Value>> {
    read_json(&directory.join("node_modules/.package-lock.json"))
}

/// A package in the version that is there, if that may be what is asked for, and is what npm has noted.
fn installed(directory: &Path, package: &Package) -> Known<String> {
    let manifest = manifest(directory, package)?;
    let noted = &lock(directory)?.unwrap_or_default()["packages"][format!("node_modules/{}", package.name)]["version"];
    match manifest["version"].as_str() {
        Some(version) if manifest["name"] == *package.name && noted == version && package.may_be(version) => {
            Ok(package.at(version))
        }
        _ => doubt(format!("its cache has {} in another version", package.name)),
    }
}

fn manifest(directory: &Path, package: &Package) -> Known<Value> {
    Ok(read_json(&directory.join("node_modules").join(&package.name).join("package.json"))?.unwrap_or_default())
}

/// The program that a package is run by: its only one, or the one that is called as it is.
fn own_bin(directory: &Path, package: &Package) -> Known<String> {
    let manifest = manifest(directory, package)?;
    let bins: Vec<(&str, &str)> = match &manifest["bin"] {
        Value::String(path) => vec![(package.last_part(), path)],
        Value::Object(bins) => bins.iter().filter_map(|(name, path)| Some((name.as_str(), path.as_str()?))).collect(),
        _ => Vec::new(),
    };
    let is_one_file = bins.iter().all(|(_, path)| normal(path) == normal(bins[0].1));
    let chosen = match bins.as_slice() {
        [only] => Some(only),
        // Of several names for one file the first counts, in an order that is not seen here.
        _ if is_one_file => None,
        bins => bins.iter().find(|(name, _)| *name == package.last_part()),
    };
    let Some(&(name, path)) = chosen.filter(|(name, _)| is_plain(name)) else {
        return doubt("which of its programs npx would run is not certain");
    };
    let link = directory.join("node_modules/.bin").join(name).canonicalize();
    let file = directory.join("node_modules").join(&package.name).join(path).canonicalize();
    match (link, file) {
        (Ok(link), Ok(file)) if link == file => Ok(name.to_owned()),
        _ => doubt(format!("{name} is not what its cache has under that name")),
    }
}

fn normal(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

fn is_plain(name: &str) -> bool {
    let is_usual = |character: char| character.is_ascii_alphanumeric() || "-_.@".contains(character);
    !name.is_empty() && !name.starts_with(['.', '-']) && name.chars().all(is_usual)
}

/// That the system executes a script by itself, and by what it names.
pub fn check_interpreter(script: &Path, path: &str, directory: &Path) -> Known<()> {
    let content = read(script)?.unwrap_or_default();
    let line = content.split(|&byte| byte == b'\n').next().and_then(|line| std::str::from_utf8(line).ok());
    let words: Vec<&str> = line
        .and_then(|line| line.strip_prefix("#!"))
        .unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect();
    let is_there = |word: &str| executable::find(word, path, directory).is_some();
    let is_known = match words.as_slice() {
        ["/usr/bin/env", "-S", program, ..] | ["/usr/bin/env", program] => {
            is_there("/usr/bin/env") && is_there(program)
        }
        [interpreter, ..] => interpreter.starts_with('/') && is_there(interpreter),
        [] => false,
    };
    if is_known { Ok(()) } else { doubt(format!("{} names no interpreter", script.display())) }
}

#[cfg(test)]
mod tests {
    use super::super::command::Wanted;
    use super::*;

    fn package(name: &str, version: &str) -> Package {
        Package { name: name.to_owned(), wanted: Wanted::Exact(version.to_owned()) }
    }

    #[test]
    fn directories_have_the_names_that_npx_gives_them() {
        let memory = package("@modelcontextprotocol/server-memory", "2026.8.31");
        assert_eq!(key(&[memory]).expect("one"), "c98ccc168155bafa");
        let name = "@modelcontextprotocol/server-memory".to_owned();
        let newest = Package { name: name.clone(), wanted: Wanted::Latest };
        let tag = Package { name, wanted: Wanted::Matching("latest".to_owned()) };
        assert_eq!(key(&[newest]).expect("one"), "15b07286cbcc3329");
        assert_eq!(key(&[tag]).expect("one"), "1c3f0e186a7095e1");
        let range = Package { wanted: Wanted::Matching("^1.0.0".to_owned()), ..package("a", "") };
        assert!(key(&[range, package("b", "1.0.0")]).is_err(), "where the range stands in the order is not certain");
        let both = [package("b", "1.0.0"), package("a", "1.0.0")];
        let reversed = [both[1].clone(), both[0].clone()];
        assert_eq!(key(&both), key(&reversed));
    }
}
