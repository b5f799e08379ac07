//! What the registry has by now for packages that were fetched by a name, a range or a tag.
//!
//! `npx` would change what it has fetched in place, under servers that run from there. So npm is asked for the version alone,
//! by the rules that `npx` asks by; a newer one is then fetched by `npx` itself, at a start.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::cache::{self, Found};
use super::command::{NpxCommand, Package};
use super::config::Config;
use super::installation::Installation;
use crate::server::launch::Known;
use crate::sys::process;

/// What `npx` has fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The directory of npm's cache that it is in.
    pub directory: PathBuf,
    /// Where it came from.
    pub registry: String,
    /// The packages, as npm writes them in the versions that are there.
    pub installed: Vec<String>,
    /// What tells the versions that `npx` would fetch now, and writes nothing but what it downloads.
    pub question: Vec<String>,
}

/// npm says which versions it would pack, and packs none.
const QUESTION: [&str; 6] = ["pack", "--dry-run", "--json", "--prefer-online", "--ignore-scripts", "--loglevel=silent"];

impl Fetched {
    pub(super) fn of(command: &NpxCommand, config: &Config, npm: &Installation, found: &Found) -> Known<Self> {
        let program = [npm.node.clone(), npm.root.join("bin/npm-cli.js")].map(|path| path.display().to_string());
        let options = QUESTION.map(str::to_owned).into_iter();
        let packages = command.packages.iter().map(Package::id);
        Ok(Self {
            directory: cache::directory(command, &config.cache)?,
            registry: config.registry().to_owned(),
            installed: found.installed.clone(),
            question: program.into_iter().chain(options).chain(packages).collect(),
        })
    }

    /// The packages in the versions that npm said, in the order in which it was asked.
    pub fn newest(&self, said: &[u8]) -> Option<Vec<String>> {
        let said: Value = serde_json::from_slice(said).ok()?;
        let said: Vec<&Value> = match &said {
            Value::Array(packages) => packages.iter().collect(),
            Value::Object(packages) => packages.values().collect(),
            _ => return None,
        };
        let ids: Option<Vec<String>> = said.iter().map(|it| it["id"].as_str().map(str::to_owned)).collect();
        ids.filter(|ids| ids.len() == self.installed.len() && ids.iter().zip(&self.installed).all(is_same_package))
    }

    /// Whether npm has said that something else is newest, which may take its place.
    pub fn is_outdated(&self, newest: &[String]) -> bool {
        !newest.is_empty() && newest != self.installed && !self.is_in_use()
    }

    /// Whether something runs from there, so that it must not change.
    fn is_in_use(&self) -> bool {
        let inside = self.directory.join("node_modules");
        let is_named = |text: &[u8]| contains(text, &inside);
        process::all().any(|pid| {
            is_named(&process::arguments(pid)) || process::variable(pid, "PATH").is_some_and(|path| is_named(&path))
        })
    }
}

fn is_same_package((one, other): (&String, &String)) -> bool {
    let name = |id: &str| id.rsplit_once('@').map(|(name, _)| name.to_owned());
    name(one).is_some() && name(one) == name(other)
}

fn contains(text: &[u8], path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    text.windows(path.len()).any(|window| window == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_npm_says_it_would_pack_is_what_npx_would_fetch() {
        let fetched = Fetched {
            directory: PathBuf::new(),
            registry: String::new(),
            installed: vec!["@t/one@1.0.0".to_owned(), "two@1.0.0".to_owned()],
            question: Vec::new(),
        };
        let newest = |said: &str| fetched.newest(said.as_bytes()).map(|ids| ids.join(" "));
        let both = r#"[{"id": "@t/one@2.0.0", "files": []}, {"id": "two@1.0.0"}]"#;
        assert_eq!(newest(both).as_deref(), Some("@t/one@2.0.0 two@1.0.0"));
        for said in
            ["", "[]", r#"[{"id": "@t/one@2.0.0"}]"#, r#"[{"id": "two@1.0.0"}, {"id": "@t/one@2.0.0"}]"#, &both[..40]]
        {
            assert_eq!(newest(said), None, "{said}");
        }
    }
}
