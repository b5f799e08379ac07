//! Removing the files of a session: known names one by one. What is left then is not ours, and stays.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::disk::directory::Directory;
use crate::disk::known;
use crate::disk::layout::SessionPaths;
use crate::failpoint;

/// Removes a session's files; its logs stay. Returns what is in its directories that is not known, and stays too.
pub fn remove(paths: &SessionPaths) -> io::Result<Vec<PathBuf>> {
    failpoint::kill("before-removal");
    // Nothing else is in the directories of a session in which nothing was started.
    for file in [paths.record(), paths.pid()] {
        let _ = file.remove();
    }
    let configs = directory(&paths.configs, known::is_of_configs);
    let pids = directory(&paths.pids, known::is_of_pids);
    failpoint::kill("after-removal");
    // Only if nothing was logged.
    let _ = paths.logs.remove();
    Ok([configs?, pids?].concat())
}

/// Removes the known files in a directory, and it itself if nothing else is in it. Returns what is.
pub fn directory(directory: &Directory, is_known: impl Fn(&str) -> bool) -> io::Result<Vec<PathBuf>> {
    if is_gone(directory.remove())? {
        return Ok(Vec::new());
    }
    let mut left = Vec::new();
    for name in directory.names()? {
        match name.to_str().filter(|name| is_known(name)).map(|name| directory.file(name).remove()) {
            Some(Ok(())) => {}
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => {}
            // A directory under the name of a file is not ours either.
            Some(Err(error)) if !is_directory(&error) => return Err(error),
            _ => left.push(directory.path().join(name)),
        }
    }
    let is_gone = is_gone(directory.remove())?;
    directory.release();
    Ok(if is_gone { Vec::new() } else { left })
}

/// What is added where it is told that files were removed.
pub fn but_for(left: &[PathBuf]) -> String {
    let left: Vec<String> = left.iter().map(|path| path.display().to_string()).collect();
    if left.is_empty() { String::new() } else { format!(", but for {}", left.join(", ")) }
}

/// Whether a session's directory holds only what is not known.
pub fn is_foreign(directory: &Directory) -> bool {
    let names = directory.names().unwrap_or_default();
    !names.is_empty() && !names.iter().any(|name| name.to_str().is_some_and(known::is_of_pids))
}

/// Whether a directory was removed, or had been; false if something is in it.
fn is_gone(removed: io::Result<()>) -> io::Result<bool> {
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if matches!(errno(&error), Some(Errno::ENOTEMPTY | Errno::EEXIST)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What `unlink(2)` says of a directory: one thing on Linux, the other by POSIX.
fn is_directory(error: &io::Error) -> bool {
    matches!(errno(error), Some(Errno::EISDIR | Errno::EPERM))
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw)
}
