//! npm's configuration: environment, the project's file, the user's, the global one, npm's own.

use std::collections::{BTreeMap, BTreeSet};
use std::env::consts::{ARCH, OS};
use std::path::{Path, PathBuf};

use super::installation::Installation;
use super::local::Project;
use super::npmrc::{self, Settings};
use super::plain_path;
use crate::server::launch::{Known, View, doubt};

/// Settings that npm makes itself and hands on; what it runs is not changed by them.
const MADE: [&str; 11] = [
    "allow-scripts",
    "cache",
    "global-prefix",
    "globalconfig",
    "init-module",
    "local-prefix",
    "node-gyp",
    "noproxy",
    "npm-version",
    "user-agent",
    "userconfig",
];

#[derive(Clone, Debug)]
pub struct Config {
    pub home: String,
    pub cache: PathBuf,
    /// Where global packages are.
    pub prefix: PathBuf,
    /// By the names of settings.
    environment: BTreeMap<String, String>,
    files: Settings,
    userconfig: String,
    globalconfig: String,
}

impl Config {
    pub fn read(view: &View<'_>, npm: &Installation, project: &Project) -> Known<Self> {
        let Some(home) = view.set("HOME")?.filter(|home| plain_path(home).is_some()) else {
            return doubt("HOME is not an absolute path");
        };
        let environment = environment(view)?;
        let named = |key: &str| environment.get(key).cloned();
        let userconfig = named("userconfig").unwrap_or_else(|| format!("{home}/.npmrc"));
        let user = npmrc::read_file(Path::new(&userconfig))?;
        let own = npmrc::read_file(&npm.root.join("npmrc"))?;
        let project_file = project.prefix.join(".npmrc");
        let of_project =
            if project_file == Path::new(&userconfig) { Settings::new() } else { npmrc::read_file(&project_file)? };
        let chosen = named("prefix").or_else(|| user.get("prefix").or_else(|| own.get("prefix")).cloned());
        let prefix = match chosen {
            Some(chosen) => PathBuf::from(chosen),
            None => usual_prefix(view, npm)?,
        };
        let globalconfig = named("globalconfig").unwrap_or_else(|| prefix.join("etc/npmrc").display().to_string());
        let global = npmrc::read_file(Path::new(&globalconfig))?;
        if of_project.contains_key("prefix") || global.contains_key("prefix") {
            return doubt("the prefix is set in the wrong file");
        }
        // The first one that sets something counts.
        let mut files = own;
        for layer in [global, user, of_project] {
            files.extend(layer);
        }
        let cache = environment.get("cache").or_else(|| files.get("cache")).cloned();
        let cache = cache.map_or_else(|| Path::new(home).join(".npm"), PathBuf::from);
        Ok(Self { home: home.to_owned(), cache, prefix, environment, files, userconfig, globalconfig })
    }

    /// Where npm fetches from, in words that tell one from another.
    pub fn registry(&self) -> &str {
        self.environment.get("registry").or_else(|| self.files.get("registry")).map_or("", String::as_str)
    }

    /// The variables that npm sets for its settings, but for those of the command line.
    pub fn variables(&self, npm: &Installation, project: &Project) -> BTreeMap<String, String> {
        let prefix = self.prefix.display().to_string();
        let mut settings = BTreeMap::from(
            [
                ("cache", self.cache.display().to_string()),
                ("globalconfig", self.globalconfig.clone()),
                ("init-module", format!("{}/.npm-init.js", self.home)),
                ("node-gyp", npm.root.join("node_modules/node-gyp/bin/node-gyp.js").display().to_string()),
                ("noproxy", String::new()),
                ("npm-version", npm.version.text()),
                ("prefix", prefix.clone()),
                ("user-agent", user_agent(npm)),
                ("userconfig", self.userconfig.clone()),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        if npm.version.hands_on_allowed_scripts() {
            settings.insert("allow-scripts".to_owned(), String::new());
        }
        settings.extend(self.files.iter().filter_map(|(key, value)| Some((key.clone(), npmrc::exported(key, value)?))));
        settings.retain(|key, _| !self.environment.contains_key(key));
        settings.insert("global-prefix".to_owned(), prefix);
        settings.insert("local-prefix".to_owned(), project.prefix.display().to_string());
        settings.into_iter().map(|(key, value)| (format!("npm_config_{}", key.replace('-', "_")), value)).collect()
    }
}

/// What the environment sets, by the names of settings.
fn environment(view: &View<'_>) -> Known<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (name, value) in view.variables {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
        let lower = name.to_ascii_lowercase();
        let Some(rest) = lower.strip_prefix("npm_config_").filter(|_| !value.is_empty()) else { continue };
        if rest.starts_with("//") {
            continue;
        }
        let key = rest.replace('_', "-");
        let is_path = ["cache", "globalconfig", "init-module", "node-gyp", "userconfig"].contains(&key.as_str());
        let is_plain = !value.contains(['$', '{']) && (!is_path || plain_path(value).is_some());
        let is_understood = if MADE.contains(&key.as_str()) { is_plain } else { npmrc::is_known(&key, value) };
        if !is_understood || !seen.insert(key.clone()) {
            return doubt(format!("{name} is set"));
        }
        found.insert(key, value.to_owned());
    }
    Ok(found)
}

fn usual_prefix(view: &View<'_>, npm: &Installation) -> Known<PathBuf> {
    if view.set("DESTDIR")?.is_some() {
        return doubt("DESTDIR is set");
    }
    match view.set("PREFIX")? {
        Some(prefix) => plain_path(prefix).map_or_else(|| doubt("PREFIX is not an absolute path"), Ok),
        None => Ok(npm.node.ancestors().nth(2).unwrap_or(Path::new("/")).to_path_buf()),
    }
}

fn user_agent(npm: &Installation) -> String {
    let system = if OS == "macos" { "darwin" } else { OS };
    let processor = match ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        other => other,
    };
    format!("npm/{} node/v{} {system} {processor} workspaces/false", npm.version.text(), npm.node_version)
}
