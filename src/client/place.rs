//! Where the files of clients are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::scope::Scope;
use crate::context;
use crate::disk::locations;
use crate::sys::users;

/// A file of a client.
#[derive(Debug, PartialEq, Eq)]
pub struct FileSpec {
    pub base: Base,
    /// Below the base.
    pub path: &'static str,
    /// Whose servers it holds.
    pub parts: &'static [Scope],
    pub writer: Writer,
}

/// Who writes a file but people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    People,
    /// The client, over and over, for as long as it runs.
    RunningClient,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    Home,
    /// What this variable says, else this path below the home directory.
    Named(&'static str, &'static str),
    /// `$XDG_CONFIG_HOME`, `~/.config`.
    Config,
    /// Where desktop programs keep their settings.
    Applications,
    /// The working directory, or one above it.
    Project,
}

/// The directories that files are looked for in, as one user has them.
#[derive(Clone, Debug)]
pub struct Places {
    pub home: PathBuf,
    pub config: PathBuf,
    pub applications: PathBuf,
    pub working_directory: Option<PathBuf>,
    /// The variables that name other directories.
    pub named: Vec<(&'static str, PathBuf)>,
}

impl Places {
    pub fn here() -> Result<Self> {
        let home = locations::home().context("could not find a home directory")?;
        let config = locations::named("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
        let applications = users::APPLICATIONS.map_or_else(|| config.clone(), |below| home.join(below));
        let named = VARIABLES.iter().filter_map(|&name| Some((name, PathBuf::from(context::variable(name)?))));
        let named = named.filter(|(_, path)| path.is_absolute()).collect();
        Ok(Self { home, config, applications, working_directory: context::working_directory().ok(), named })
    }

    /// Where a file is, whether or not it is there; several places for a project's, the nearest first.
    pub fn of(&self, file: &FileSpec) -> Vec<PathBuf> {
        let base = match file.base {
            Base::Home => self.home.clone(),
            Base::Named(variable, below) => self.named_by(variable).unwrap_or_else(|| self.home.join(below)),
            Base::Config => self.config.clone(),
            Base::Applications => self.applications.clone(),
            Base::Project => return self.projects().map(|directory| directory.join(file.path)).collect(),
        };
        vec![base.join(file.path)]
    }

    fn named_by(&self, variable: &str) -> Option<PathBuf> {
        self.named.iter().find(|(name, _)| *name == variable).map(|(_, path)| path.clone())
    }

    /// The working directory and those above it, up to the home directory, whose own files are the user's.
    pub fn projects(&self) -> impl Iterator<Item = &Path> {
        let here = self.working_directory.as_deref();
        here.into_iter()
            .flat_map(Path::ancestors)
            .take_while(move |&directory| Some(directory) == here || directory != self.home)
    }
}

/// Those that rows of the table name.
const VARIABLES: [&str; 3] = ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "COPILOT_HOME"];

#[cfg(test)]
mod tests {
    use super::super::table::CLIENTS;
    use super::*;

    fn places(applications: &str) -> Places {
        Places {
            home: "/home/me".into(),
            config: "/home/me/.config".into(),
            applications: Path::new("/home/me").join(applications),
            working_directory: Some("/home/me/shop".into()),
            named: vec![("CODEX_HOME", "/etc/codex".into())],
        }
    }

    /// Where each client keeps its servers, with the programs of desktops in this directory.
    fn listed(applications: &str) -> String {
        let places = places(applications);
        let mut lines = Vec::new();
        for client in CLIENTS {
            for file in client.files {
                let path = places.of(file).swap_remove(0);
                let key = client.key.join(" → ");
                lines.push(format!("{:14} {} {:?}: {key}\n", client.id, path.display(), file.parts));
            }
        }
        lines.concat()
    }

    #[test]
    fn every_client_has_its_files_on_linux_and_macos() {
        insta::assert_snapshot!("linux", listed(".config"));
        insta::assert_snapshot!("macos", listed("Library/Application Support"));
    }

    #[test]
    fn projects_end_below_the_home_directory() {
        let mut places = places(".config");
        let listed = |places: &Places| places.projects().map(|it| it.display().to_string()).collect::<Vec<_>>();
        places.working_directory = Some("/home/me/a/b".into());
        assert_eq!(listed(&places), ["/home/me/a/b", "/home/me/a"]);
        places.working_directory = Some("/home/me".into());
        assert_eq!(listed(&places).first().map(String::as_str), Some("/home/me"));
        places.working_directory = Some("/srv/a".into());
        assert_eq!(listed(&places), ["/srv/a", "/srv", "/"]);
    }

    #[test]
    fn ids_are_different_and_every_named_directory_is_known() {
        let mut ids: Vec<&str> = CLIENTS.iter().map(|client| client.id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for file in CLIENTS.iter().flat_map(|client| client.files) {
            assert!(!matches!(file.base, Base::Named(name, _) if !VARIABLES.contains(&name)), "{file:?}");
        }
    }
}
