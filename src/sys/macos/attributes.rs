//! What a file has beside its content and mode: access lists, labels, notes (fcopyfile(3)).

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;

use nix::errno::Errno;
use nix::libc;

/// Gives `to` all that `from` has.
///
/// # Errors
/// When it may not have one of them, or its file system knows none.
pub fn copy(from: &File, to: &File) -> io::Result<()> {
    let what = libc::COPYFILE_ACL | libc::COPYFILE_XATTR;
    // SAFETY: both descriptors are open, and no state is needed.
    let done = unsafe { libc::fcopyfile(from.as_raw_fd(), to.as_raw_fd(), ptr::null_mut(), what) };
    Ok(Errno::result(done).map(drop)?)
}
