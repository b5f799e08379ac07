//! What a file has beside its content and mode: access lists, labels, notes (xattr(7), acl(5)).

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;

use nix::errno::Errno;
use nix::libc::{self, c_int};

/// Gives `to` all that `from` has.
///
/// # Errors
/// When it may not have one of them, or its file system knows none.
pub fn copy(from: &File, to: &File) -> io::Result<()> {
    for name in names(from)? {
        set(to, &name, &value(from, &name)?)?;
    }
    Ok(())
}

fn names(file: &File) -> io::Result<Vec<CString>> {
    let list = read(|buffer, length| {
        // SAFETY: at most `length` bytes are written behind `buffer`; none, if that is 0.
        unsafe { libc::flistxattr(file.as_raw_fd(), buffer.cast(), length) }
    });
    match list {
        // There are none where there cannot be any.
        Err(error) if error.raw_os_error() == Some(Errno::EOPNOTSUPP as c_int) => Ok(Vec::new()),
        list => {
            let list = list?;
            let names = list.split_inclusive(|&byte| byte == 0);
            Ok(names.filter_map(|name| CStr::from_bytes_with_nul(name).ok()).map(CStr::to_owned).collect())
        }
    }
}

fn value(file: &File, name: &CStr) -> io::Result<Vec<u8>> {
    read(|buffer, length| {
        // SAFETY: the name ends with a zero; at most `length` bytes are written behind `buffer`; none, if that is 0.
        unsafe { libc::fgetxattr(file.as_raw_fd(), name.as_ptr(), buffer.cast(), length) }
    })
}

fn set(file: &File, name: &CStr, value: &[u8]) -> io::Result<()> {
    // SAFETY: the name ends with a zero, and `value` has as many bytes as is said.
    let done = unsafe { libc::fsetxattr(file.as_raw_fd(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0) };
    Ok(Errno::result(done).map(drop)?)
}

/// What a call writes that first says how long it is.
fn read(call: impl Fn(*mut u8, usize) -> isize) -> io::Result<Vec<u8>> {
    loop {
        let mut bytes = vec![0; length(call(ptr::null_mut(), 0))?];
        match length(call(bytes.as_mut_ptr(), bytes.len())) {
            // It has become longer in between.
            Err(error) if error.raw_os_error() == Some(Errno::ERANGE as c_int) => {}
            written => {
                bytes.truncate(written?);
                return Ok(bytes);
            }
        }
    }
}

fn length(result: isize) -> io::Result<usize> {
    Ok(Errno::result(result)?.unsigned_abs())
}
