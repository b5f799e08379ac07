//! What is executed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

/// A program, and what it gets but for its streams.
pub struct Execution {
    /// A path, or a name that is searched for where its own variables say.
    pub program: String,
    /// What it is told, from its own name on.
    pub arguments: Vec<OsString>,
    pub variables: BTreeMap<OsString, OsString>,
    pub directory: PathBuf,
}

/// Standard input, output and error of a program; where there is none, it gets ours.
#[derive(Default)]
pub struct Streams {
    pub input: Option<File>,
    pub output: Option<File>,
    pub error: Option<File>,
}
