//! What `uvx` would run, as far as `uvx` itself has told that and nothing of it has changed since.
//!
//! The environment that `uvx` runs a program in is named after all that was resolved for it, so it cannot be found without
//! `uvx`. While a server runs that `uvx` has started, `uvx` is asked once more, for `env` in place of the program: that tells
//! where the program is, and which variables are set. What runs in the server's tree has to be the same.

mod command;
mod stamp;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::command::UvxCommand;
use super::launch::{Direct, Doubt, Known, View, doubt};
use super::note_key::NoteKey;
use crate::sys::executable;

/// Variables that change what `uvx` runs, by what they begin with.
const DECIDING: [&str; 10] = [
    "CONDA_",
    "HOME",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_",
    "VIRTUAL_ENV",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
];
/// The newest Python that is looked for on `PATH`, behind `3.`.
const NEWEST: u32 = 20;

/// A program that `uvx` runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    command: UvxCommand,
    key: NoteKey,
    /// Files whose change may change what is run.
    deciding: Vec<PathBuf>,
    /// All variables that `uvx` gets.
    given: BTreeMap<OsString, OsString>,
}

/// What `uvx` has told of it; part of a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Where its programs are: the first place of `PATH`.
    bins: PathBuf,
    /// The other variables that `uvx` sets.
    variables: BTreeMap<String, String>,
    /// Of all files that it depends on.
    stamp: String,
}

/// Whether a command is one of `uvx` that is understood.
pub fn is_understood(words: &[String]) -> bool {
    UvxCommand::parse(words).is_some_and(|command| command.is_ok())
}

impl Environment {
    pub fn program(&self, tool: &Tool) -> PathBuf {
        self.bins.join(&tool.command.program)
    }
}

impl Tool {
    /// `None` if it is not `uvx` that is to be run.
    pub fn of(view: &View<'_>) -> Option<Result<Self, Doubt>> {
        Some(UvxCommand::parse(view.words)?.and_then(|command| Self::new(view, command)))
    }

    fn new(view: &View<'_>, command: UvxCommand) -> Known<Self> {
        let path = view.set("PATH")?.unwrap_or_default();
        let launcher =
            executable::find(&command.launcher[0], path, view.directory).and_then(|it| it.canonicalize().ok());
        let Some(launcher) = launcher else { return doubt("uvx is not there") };
        let (pythons, words) = (pythons(path, view.directory), command.question());
        let deciding_variables = view.variables.iter().filter(|(name, _)| {
            name.to_str().is_none_or(|name| DECIDING.iter().any(|beginning| name.starts_with(beginning)))
        });
        let variables = deciding_variables.flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        let key = NoteKey::of(
            [launcher.as_os_str().as_bytes(), command.program.as_bytes(), view.directory.as_os_str().as_bytes()]
                .into_iter()
                .chain(words.iter().map(String::as_bytes))
                .chain(pythons.iter().map(|python| python.as_os_str().as_bytes()))
                .chain(variables),
        );
        let mut deciding = settings(view, &command)?;
        deciding.extend(["uv", "uvx"].map(|name| launcher.with_file_name(name)));
        deciding.extend(pythons);
        Ok(Self { command, key, deciding, given: view.variables.clone() })
    }

    pub fn key(&self) -> &NoteKey {
        &self.key
    }

    pub fn question(&self) -> Vec<String> {
        self.command.question()
    }

    /// What is executed in place of `uvx`, by what it has told.
    pub fn direct(&self, environment: Option<&Environment>) -> Known<Direct> {
        let Some(environment) = environment else { return doubt("it has not told yet what it runs") };
        if self.stamp(&environment.bins) != environment.stamp {
            return doubt("something has changed of what it ran");
        }
        let mut variables: Vec<(String, String)> =
            environment.variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let inherited = self.given.get(&OsString::from("PATH")).and_then(|path| path.to_str());
        let Some(path) = environment.bins.to_str().zip(inherited) else { return doubt("PATH is not UTF-8") };
        variables.push(("PATH".to_owned(), format!("{}:{}", path.0, path.1)));
        Ok(Direct { program: environment.program(self), arguments: self.command.arguments.clone(), variables })
    }

    /// Whether what it has told is still so.
    pub fn is_current(&self, environment: &Environment) -> bool {
        self.stamp(&environment.bins) == environment.stamp
    }

    /// What `env` has printed in place of the program.
    pub fn environment(&self, said: &[u8]) -> Option<Environment> {
        let mut told = BTreeMap::new();
        for entry in said.split(|&byte| byte == 0).filter(|entry| !entry.is_empty()) {
            let entry = std::str::from_utf8(entry).ok()?;
            let (name, value) = entry.split_once('=')?;
            told.insert(name.to_owned(), value.to_owned());
        }
        let given = |name: &str| self.given.get(&OsString::from(name)).and_then(|value| value.to_str());
        let is_whole = self.given.keys().all(|name| name.to_str().is_some_and(|name| told.contains_key(name)));
        let path = told.remove("PATH")?;
        let bins = PathBuf::from(path.strip_suffix(given("PATH")?)?.strip_suffix(':')?);
        let variables: BTreeMap<String, String> =
            told.into_iter().filter(|(name, value)| given(name) != Some(value)).collect();
        let is_usual = variables.keys().all(|name| name == "UV");
        let is_there = bins.is_absolute() && executable::can_execute(&bins.join(&self.command.program));
        let stamp = self.stamp(&bins);
        (is_whole && is_usual && is_there).then_some(Environment { bins, variables, stamp })
    }

    /// The program, if these are the arguments of a process that runs it.
    pub fn program_of(&self, arguments: &[u8]) -> Option<PathBuf> {
        let words = arguments.split(|&byte| byte == 0).filter_map(|word| std::str::from_utf8(word).ok());
        let is_it =
            |path: &&Path| path.is_absolute() && path.file_name().is_some_and(|name| *name == *self.command.program);
        let found = words.take(2).map(Path::new).find(is_it)?;
        found.with_file_name("python").exists().then(|| found.to_path_buf())
    }

    /// Whether one of these processes, of which there are the arguments, is the program with its arguments.
    pub fn is_among(&self, environment: &Environment, tree: &[Vec<u8>]) -> bool {
        let file = environment.program(self);
        let mut whole = Vec::new();
        for word in
            std::iter::once(file.as_os_str().as_bytes()).chain(self.command.arguments.iter().map(String::as_bytes))
        {
            whole.extend_from_slice(word);
            whole.push(0);
        }
        tree.iter().any(|arguments| {
            let before = arguments.len().checked_sub(whole.len());
            before.is_some_and(|before| arguments.ends_with(&whole) && (before == 0 || arguments[before - 1] == 0))
        })
    }

    /// What all files look like that decide what is run, and that are run.
    fn stamp(&self, bins: &Path) -> String {
        let root = bins.parent().unwrap_or(bins);
        let own = [bins.join(&self.command.program), bins.join("python"), root.join("pyvenv.cfg"), root.to_path_buf()];
        let packages = stamp::packages(root);
        stamp::of(self.deciding.iter().chain(&own).chain(&packages).map(PathBuf::as_path))
    }
}

/// The files of settings that `uvx` reads, and what is installed for good of the package, which it prefers.
fn settings(view: &View<'_>, command: &UvxCommand) -> Known<Vec<PathBuf>> {
    let Some(home) = view.set("HOME")?.map(Path::new) else { return doubt("HOME is not set") };
    let or = |name: &str, usual: &str| Ok(view.set(name)?.map_or_else(|| home.join(usual), PathBuf::from));
    let config = or("XDG_CONFIG_HOME", ".config")?.join("uv");
    let systems = view.set("XDG_CONFIG_DIRS")?.unwrap_or("/etc/xdg").split(':');
    let mut found = vec![config.join("uv.toml"), config.join(".python-version"), PathBuf::from("/etc/uv/uv.toml")];
    found.extend(systems.map(|system| Path::new(system).join("uv/uv.toml")));
    let named = command.options.iter().skip_while(|option| *option != "--config-file").nth(1);
    found.extend(named.map(|file| view.directory.join(file)));
    found.extend(view.set("UV_CONFIG_FILE")?.map(|file| view.directory.join(file)));
    let tools = match view.set("UV_TOOL_DIR")? {
        Some(tools) => view.directory.join(tools),
        None => or("XDG_DATA_HOME", ".local/share")?.join("uv/tools"),
    };
    found.extend(command.package().map(|package| tools.join(package).join("uv-receipt.toml")));
    let managed = or("XDG_DATA_HOME", ".local/share")?.join("uv/python");
    found.extend(stamp::list(&managed));
    Ok(found)
}

/// The interpreters that are found by `PATH`, in its order.
fn pythons(path: &str, directory: &Path) -> Vec<PathBuf> {
    let versions = (6..=NEWEST).map(|minor| format!("python3.{minor}"));
    let names: Vec<String> = ["python3", "python"].map(str::to_owned).into_iter().chain(versions).collect();
    let places = path.split(':').map(|place| directory.join(place));
    places
        .flat_map(|place| names.iter().map(move |name| place.join(name)).collect::<Vec<_>>())
        .filter(|file| file.is_file())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(bins: &Path) -> Tool {
        let words = ["uvx", "a-server", "x"].map(str::to_owned);
        let command = UvxCommand::parse(&words).expect("uvx").expect("plain");
        let given = [("PATH", "/usr/bin:/bin"), ("TOKEN", "secret")];
        let given = given.map(|(name, value)| (name.into(), value.into())).into();
        Tool { command, key: NoteKey::of([]), deciding: vec![bins.join("uv.toml")], given }
    }

    #[test]
    fn what_uvx_tells_is_taken_if_it_is_all_that_it_changes() {
        use std::os::unix::fs::PermissionsExt;
        let temporary = tempfile::tempdir().expect("a directory");
        let bins = temporary.path().join("bin");
        std::fs::create_dir(&bins).expect("made");
        let tool = tool(&bins);
        let said =
            |more: &str| format!("PATH={}:/usr/bin:/bin\0TOKEN=secret\0UV=/uv\0{more}", bins.display()).into_bytes();
        assert_eq!(tool.environment(&said("")), None, "there is no such program");
        std::fs::write(bins.join("a-server"), "#!/bin/sh\n").expect("written");
        std::fs::set_permissions(bins.join("a-server"), std::fs::Permissions::from_mode(0o755))
            .expect("made executable");
        let environment = tool.environment(&said("")).expect("known");
        let direct = tool.direct(Some(&environment)).expect("certain");
        assert_eq!(direct.words(), [bins.join("a-server").to_str().expect("UTF-8"), "x"]);
        assert_eq!(direct.variables[0], ("UV".to_owned(), "/uv".to_owned()));
        assert_eq!(direct.variables[1].1, format!("{}:/usr/bin:/bin", bins.display()));
        for other in ["SECRET=1\0", "TOKEN=other\0", "PATH=/bin\0", "no variable\0"] {
            assert_eq!(tool.environment(&said(other)), None, "{other}");
        }
        assert_eq!(tool.environment(b"PATH=/x:/usr/bin:/bin\0"), None, "a variable is gone");

        let tree = |words: &str| vec![b"uv\0tool\0uvx\0a-server\0x\0".to_vec(), words.replace('|', "\0").into_bytes()];
        let file = bins.join("a-server").display().to_string();
        assert!(tool.is_among(&environment, &tree(&format!("python|{file}|x|"))));
        assert!(!tool.is_among(&environment, &tree(&format!("python|{file}|x|y|"))));
        assert!(!tool.is_among(&environment, &tree(&format!("python|/other{file}|x|"))));
        std::fs::write(bins.join("uv.toml"), "offline = true\n").expect("written");
        assert!(tool.direct(Some(&environment)).is_err(), "what decides has changed");
        assert!(tool.direct(None).is_err());
    }
}
