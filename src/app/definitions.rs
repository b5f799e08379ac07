//! The definitions that count here, and changes of the user's own file.

use std::path::PathBuf;

use anyhow::Result;

use crate::definition::catalogue::Catalogue;
use crate::definition::document;
use crate::definition::store::{self, Added, NewServer};
use crate::definition::view::FileView;
use crate::disk::names::ServerName;
use crate::session::find;

/// What came of adding a server, and the user's file.
pub struct Addition {
    pub file: PathBuf,
    pub added: Added,
}

/// Whether a server was removed, or was not there, and the user's file.
pub struct Removal {
    pub file: PathBuf,
    pub was_defined: bool,
}

/// Each file that counts here, with what it defines.
pub fn list() -> Vec<FileView> {
    find::adopt_current();
    Catalogue::read().view()
}

pub fn add(name: &ServerName, server: &NewServer, may_replace: bool) -> Result<Addition> {
    find::adopt_current();
    let file = document::user_file()?;
    Ok(Addition { file, added: store::add(name, server, may_replace)? })
}

pub fn remove(name: &str) -> Result<Removal> {
    find::adopt_current();
    let file = document::user_file()?;
    Ok(Removal { file, was_defined: store::remove(name)? })
}
