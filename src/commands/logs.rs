//! `logs`: what servers printed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::Run;
use crate::cli::Logs;
use crate::disk::layout::Root;
use crate::failure::hinted;
use crate::server::log::{self, Stream};
use crate::session::find;
use crate::sys::follow::Follower;
use crate::ui;

impl Run for Logs {
    fn run(self) -> Result<ExitCode> {
        let root = Root::open()?;
        let directory = self.directory(&root)?;
        let logs = self.logs(&directory)?;
        // Watched before the first look, so that nothing falls between.
        let changes = self.follow.then(|| Follower::new(&directory)).transpose();
        let changes = changes.with_context(|| format!("could not watch {}", directory.display()))?;
        let mut tails: Vec<Tail> = logs.into_iter().map(Tail::new).collect();
        let with_heads = tails.len() > 1;
        for tail in &mut tails {
            let lines = log::tail(&tail.path, self.lines, |line| self.wants(line));
            let lines = lines.with_context(|| format!("could not read {}", tail.path.display()))?;
            tail.skip_to_end();
            tail.show(&lines, with_heads)?;
        }
        while let Some(changes) = &changes {
            changes.wait(None);
            for tail in &mut tails {
                let lines: Vec<String> = tail.new_lines().into_iter().filter(|line| self.wants(line)).collect();
                tail.show(&lines, with_heads)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Logs {
    /// The session's logs; those of a session that has ended are still there.
    fn directory(&self, root: &Root) -> Result<PathBuf> {
        if let Some(id) = &self.session.session {
            let directory = root.session(id).logs;
            if directory.is_dir() {
                return Ok(directory);
            }
        }
        Ok(root.session(&find::find(root, self.session.session.as_ref())?.record.id).logs)
    }

    fn logs(&self, directory: &std::path::Path) -> Result<Vec<PathBuf>> {
        if let Some(name) = &self.name {
            let path = directory.join(format!("{name}.log"));
            if path.exists() {
                return Ok(vec![path]);
            }
            let message = format!("could not find the log of {name}: {} is not there", path.display());
            return Err(hinted(message, "mcp-hook status shows the servers there are"));
        }
        let entries = std::fs::read_dir(directory);
        let mut logs: Vec<PathBuf> = entries
            .with_context(|| format!("could not read {}", directory.display()))?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
            .collect();
        logs.sort_unstable();
        Ok(logs)
    }

    fn wants(&self, line: &str) -> bool {
        !self.errors || log::text_of(line, Stream::Err).is_some()
    }
}

/// A log that is read as it grows, over rotations.
struct Tail {
    path: PathBuf,
    file: Option<File>,
    partial: Vec<u8>,
}

impl Tail {
    fn new(path: PathBuf) -> Self {
        let file = File::open(&path).ok();
        Self { path, file, partial: Vec::new() }
    }

    fn skip_to_end(&mut self) {
        if let Some(file) = &mut self.file {
            let _ = file.seek(SeekFrom::End(0));
        }
    }

    fn new_lines(&mut self) -> Vec<String> {
        self.read_on();
        if self.was_replaced() {
            self.file = File::open(&self.path).ok();
            self.read_on();
        }
        let end = self.partial.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let whole: Vec<u8> = self.partial.drain(..end).collect();
        String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect()
    }

    fn show(&self, lines: &[String], with_head: bool) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if with_head {
            let name = self.path.file_stem().unwrap_or_default().to_string_lossy();
            ui::print(&format!("==> {name} <==\n"))?;
        }
        ui::print(&(lines.join("\n") + "\n"))
    }

    fn read_on(&mut self) {
        if let Some(file) = &mut self.file {
            let _ = file.read_to_end(&mut self.partial);
        }
    }

    fn was_replaced(&self) -> bool {
        let number = |data: std::io::Result<std::fs::Metadata>| data.ok().map(|data| data.ino());
        let open = self.file.as_ref().and_then(|file| number(file.metadata()));
        let named = number(std::fs::metadata(&self.path));
        named.is_some() && open != named
    }
}
