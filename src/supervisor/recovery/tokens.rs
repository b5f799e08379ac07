//! Tokens that lead to a server whose record cannot be read or is gone: the one in its lock, and those that processes
//! carry.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::context;
use crate::disk::layout::ServerPaths;
use crate::disk::{file, lock};
use crate::server::environment::PID_FILE;
use crate::server::token::{Token, VARIABLE};
use crate::sys::{Pid, process};

/// What a process of a server has in its environment.
pub struct CarriedToken {
    pub token: Token,
    /// Its server's pid file. A shell that was opened in two roots has the same session in both.
    pid_file: Vec<u8>,
}

impl CarriedToken {
    pub fn of(pid: Pid) -> Option<Self> {
        let token = parse(process::variable(pid, VARIABLE)?)?;
        Some(Self { token, pid_file: process::variable(pid, PID_FILE)? })
    }

    pub fn is_of(&self, paths: &ServerPaths) -> bool {
        is_for(paths, &self.token) && paths.pid.path() == Path::new(OsStr::from_bytes(&self.pid_file))
    }
}

/// What processes of this user carry.
pub fn carried() -> impl Iterator<Item = CarriedToken> {
    own_processes().filter_map(CarriedToken::of)
}

/// The processes of this user.
pub fn own_processes() -> impl Iterator<Item = Pid> {
    process::all().filter(|&pid| process::user(pid) == Some(context::user()))
}

/// Whether a process has this token in its own environment. Programs of a server have, keepers and supervisors have not.
pub fn is_program(pid: Pid, token: &Token) -> bool {
    process::variable(pid, VARIABLE).is_some_and(|text| text == token.to_string().as_bytes())
}

/// The token of a server: as its lock says, else as one of its processes does.
pub fn find(paths: &ServerPaths) -> Option<Token> {
    in_lock(paths).or_else(|| carried().find(|carried| carried.is_of(paths)).map(|carried| carried.token))
}

/// Whether anything tells that there is or was a server: its lock, or one of those that are `carried`. A file that only
/// has the name of a record does not.
pub fn is_traced(paths: &ServerPaths, carried: &[CarriedToken]) -> bool {
    lock::is_locked(&paths.lock) || in_lock(paths).is_some() || carried.iter().any(|carried| carried.is_of(paths))
}

fn in_lock(paths: &ServerPaths) -> Option<Token> {
    file::read(&paths.lock).ok().flatten().and_then(parse).filter(|token| is_for(paths, token))
}

fn is_for(paths: &ServerPaths, token: &Token) -> bool {
    paths.record.path().ends_with(format!("{}/{}.json", token.session(), token.server()))
}

fn parse(text: Vec<u8>) -> Option<Token> {
    String::from_utf8(text).ok()?.trim_end().parse().ok()
}
