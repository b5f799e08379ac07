//! Where shells look for their start-up files.

use std::path::PathBuf;

use crate::context;

#[derive(Clone, Debug, Default)]
pub struct Homes {
    /// `HOME`.
    pub home: PathBuf,
    /// `ZDOTDIR`.
    pub zsh: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub config: Option<PathBuf>,
}

impl Homes {
    /// Where the shells look that are started with this environment. What is empty or relative is not heeded by them.
    pub fn from_environment() -> Self {
        let path = |name| context::variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Self { home: path("HOME").unwrap_or_else(|| "/".into()), zsh: path("ZDOTDIR"), config: path("XDG_CONFIG_HOME") }
    }
}
