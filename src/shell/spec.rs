//! What has to be known of a shell.

use std::fmt;
use std::path::PathBuf;

use super::homes::Homes;
use super::interactive::Looks;
use super::syntax::Syntax;

/// A shell with a hook. The texts are files in `shell/` and `completions/`, printed as they stand.
pub struct Shell {
    pub name: &'static str,
    /// Which shell that is, for help.
    pub about: &'static str,
    /// The first two numbers of the least version in which the hook works.
    pub least_version: (u32, u32),
    pub syntax: &'static Syntax,
    /// What is evaluated when it starts.
    pub hook: &'static str,
    pub completions: &'static str,
    /// The line for a start-up file that evaluates the hook.
    pub rc_line: &'static str,
    /// Where its start-up files are.
    pub(super) home: fn(&Homes) -> PathBuf,
    /// The start-up files of an interactive shell, the usual place of the hook first.
    pub(super) startup_files: &'static [&'static str],
    /// A directory beside them, and the extension of the files there that it reads, too.
    pub(super) snippets: Option<(&'static str, &'static str)>,
    pub(super) looks: Looks,
}

impl Shell {
    /// The start-up files of an interactive shell, whether or not they are there, the usual place of the hook first.
    pub fn startup_files(&self, homes: &Homes) -> Vec<PathBuf> {
        let home = (self.home)(homes);
        self.startup_files.iter().map(|name| home.join(name)).collect()
    }

    /// A directory whose files this shell reads too, and their extension.
    pub fn snippets(&self, homes: &Homes) -> Option<(PathBuf, &'static str)> {
        let (directory, extension) = self.snippets?;
        Some(((self.home)(homes).join(directory), extension))
    }

    /// The start-up file that the hook's line belongs in, as people write it.
    pub fn rc_file(&self, homes: &Homes) -> String {
        let file = self.startup_files(homes).into_iter().next().unwrap_or_default();
        match file.strip_prefix(&homes.home) {
            Ok(inside) => format!("~/{}", inside.display()),
            Err(_) => file.display().to_string(),
        }
    }
}

impl PartialEq for Shell {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Shell {}

impl fmt::Display for Shell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name)
    }
}

impl fmt::Debug for Shell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}
