//! From `/` down to a directory, step by step: each step is opened, then checked, and the next is looked up in what is
//! open. So nobody can put something else in the place of what was checked.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, readlinkat};
use nix::libc;
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, mkdirat};

use super::refusal::Refusal;
use crate::context;
use crate::sys::stat::kind;
use crate::sys::{directory, users};

/// So many links lead in a circle.
const MOST_LINKS: u32 = 40;
/// Write permission for the group, for everybody, and the sticky bit.
const GROUP_WRITES: libc::mode_t = 0o020;
const ANYBODY_WRITES: libc::mode_t = 0o002;
const STICKY: libc::mode_t = 0o1000;

/// What is asked of the last directory of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// It is ours, and nobody else may enter it.
    Private,
    /// It is ours, and nobody else may rename in it. It may be reached by a link that nobody else can replace.
    Owned,
}

/// What is done about directories that are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: it is an error.
    Fail,
    /// The last one is made, mode 0700.
    MakeLast,
    /// All are made, mode 0700.
    MakeAll,
}

/// Opens the directory at the end of an absolute path. A symbolic link on the way there is followed if nobody else can
/// replace it; the last step of the way to a private one is none.
///
/// # Errors
/// A [`Refusal`] when a step could be replaced by somebody else, or the last one is not as is demanded; else what the
/// system says.
pub fn walk(path: &Path, demand: Demand, missing: Missing) -> io::Result<OwnedFd> {
    if let Some(directory) = at_once(path, demand) {
        return Ok(directory);
    }
    let mut walk = Walk::from_root(path)?;
    let mut todo: Vec<OsString> = steps(path);
    while let Some(name) = todo.pop() {
        if todo.is_empty() && !(demand == Demand::Owned && walk.is_link(&name)) {
            return walk.arrive(&name, demand, missing);
        }
        walk.step(&name, &mut todo, missing)?;
    }
    Err(io::ErrorKind::InvalidInput.into())
}

/// The same with fewer calls, where there is nothing to be said: no link, and every directory root's or ours. What is
/// above is looked at from below (`..`), so that it is what was opened.
fn at_once(path: &Path, demand: Demand) -> Option<OwnedFd> {
    let names = steps(path);
    if names.iter().any(|name| name == "..") {
        return None;
    }
    let directory = directory::open_without_links(path).ok()?;
    judge(path, &fstat(&directory).ok()?, demand).ok()?;
    let mut above = PathBuf::new();
    for _ in names {
        above.push("..");
        let found = fstatat(&directory, &above, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
        let is_ours = found.st_uid == 0 || found.st_uid == context::user();
        let is_shared = found.st_mode & (ANYBODY_WRITES | GROUP_WRITES) != 0 && found.st_mode & STICKY == 0;
        if !is_ours || is_shared {
            return None;
        }
    }
    Some(directory)
}

/// Opens the file at the end of an absolute path for reading, if only root and this user may put something else in its
/// place. A symbolic link is followed as on the way to a directory. Nothing is waited for; what was opened is for the caller
/// to look at.
pub fn open_file(path: &Path) -> io::Result<OwnedFd> {
    if let (Some(above), Some(name)) = (path.parent(), path.file_name())
        && let Some(directory) = at_once(above, Demand::Owned)
        && let Ok(file) = open_file_in(&directory, name)
    {
        return Ok(file);
    }
    let mut walk = Walk::from_root(path)?;
    let mut todo: Vec<OsString> = steps(path);
    while let Some(name) = todo.pop() {
        if todo.is_empty() && !walk.is_link(&name) {
            return Ok(open_file_in(&walk.here, &name)?);
        }
        walk.step(&name, &mut todo, Missing::Fail)?;
    }
    Err(io::ErrorKind::InvalidInput.into())
}

fn open_file_in(directory: &OwnedFd, name: &OsStr) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    openat(directory, name, flags, Mode::empty())
}

/// Whether others than root and this user may write to what was looked at.
pub fn is_open_to_others(found: &FileStat) -> bool {
    found.st_mode & ANYBODY_WRITES != 0 || writable_by_group(found)
}

/// Opens the directory `name` in another one that was checked.
pub fn open_below(above: impl AsFd, name: &OsStr, path: &Path, demand: Demand) -> io::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    match openat(&above, name, flags, Mode::empty()) {
        Ok(directory) => judge(path, &fstat(&directory)?, demand).map(|()| directory),
        Err(Errno::ENOENT) => Err(Errno::ENOENT.into()),
        // What is wrong with it says more than that it could not be opened.
        Err(error) => {
            let found = fstatat(&above, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
            judge(path, &found, demand).and(Err(error.into()))
        }
    }
}

/// Whether a directory is as is demanded.
fn judge(path: &Path, found: &FileStat, demand: Demand) -> io::Result<()> {
    let refuse = |why: String, hint| Err(Refusal::new(path, why).with_hint(hint).into());
    match kind(found) {
        SFlag::S_IFLNK => return refuse("it is a symbolic link".to_owned(), None),
        SFlag::S_IFDIR => {}
        _ => return refuse("it is not a directory".to_owned(), None),
    }
    if found.st_uid != context::user() {
        return refuse(format!("it belongs to user {}", found.st_uid), None);
    }
    let mode = found.st_mode & 0o7777;
    match demand {
        Demand::Private if mode & 0o077 != 0 => {
            let hint = format!("chmod 700 {}", path.display());
            refuse(format!("others may enter it (mode {mode:04o})"), Some(hint))
        }
        Demand::Owned if is_open_to_others(found) => {
            let hint = format!("chmod go-w {}", path.display());
            refuse(format!("others may rename in it (mode {mode:04o})"), Some(hint))
        }
        _ => Ok(()),
    }
}

/// Whether a group with other members than root and this user may write there.
fn writable_by_group(found: &FileStat) -> bool {
    found.st_mode & GROUP_WRITES != 0 && !users::is_private_group(found.st_gid, context::user())
}

/// The names on the way, the last one first.
fn steps(path: &Path) -> Vec<OsString> {
    let mut names = Vec::new();
    for component in path.components().rev() {
        match component {
            Component::Normal(name) => names.push(name.to_owned()),
            Component::ParentDir => names.push("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    names
}

struct Walk<'path> {
    /// Where we want to go, for messages.
    path: &'path Path,
    here: OwnedFd,
    place: PathBuf,
    /// Whether anybody may make entries here: an owner that is not known is nobody's then.
    is_shared: bool,
    links: u32,
}

impl<'path> Walk<'path> {
    fn from_root(path: &'path Path) -> io::Result<Self> {
        let here = openat(AT_FDCWD, "/", directory::SEARCH | OFlag::O_CLOEXEC, Mode::empty())?;
        let mut walk = Self { path, here, place: PathBuf::from("/"), is_shared: false, links: 0 };
        walk.check()?;
        Ok(walk)
    }

    /// Goes into `name`, or leaves the way that a link of this name leads to in `todo`.
    fn step(&mut self, name: &OsStr, todo: &mut Vec<OsString>, missing: Missing) -> io::Result<()> {
        let next = match self.search(name) {
            Err(Errno::ENOENT) if missing == Missing::MakeAll => {
                self.make(name)?;
                self.search(name)
            }
            Err(Errno::ENOTDIR | Errno::ELOOP) => return self.follow(name, todo),
            other => other,
        };
        self.here = next?;
        self.place.push(name);
        self.check()
    }

    fn search(&self, name: &OsStr) -> nix::Result<OwnedFd> {
        openat(&self.here, name, directory::SEARCH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())
    }

    fn arrive(&self, name: &OsStr, demand: Demand, missing: Missing) -> io::Result<OwnedFd> {
        match open_below(&self.here, name, self.path, demand) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && missing != Missing::Fail => {
                self.make(name)?;
                open_below(&self.here, name, self.path, demand)
            }
            result => result,
        }
    }

    fn make(&self, name: &OsStr) -> io::Result<()> {
        match mkdirat(&self.here, name, Mode::S_IRWXU) {
            Err(Errno::EEXIST) => Ok(()),
            result => Ok(result?),
        }
    }

    /// Where we are, only root and we may put something else in the place of what is below.
    fn check(&mut self) -> io::Result<()> {
        let found = fstat(&self.here)?;
        if !self.is_trusted(found.st_uid) {
            return Err(self.refuse(format!("another user owns {}", self.place.display())));
        }
        self.is_shared = found.st_mode & ANYBODY_WRITES != 0;
        if found.st_mode & STICKY == 0 {
            if self.is_shared {
                return Err(self.refuse(format!("anybody may rename in {}", self.place.display())));
            }
            if writable_by_group(&found) {
                let why = format!("the group {} may rename in {}", found.st_gid, self.place.display());
                return Err(self.refuse(why));
            }
        }
        Ok(())
    }

    fn is_trusted(&self, owner: u32) -> bool {
        owner == 0 || owner == context::user() || (!self.is_shared && users::may_be_root(owner))
    }

    fn is_link(&self, name: &OsStr) -> bool {
        fstatat(&self.here, name, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(|found| kind(&found) == SFlag::S_IFLNK)
    }

    fn follow(&mut self, name: &OsStr, todo: &mut Vec<OsString>) -> io::Result<()> {
        let found = fstatat(&self.here, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        if kind(&found) != SFlag::S_IFLNK {
            return Err(Errno::ENOTDIR.into());
        }
        if !self.is_trusted(found.st_uid) {
            return Err(self.refuse(format!("another user owns the link {}", self.place.join(name).display())));
        }
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::ELOOP.into());
        }
        let target = PathBuf::from(OsString::from_vec(readlinkat(&self.here, name)?.into_vec()));
        todo.extend(steps(&target));
        if target.is_absolute() {
            let path = self.path;
            *self = Self { links: self.links, ..Self::from_root(path)? };
        }
        Ok(())
    }

    fn refuse(&self, why: String) -> io::Error {
        Refusal::new(self.path, why).into()
    }
}
