//! Starting a program by a child that has our memory until it executes (`CLONE_VM` and `CLONE_VFORK` of clone(2)). A copy of
//! it would be made to be thrown away at once, and takes longer than all else that is done between fork and exec.

use std::ffi::{CStr, CString, OsStr, OsString, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::ptr;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::unistd::Pid;

use crate::sys::execution::{Execution, Streams};
use crate::sys::{executable, wait};

/// What executes a script that does not say what does (`execvp(3)`).
const SHELL: &CStr = c"/bin/sh";
/// What the child needs for its calls, in bytes. Only what is used of it takes memory.
const STACK: usize = 64 << 10;

/// Executes a program in a new child, which does `prepare` right before. Returns once it is executed.
///
/// # Errors
/// As `execve(2)`, `chdir(2)` and `prepare`; then there is no child.
///
/// # Safety
/// `prepare` makes system calls only: it neither allocates nor locks nor changes memory.
pub unsafe fn execute(
    execution: &Execution,
    streams: &Streams,
    prepare: impl Fn() -> nix::Result<()> + Send + Sync + 'static,
) -> io::Result<Pid> {
    let files = [&streams.input, &streams.output, &streams.error];
    let descriptors = files.map(|file| file.as_ref().map(AsRawFd::as_raw_fd));
    let mut birth = Birth { image: Image::of(execution)?, descriptors, prepare: &prepare, error: None };
    let mut stack = Box::<[MaybeUninit<u8>]>::new_uninit_slice(STACK);
    // A handler of ours must not run in the child.
    let ours = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the child has a stack of its own, which begins at a multiple of 16 as it has to; it and what it is given live
    // until this call returns, which is when the child has executed or ended. Until then this thread does not run, and the
    // child makes system calls only.
    let child = unsafe {
        let end = stack.as_mut_ptr().cast::<u8>().add(STACK);
        let top = end.sub(end.addr() % 16);
        libc::clone(enter, top.cast(), flags, (&raw mut birth).cast::<c_void>())
    };
    let child = Errno::result(child);
    ours.thread_set_mask()?;
    let child = Pid::from_raw(child?);
    match birth.error {
        None => Ok(child),
        Some(error) => {
            wait::collect_ended(child);
            Err(error.into())
        }
    }
}

/// What a child is born to do.
struct Birth<'a> {
    image: Image,
    descriptors: [Option<c_int>; 3],
    prepare: &'a dyn Fn() -> nix::Result<()>,
    /// Why it could not.
    error: Option<Errno>,
}

extern "C" fn enter(birth: *mut c_void) -> c_int {
    // SAFETY: it is what `execute` gives, whose thread does not run meanwhile.
    let birth = unsafe { &mut *birth.cast::<Birth<'_>>() };
    birth.error = birth.become_program().err();
    FAILED
}

/// What nobody sees: the child is collected by who has started it.
const FAILED: c_int = 127;

impl Birth<'_> {
    /// Returns only if that fails.
    fn become_program(&mut self) -> nix::Result<()> {
        for (target, descriptor) in (0..).zip(self.descriptors) {
            if let Some(descriptor) = descriptor {
                // SAFETY: the call takes two numbers; the child has descriptors of its own.
                Errno::result(unsafe { libc::dup2(descriptor, target) })?;
            }
        }
        // SAFETY: the path ends with a zero.
        Errno::result(unsafe { libc::chdir(self.image.directory.as_ptr()) })?;
        (self.prepare)()?;
        Err(self.image.execute())
    }
}

/// All that `execve(2)` takes, made before the child is: it must not allocate. The lists end with a null, and point into the
/// texts.
struct Image {
    /// Where the program may be, in the order in which it is searched for.
    places: Vec<CString>,
    directory: CString,
    arguments: Vec<*const c_char>,
    variables: Vec<*const c_char>,
    /// What the shell is told that executes a script, but for where the script is.
    script: Vec<*const c_char>,
    _texts: [Vec<CString>; 2],
}

impl Image {
    fn of(execution: &Execution) -> io::Result<Self> {
        let path =
            execution.variables.get(OsStr::new("PATH")).map_or(OsStr::new(executable::USUAL_PATH), OsString::as_os_str);
        let variable = |(name, value): (&OsString, &OsString)| [name.as_bytes(), value.as_bytes()].join(&b'=');
        let words = texts(execution.arguments.iter().map(|word| word.as_bytes().to_owned()))?;
        let settings = texts(execution.variables.iter().map(variable))?;
        let rest = words.iter().skip(1).map(|word| word.as_ptr());
        Ok(Self {
            places: texts(places(&execution.program, path).into_iter().map(|place| place.into_os_string().into_vec()))?,
            directory: CString::new(execution.directory.as_os_str().as_bytes())?,
            arguments: pointers(&words),
            variables: pointers(&settings),
            script: [SHELL.as_ptr(), ptr::null()].into_iter().chain(rest).chain([ptr::null()]).collect(),
            _texts: [words, settings],
        })
    }

    /// What `execvp(3)` does, but with the program's own variables. Returns why that could not be.
    fn execute(&mut self) -> Errno {
        let mut last = Errno::ENOENT;
        for place in &self.places {
            let mut error = self.try_at(place, &self.arguments);
            if error == Errno::ENOEXEC {
                self.script[SCRIPT] = place.as_ptr();
                error = self.try_at(SHELL, &self.script);
            }
            match error {
                // Another place may have one that can be executed.
                Errno::EACCES => last = error,
                Errno::ENOENT | Errno::ESTALE | Errno::ENOTDIR | Errno::ENODEV | Errno::ETIMEDOUT => {}
                _ => return error,
            }
        }
        last
    }

    fn try_at(&self, place: &CStr, arguments: &[*const c_char]) -> Errno {
        // SAFETY: all texts end with a zero, both lists with a null; they live as long as the image.
        unsafe { libc::execve(place.as_ptr(), arguments.as_ptr(), self.variables.as_ptr()) };
        Errno::last()
    }
}

/// Where a shell is told what it executes.
const SCRIPT: usize = 1;

fn texts(all: impl Iterator<Item = Vec<u8>>) -> io::Result<Vec<CString>> {
    Ok(all.map(CString::new).collect::<Result<_, _>>()?)
}

fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
}

/// Where a program of this name may be, also seen from the directory in which it is executed.
fn places(program: &str, path: &OsStr) -> Vec<PathBuf> {
    if program.is_empty() || program.contains('/') {
        return vec![program.into()];
    }
    executable::candidates(program, path, Path::new(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_searched_for_as_execvp_does() {
        for (program, path, found) in [
            ("cat", "/usr/bin:/bin", &["/usr/bin/cat", "/bin/cat"][..]),
            ("cat", ":bin:", &["cat", "bin/cat", "cat"]),
            ("cat", "", &["cat"]),
            ("./cat", "/bin", &["./cat"]),
            ("/bin/cat", "/usr/bin", &["/bin/cat"]),
            ("", "/bin", &[""]),
        ] {
            let places = places(program, OsStr::new(path));
            assert_eq!(places, found.iter().map(PathBuf::from).collect::<Vec<_>>(), "{program}");
        }
    }
}
