//! The npm that `npx` belongs to, and the node that runs it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{read, read_json};
use crate::server::launch::{Known, doubt};
use crate::sys::executable;

/// How the binaries begin that systems execute (ELF, Mach-O).
const BINARIES: [&[u8]; 3] = [b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"];
const SHEBANG: &[u8] = b"#!/usr/bin/env node\n";

#[derive(Clone, Debug)]
pub struct Installation {
    /// The directory of npm's package.
    pub root: PathBuf,
    pub version: Version,
    /// What `process.execPath` is in npm.
    pub node: PathBuf,
    /// Like `20.20.2`.
    pub node_version: String,
}

/// npm's version: what it does differs from one to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    numbers: [u32; 3],
}

impl Installation {
    /// The one that `npx` stands for.
    pub fn find(npx: &str, path: &str, directory: &Path) -> Known<Self> {
        let script = executable::find(npx, path, directory).and_then(|file| file.canonicalize().ok());
        let Some(script) = script.filter(|script| script.ends_with("bin/npx-cli.js")) else {
            return doubt("npx is not npm's own");
        };
        let root = script.ancestors().nth(2).unwrap_or(&script).to_path_buf();
        let manifest = read_json(&root.join("package.json"))?.unwrap_or_default();
        let version = manifest["version"].as_str().and_then(Version::parse);
        let Some(version) = version.filter(|version| manifest["name"] == "npm" && version.is_known()) else {
            return doubt(format!("what npm {} does is not known", manifest["version"].as_str().unwrap_or_default()));
        };
        if !read(&script)?.unwrap_or_default().starts_with(SHEBANG) {
            return doubt("npx is not run by the node on PATH");
        }
        let node = executable::find("node", path, directory).and_then(|file| file.canonicalize().ok());
        let Some(node) = node.filter(|node| is_binary(node)) else { return doubt("node is not a program of its own") };
        let node_version = node_version(&node)?;
        Ok(Self { root, version, node, node_version })
    }
}

impl Version {
    const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { numbers: [major, minor, patch] }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|part| part.parse().ok());
        let version = Self::new(numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some(version)
    }

    /// Whether its sources were read.
    fn is_known(&self) -> bool {
        let is_between = |from, to| *self >= from && *self < to;
        is_between(Self::new(10, 2, 4), Self::new(11, 4, 0)) || is_between(Self::new(11, 4, 2), Self::new(12, 0, 0))
    }

    /// Whether it notes in its cache what was asked for.
    pub fn notes_packages(&self) -> bool {
        *self >= Self::new(11, 6, 2)
    }

    /// Whether it has an option for scripts that are allowed, which it hands on.
    pub fn hands_on_allowed_scripts(&self) -> bool {
        *self >= Self::new(11, 16, 0) && *self < Self::new(11, 20, 0)
    }

    /// How it writes the name of a program for `sh`.
    pub fn quote(&self, name: &str) -> String {
        if *self >= Self::new(11, 17, 0) {
            format!("'{name}'")
        } else if *self >= Self::new(11, 4, 2) {
            format!("\"{name}\"")
        } else {
            name.to_owned()
        }
    }

    pub fn text(&self) -> String {
        let [major, minor, patch] = self.numbers;
        format!("{major}.{minor}.{patch}")
    }
}

/// Whether a file is one that the system executes itself: what a shim runs is not known.
fn is_binary(file: &Path) -> bool {
    let mut beginning = [0; 4];
    let has_read = File::open(file).and_then(|mut file| file.read_exact(&mut beginning)).is_ok();
    has_read && BINARIES.contains(&&beginning[..])
}

/// The version of a node, by the headers that come with it.
fn node_version(node: &Path) -> Known<String> {
    let header = node.ancestors().nth(2).map(|prefix| prefix.join("include/node/node_version.h"));
    let text = header.map_or(Ok(None), |header| read(&header))?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let number = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("#define NODE_")?.strip_prefix(name));
        lines.next().map(str::trim).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let names = ["MAJOR_VERSION ", "MINOR_VERSION ", "PATCH_VERSION "];
    let numbers: Option<Vec<&str>> = names.iter().map(|name| number(name)).collect();
    match numbers {
        Some(numbers) if number("VERSION_IS_RELEASE ") == Some("1") => Ok(numbers.join(".")),
        _ => doubt(format!("which version {} is cannot be seen", node.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_differ_in_what_they_hand_on() {
        for (text, is_known, quoted) in [
            ("9.9.4", false, "x"),
            ("10.9.4", true, "x"),
            ("11.3.0", true, "x"),
            ("11.4.1", false, "x"),
            ("11.4.2", true, "\"x\""),
            ("11.16.0", true, "\"x\""),
            ("11.17.0", true, "'x'"),
            ("12.0.0", false, "'x'"),
        ] {
            let version = Version::parse(text).expect(text);
            assert_eq!((version.is_known(), version.quote("x").as_str()), (is_known, quoted), "{text}");
            assert_eq!(version.text(), text);
        }
        assert_eq!(Version::parse("11.0.0-pre.1"), None);
    }
}
