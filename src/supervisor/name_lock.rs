//! The lock on a server's name. Whoever holds it, or a copy of its descriptor, answers for the server; nobody else may
//! sweep what is left of it.

use std::fs::File;
use std::io;

use crate::disk::layout::ServerPaths;
use crate::disk::{file, lock};
use crate::server::token::Token;

/// A server's name, locked.
pub struct NameLock(File);

impl NameLock {
    /// Takes the lock, if nobody has it.
    pub fn take(paths: &ServerPaths) -> io::Result<Option<Self>> {
        let file = lock::open(&paths.lock)?;
        Ok(lock::try_lock(&file)?.then_some(Self(file)))
    }

    /// For a server without files: there is nothing that another one could take.
    pub fn without_file() -> io::Result<Self> {
        File::open("/dev/null").map(Self)
    }

    /// Takes it again after somebody has removed the file. False if the name belongs to another server by now.
    pub fn take_again(&mut self, paths: &ServerPaths) -> bool {
        let Ok(file) = lock::open(&paths.lock) else { return false };
        if lock::try_lock(&file).unwrap_or(false) {
            self.0 = file;
            return true;
        }
        file::is_same(&file, &self.0)
    }

    /// Writes into the file what the server's processes carry, for those who cannot read its record.
    pub fn sign(&self, token: &Token) -> io::Result<()> {
        lock::sign(&self.0, &token.to_string())
    }
}
