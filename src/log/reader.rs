//! Reading a log over its rotations, from the end backwards and as it grows.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

use nix::fcntl::OFlag;

use super::reverse_lines::{BLOCK, LONGEST, for_each_line, line_end};
use crate::disk::file_at::FileAt;
use crate::disk::{file, rotation};
use crate::sys::stat::FileId;

/// What is to be done with a line when lines are read backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    Take,
    Skip,
    /// Skip this one and all before it.
    Stop,
}

/// A log over its rotations. Files stay open, so that none is mistaken for another and none is missed: what was put
/// aside or removed since the last call is read to its end first.
pub struct LogReader {
    name: FileAt,
    /// Oldest first.
    files: Vec<Part>,
}

struct Part {
    file: File,
    id: FileId,
    /// Everything in front of this has been read, in bytes.
    read: u64,
    partial: Vec<u8>,
}

impl LogReader {
    /// Opens a log and what was put aside of it. What stands in it counts as read by [`LogReader::read_on`].
    pub fn open(file: &FileAt) -> io::Result<Self> {
        let mut files = parts(file)?;
        for part in &mut files {
            part.read = line_end(&part.file)?;
        }
        Ok(Self { name: file.clone(), files })
    }

    /// The last `count` lines that `pick` takes, oldest first.
    pub fn last(&self, count: usize, mut pick: impl FnMut(&[u8]) -> Pick) -> io::Result<Vec<Vec<u8>>> {
        let mut lines = Vec::new();
        for part in self.files.iter().rev() {
            if lines.len() == count {
                break;
            }
            let goes_on = for_each_line(&part.file, part.read, &mut |line: &[u8]| {
                let picked = pick(line);
                if picked == Pick::Take {
                    lines.push(line.to_vec());
                }
                picked != Pick::Stop && lines.len() < count
            })?;
            if !goes_on {
                break;
            }
        }
        lines.reverse();
        Ok(lines)
    }

    /// Hands over the lines that have come since the last call, in order.
    pub fn read_on(&mut self, each: &mut impl FnMut(&[u8])) {
        let named = self.name.look().ok().map(|found| FileId::of(&found));
        match self.files.last_mut().filter(|last| Some(last.id) == named) {
            Some(last) => last.read_on(each),
            None => self.read_over_rotations(each),
        }
    }

    fn read_over_rotations(&mut self, each: &mut impl FnMut(&[u8])) {
        // What vanished altogether may be on its way back.
        let present = parts(&self.name).ok().filter(|present| !present.is_empty());
        let Some(present) = present else { return self.files.iter_mut().for_each(|part| part.read_on(each)) };
        let ids: Vec<FileId> = present.iter().map(|part| part.id).collect();
        let (known, mut gone): (Vec<Part>, Vec<Part>) =
            std::mem::take(&mut self.files).into_iter().partition(|part| ids.contains(&part.id));
        for part in &mut gone {
            part.read_on(each);
        }
        // One that was only moved may come back under its number.
        gone.retain(|part| part.file.metadata().is_ok_and(|data| data.nlink() > 0));
        self.files = gone;
        let mut known: HashMap<FileId, Part> = known.into_iter().map(|part| (part.id, part)).collect();
        for new in present {
            let mut part = known.remove(&new.id).unwrap_or(new);
            part.read_on(each);
            self.files.push(part);
        }
    }
}

impl Part {
    fn read_on(&mut self, each: &mut impl FnMut(&[u8])) {
        let length = self.file.metadata().map_or(0, |data| data.len());
        if length < self.read + self.partial.len() as u64 {
            // It was emptied.
            (self.read, self.partial) = (0, Vec::new());
        }
        let mut block = vec![0; BLOCK];
        loop {
            let at = self.read + self.partial.len() as u64;
            let Ok(length @ 1..) = self.file.read_at(&mut block, at) else { return };
            self.partial.extend_from_slice(&block[..length]);
            if let Some(end) = self.partial.iter().rposition(|&byte| byte == b'\n') {
                self.partial[..end].split(|&byte| byte == b'\n').for_each(&mut *each);
                self.partial.drain(..=end);
                self.read += end as u64 + 1;
            } else if self.partial.len() > LONGEST {
                // No line: a hole is not read through.
                (self.read, self.partial) = (self.file.metadata().map_or(at, |data| data.len()), Vec::new());
            }
        }
    }
}

/// A log and what was put aside of it, oldest first.
fn parts(file: &FileAt) -> io::Result<Vec<Part>> {
    let mut parts: Vec<Part> = Vec::new();
    for name in rotation::files(file) {
        let (file, found) = match file::open(&name, OFlag::O_RDONLY) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        let id = FileId::of(&found);
        // Renamed while we looked: its later place is the right one.
        parts.retain(|part| part.id != id);
        parts.push(Part { file, id, read: 0, partial: Vec::new() });
    }
    parts.reverse();
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write;

    use super::*;
    use crate::disk::directory::{self, Directory};

    struct World {
        directory: Directory,
        _temporary: tempfile::TempDir,
        written: usize,
    }

    impl World {
        fn new() -> Self {
            let (temporary, directory) = directory::temporary();
            Self { directory, _temporary: temporary, written: 0 }
        }

        fn log(&self) -> FileAt {
            self.directory.file("a.log")
        }

        fn path(&self) -> std::path::PathBuf {
            self.log().path()
        }

        fn add(&mut self, count: usize) {
            let mut file = OpenOptions::new().append(true).create(true).open(self.path()).expect("open");
            for _ in 0..count {
                // Some lines are longer than a block.
                let long = if self.written.is_multiple_of(7) { "x".repeat(BLOCK + 3) } else { String::new() };
                writeln!(file, "{} {long}", self.written).expect("written");
                self.written += 1;
            }
        }

        fn rotate(&self) {
            rotation::put_aside(&self.log(), 3);
        }
    }

    fn index(line: &[u8]) -> usize {
        String::from_utf8_lossy(line).split(' ').next().and_then(|word| word.parse().ok()).expect("a number")
    }

    #[test]
    fn the_last_lines_come_from_all_files_that_are_kept() {
        let mut world = World::new();
        for _ in 0..3 {
            world.add(20);
            world.rotate();
        }
        world.add(5);
        let log = LogReader::open(&world.log()).expect("open");
        for count in [0, 1, 5, 6, 30, 65, 100] {
            let lines: Vec<usize> =
                log.last(count, |_| Pick::Take).expect("read").iter().map(|line| index(line)).collect();
            assert_eq!(lines, (65_usize.saturating_sub(count)..65).collect::<Vec<_>>());
        }
        let even = |line: &[u8]| match index(line) {
            ..40 => Pick::Stop,
            number if number.is_multiple_of(2) => Pick::Take,
            _ => Pick::Skip,
        };
        let lines: Vec<usize> = log.last(100, even).expect("read").iter().map(|line| index(line)).collect();
        assert_eq!(lines, (40..65).step_by(2).collect::<Vec<_>>());
    }

    #[test]
    fn no_line_is_missed_however_often_it_was_rotated_between_two_looks() {
        let mut world = World::new();
        world.add(3);
        let mut log = LogReader::open(&world.log()).expect("open");
        let mut seen = Vec::new();
        for rotations in [0, 1, 2, 0, 3, 1, 2] {
            for _ in 0..rotations {
                world.add(4);
                world.rotate();
            }
            world.add(2);
            log.read_on(&mut |line| seen.push(index(line)));
            assert_eq!(seen, (3..world.written).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_log_that_was_removed_emptied_or_made_anew_is_followed() {
        let mut world = World::new();
        world.add(3);
        let mut log = LogReader::open(&world.log()).expect("open");
        let mut seen = Vec::new();
        fs::remove_file(world.path()).expect("removed");
        log.read_on(&mut |line| seen.push(index(line)));
        world.add(2);
        log.read_on(&mut |line| seen.push(index(line)));
        fs::write(world.path(), "").expect("emptied");
        log.read_on(&mut |line| seen.push(index(line)));
        world.add(1);
        log.read_on(&mut |line| seen.push(index(line)));
        assert_eq!(seen, [3, 4, 5]);
    }

    #[test]
    fn a_line_is_handed_over_once_it_is_whole() {
        let world = World::new();
        fs::write(world.path(), "0 one\n1 tw").expect("written");
        let mut log = LogReader::open(&world.log()).expect("open");
        assert_eq!(log.last(9, |_| Pick::Take).expect("read"), [b"0 one"]);
        let mut seen = Vec::new();
        log.read_on(&mut |line| seen.push(line.to_vec()));
        assert!(seen.is_empty());
        OpenOptions::new().append(true).open(world.path()).expect("open").write_all(b"o\n").expect("written");
        log.read_on(&mut |line| seen.push(line.to_vec()));
        assert_eq!(seen, [b"1 two"]);
    }

    #[test]
    fn a_hole_is_not_read_through() {
        const HOLE: u64 = 200 << 30;
        let mut world = World::new();
        world.add(3);
        let file = OpenOptions::new().write(true).open(world.path()).expect("open");
        let grow = |text: &str| {
            let end = file.metadata().expect("there").len() + HOLE;
            file.write_all_at(text.as_bytes(), end).expect("written");
        };
        let mut log = LogReader::open(&world.log()).expect("open");
        assert_eq!(log.last(10, |_| Pick::Take).expect("read").len(), 3);
        file.set_len(HOLE).expect("grown");
        assert!(LogReader::open(&world.log()).expect("open").last(10, |_| Pick::Take).expect("read").is_empty());
        grow("\nlast\n");
        let again = LogReader::open(&world.log()).expect("open");
        assert_eq!(again.last(1, |_| Pick::Take).expect("read"), [b"last"]);
        let mut lines = 0;
        log.read_on(&mut |_| lines += 1);
        world.add(2);
        log.read_on(&mut |line| lines += usize::from(line.ends_with(b" ")));
        assert_eq!(lines, 2);
    }
}
