//! What the directory has that `npx` prefers to its cache, and what it hands on of the project.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::command::{NpxCommand, Package};
use super::read_json;
use super::tree::Search;
use crate::server::launch::{Known, doubt};

/// The project that a directory is in, as npm finds it; the directory itself if it is in none.
#[derive(Clone, Debug)]
pub struct Project {
    pub prefix: PathBuf,
    /// Its `package.json`.
    manifest: Option<Value>,
}

impl Project {
    pub fn around(directory: &Path) -> Known<Self> {
        let is_project = |path: &&Path| path.join("package.json").is_file() || path.join("node_modules").is_dir();
        let prefix = directory.ancestors().find(is_project).unwrap_or(directory).to_path_buf();
        for above in prefix.ancestors() {
            let manifest = read_json(&above.join("package.json"))?;
            if manifest.is_some_and(|manifest| manifest.get("workspaces").is_some()) {
                return doubt(format!("{} has workspaces", above.display()));
            }
        }
        let manifest = read_json(&prefix.join("package.json"))?;
        Ok(Self { prefix, manifest })
    }

    /// Makes sure that what is asked for is neither in the project, nor above it, nor global.
    pub fn check_nothing_in_front(&self, command: &NpxCommand, global: &Path) -> Known<()> {
        let mut search = Search::of(&command.packages);
        for above in self.prefix.ancestors() {
            search.check_absent(above)?;
        }
        // What is to be run is said: only the packages are looked for then.
        if command.bin.is_some() {
            return Ok(());
        }
        if self.prefix != *global {
            search.check_absent(&global.join("lib"))?;
        }
        let spec = command.packages.first().map(Package::id).unwrap_or_default();
        if self.has_bin(&spec) {
            return doubt(format!("{spec} is a program of {}", self.prefix.display()));
        }
        let above = self.prefix.ancestors().map(|above| above.join("node_modules/.bin"));
        match above.chain([global.join("bin")]).map(|bin| bin.join(&spec)).find(|file| file.exists()) {
            Some(file) => doubt(format!("{} is in front of it", file.display())),
            None => Ok(()),
        }
    }

    /// Whether the project itself has a program of this name.
    fn has_bin(&self, name: &str) -> bool {
        let manifest = self.manifest.as_ref();
        let own = manifest.and_then(|it| it["name"].as_str()).and_then(|own| own.rsplit('/').next());
        match manifest.map(|it| &it["bin"]) {
            Some(Value::String(_)) => own == Some(name),
            Some(Value::Object(bins)) => bins.contains_key(name),
            _ => false,
        }
    }

    /// The variables that npm sets for the fields of its `package.json`.
    pub fn variables(&self) -> Known<Vec<(String, String)>> {
        let Some(manifest) = &self.manifest else { return Ok(Vec::new()) };
        let Some(fields) = manifest.as_object().filter(|fields| !fields.contains_key("directories")) else {
            return doubt("package.json is no usual one");
        };
        let mut found = Vec::new();
        for key in ["name", "version", "config", "engines"] {
            if let Some(value) = fields.get(key) {
                flatten(&format!("npm_package_{key}"), value, &mut found)?;
            }
        }
        found.extend(bins(fields.get("name"), fields.get("bin"))?);
        Ok(found)
    }
}

/// The paths of the project's own programs, by their names.
fn bins(name: Option<&Value>, bin: Option<&Value>) -> Known<Vec<(String, String)>> {
    let own = name.and_then(Value::as_str).map(|name| name.rsplit('/').next().unwrap_or(name));
    let entries: Vec<(&str, Option<&str>)> = match (bin, own) {
        (None, _) => Vec::new(),
        (Some(Value::String(path)), Some(own)) => vec![(own, Some(path))],
        (Some(Value::Object(bins)), _) => bins.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect(),
        _ => return doubt("package.json has an unusual bin"),
    };
    let mut found = Vec::new();
    for (name, path) in entries {
        let path = path.map(|path| path.strip_prefix("./").unwrap_or(path));
        let is_plain = |text: &str| !text.is_empty() && !text.starts_with(['/', '.']) && !text.contains(['\\', ' ']);
        match path.filter(|path| is_plain(path) && !path.contains("./") && !path.contains("//")) {
            Some(path) if is_plain(name) && !name.contains('/') => {
                found.push((format!("npm_package_bin_{name}"), path.to_owned()));
            }
            _ => return doubt("package.json has an unusual bin"),
        }
    }
    Ok(found)
}

/// Writes a value as `@npmcli/run-script` does: a variable for each leaf.
fn flatten(name: &str, value: &Value, found: &mut Vec<(String, String)>) -> Known<()> {
    match value {
        Value::String(text) if !text.contains('\0') && text.trim() == text => {
            found.push((name.to_owned(), text.clone()));
        }
        Value::Bool(true) => found.push((name.to_owned(), "true".to_owned())),
        Value::Bool(false) | Value::Null => found.push((name.to_owned(), String::new())),
        Value::Number(number) if number.is_u64() && number.as_u64() < Some(1 << 53) => {
            found.push((name.to_owned(), number.to_string()));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&format!("{name}_{index}"), item, found)?;
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                flatten(&format!("{name}_{key}"), field, found)?;
            }
        }
        _ => return doubt(format!("package.json has an unusual {name}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_project_become_variables() {
        let manifest = serde_json::json!({
            "name": "@me/proj", "version": "v1.2.3", "bin": "./x.js", "engines": {"node": ">=18"},
            "config": {"a": 1, "b": {"c": true, "d": [false, "x"]}},
        });
        let project = Project { prefix: PathBuf::from("/p"), manifest: Some(manifest) };
        let found: Vec<String> =
            project.variables().expect("plain").iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected = [
            "npm_package_name=@me/proj",
            "npm_package_version=v1.2.3",
            "npm_package_config_a=1",
            "npm_package_config_b_c=true",
            "npm_package_config_b_d_0=",
            "npm_package_config_b_d_1=x",
            "npm_package_engines_node=>=18",
            "npm_package_bin_proj=x.js",
        ];
        assert_eq!(found, expected);
    }
}
