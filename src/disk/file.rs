//! Small files: written whole or not at all, read only if they are ours. All are named relative to a directory that was
//! checked, and none is reached through a link.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use nix::fcntl::OFlag;
use nix::sys::stat::{FileStat, Mode, fchmod, fstat};

use super::file_at::FileAt;
use crate::context;
use crate::failpoint;
use crate::sys::stat::{self, FileId};

/// Records and pid files are far smaller; what is larger is not ours.
pub const LARGEST: u64 = 1 << 20;

/// How much is read before it is looked at, in bytes: as much as most have, then more.
const AT_FIRST: usize = 4 << 10;
const AT_ONCE: usize = 64 << 10;

/// Whose files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Our own: as we make them.
    Own,
    /// What the user's scripts and editors put in a directory of ours: with the mode that they give.
    Script,
}

/// Writes `content` to a temporary file beside `file` and renames it: readers see the old or the new, mode 0600.
///
/// Not synced to the disk: everything that is written so describes processes, which do not survive a crash of the
/// machine either; a record of another boot is ignored, an empty one is refused.
///
/// # Errors
/// As `open(2)`, `write(2)` and `rename(2)`; then `file` is as it was.
pub fn replace(file: &FileAt, content: &[u8]) -> io::Result<()> {
    replace_with(file, |temporary| write_new(temporary, content).map(drop))
}

/// The same for a file that people keep, and its mode: it is on the disk before it takes the place of the old one.
///
/// # Errors
/// As [`replace`], `fchmod(2)` and `fsync(2)`; then `file` is as it was.
pub fn replace_for_good(file: &FileAt, content: &[u8], mode: Mode) -> io::Result<()> {
    replace_with(file, |temporary| {
        let file = write_new(temporary, content)?;
        fchmod(&file, mode)?;
        file.sync_all()
    })
}

fn replace_with(file: &FileAt, write: impl FnOnce(&FileAt) -> io::Result<()>) -> io::Result<()> {
    let temporary = file.beside(format!(".{}.{}", file.name, nix::unistd::Pid::this()));
    let result = write(&temporary).and_then(|()| {
        failpoint::kill("before-rename");
        temporary.rename(&file.name)
    });
    if result.is_err() {
        let _ = temporary.remove();
    }
    failpoint::kill("after-rename");
    result
}

fn write_new(file: &FileAt, content: &[u8]) -> io::Result<File> {
    let open = || file.open(OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL);
    let mut file = match open() {
        // Left by a process of the same number that was killed in between.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => file.remove().and_then(|()| open()),
        other => other,
    }?;
    file.write_all(content)?;
    Ok(file)
}

/// Opens a file of ours, and looks at what was opened: a regular file of this user, under one name only, that nobody
/// else may write to.
pub fn open(file: &FileAt, flags: OFlag) -> io::Result<(File, FileStat)> {
    open_from(Source::Own, file, flags)
}

fn open_from(source: Source, file: &FileAt, flags: OFlag) -> io::Result<(File, FileStat)> {
    let open = file.open(flags)?;
    let found = fstat(&open)?;
    match wrong_with(&found, source) {
        Some(why) => Err(io::Error::other(why)),
        None => Ok((open, found)),
    }
}

fn wrong_with(found: &FileStat, source: Source) -> Option<String> {
    if !stat::is_regular(found) {
        return Some("it is not a regular file".to_owned());
    }
    if found.st_uid != context::user() {
        return Some(format!("it belongs to user {}", found.st_uid));
    }
    if source == Source::Own && found.st_nlink > 1 {
        return Some(format!("it has {} names", found.st_nlink));
    }
    if source == Source::Own && found.st_mode & 0o022 != 0 {
        return Some(format!("others may write to it (mode {:04o})", found.st_mode & 0o7777));
    }
    None
}

/// Reads the first bytes of a file of ours.
pub fn begin(file: &FileAt, length: u64) -> io::Result<Vec<u8>> {
    let (open, _) = open(file, OFlag::O_RDONLY)?;
    let mut content = Vec::new();
    open.take(length).read_to_end(&mut content)?;
    Ok(content)
}

/// Reads a regular file of anybody, links followed, up to so many bytes. A pipe is not waited for.
///
/// # Errors
/// As `open(2)` and `read(2)`; of the kind `InvalidInput` if it is none, `FileTooLarge` if it has more.
pub fn read_any(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut content = Vec::new();
    file.take(largest + 1).read_to_end(&mut content)?;
    if content.len() as u64 > largest { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(content) }
}

/// Reads a file of ours, which must be small. `None` if there is none.
pub fn read(file: &FileAt) -> anyhow::Result<Option<Vec<u8>>> {
    Ok(read_from(Source::Own, file)?.map(|(content, _)| content))
}

/// The same for whoever wrote it, and what the kernel says of what was read.
pub fn read_from(source: Source, file: &FileAt) -> anyhow::Result<Option<(Vec<u8>, FileStat)>> {
    let describe = || format!("could not read {file}");
    let (open, found) = match open_from(source, file, OFlag::O_RDONLY) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // It could be looked at, and is not what it should be.
        Err(error) if error.raw_os_error().is_none() => bail!("{}: {error}", describe()),
        other => other.with_context(describe)?,
    };
    let length = u64::try_from(found.st_size).unwrap_or_default();
    ensure!(length <= LARGEST, "{}: it has {length} bytes, more than {LARGEST}", describe());
    match read_text(&open, usize::try_from(length).unwrap_or_default()).with_context(describe)? {
        Some(content) => Ok(Some((content, found))),
        None => bail!("{}: it is no text", describe()),
    }
}

/// Reads what is expected to have this length; `None` as soon as it is seen to be no text. A hole in a file costs nothing
/// to make and is read as zeros without an end.
fn read_text(mut file: &File, length: usize) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    while content.len() <= usize::try_from(LARGEST).unwrap_or(usize::MAX) {
        let start = content.len();
        // One byte more than there is: a shorter answer says that this was all.
        let room = (length + 1).saturating_sub(start).clamp(1, if start == 0 { AT_FIRST } else { AT_ONCE });
        content.resize(start + room, 0);
        let read = file.read(&mut content[start..])?;
        content.truncate(start + read);
        if content[start..].contains(&0) {
            return Ok(None);
        }
        if read < room {
            break;
        }
    }
    Ok(Some(content))
}

pub fn is_missing(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound))
}

/// Whether both are open on the same file.
pub fn is_same(one: &File, other: &File) -> bool {
    FileId::of_open(one).is_ok_and(|one| FileId::of_open(other).ok() == Some(one))
}

/// Whether a name is that of the file that is open.
pub fn is_at(name: &FileAt, file: &File) -> bool {
    name.look().is_ok_and(|found| FileId::of_open(file).ok() == Some(FileId::of(&found)))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::super::directory;
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let (_temporary, directory) = directory::temporary();
        let file = directory.file("a.json");
        replace(&file, b"one").expect("written");
        replace(&file, b"two").expect("replaced");
        assert_eq!(read(&file).expect("read").expect("there"), b"two");
        assert_eq!(fs::metadata(file.path()).expect("there").mode() & 0o777, 0o600);
        assert_eq!(directory.names().expect("listed").len(), 1, "a temporary file was left");
    }

    #[test]
    fn what_is_not_a_file_of_ours_alone_is_refused_with_its_path() {
        let (_temporary, directory) = directory::temporary();
        let at = |name: &str| directory.file(name).path();
        symlink("/etc/passwd", at("link")).expect("a link");
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        File::create(at("large")).expect("a file").set_len(LARGEST + 1).expect("grown");
        File::create(at("hole")).expect("a file").set_len(LARGEST).expect("grown");
        File::create(at("twin")).expect("a file");
        fs::hard_link(at("twin"), at("other")).expect("a second name");
        File::create(at("open")).expect("a file").set_permissions(Permissions::from_mode(0o602)).expect("opened");
        for (name, why) in [
            ("link", "symbolic link"),
            ("pipe", "not a regular file"),
            ("large", "more than"),
            ("hole", "no text"),
            ("twin", "2 names"),
            ("open", "others may write"),
        ] {
            let message = format!("{:#}", read(&directory.file(name)).expect_err("refused"));
            assert!(message.contains(why) && message.contains(name), "{message}");
        }
        assert_eq!(read(&directory.file("nothing")).expect("no error"), None);
        assert!(read_from(Source::Script, &directory.file("open")).expect("a script's").is_some());
    }

    #[test]
    fn a_text_of_any_length_is_read_whole() {
        let (_temporary, directory) = directory::temporary();
        for length in [0, 1, AT_FIRST - 1, AT_FIRST, AT_FIRST + 1, AT_FIRST + AT_ONCE, 3 * AT_ONCE, 1 << 20] {
            let text = "x".repeat(length);
            replace(&directory.file("a"), text.as_bytes()).expect("written");
            assert_eq!(read(&directory.file("a")).expect("read").expect("there"), text.as_bytes(), "{length}");
        }
    }
}
