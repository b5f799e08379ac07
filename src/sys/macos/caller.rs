//! Who has started this process and reads what it prints: nobody can tell.

use super::process::Process;

/// The program that has started this process, in the foreground of a terminal, and reads what it prints.
pub struct Caller {
    pub process: Process,
    pub name: String,
    pub arguments: Vec<u8>,
    pub ignores_sigttin: bool,
    pub reads_terminal: bool,
}

impl Caller {
    pub fn look() -> Option<Self> {
        None
    }

    pub fn still_reads(&self) -> bool {
        false
    }
}
