//! Bytes out of pipes, and those on their way into a pipe that does not take more at the moment.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read};

use nix::errno::Errno;

/// How much is read at once, in bytes: nearly every message is shorter.
const SMALL: usize = 8 << 10;
/// The same where more came than that: what a pipe holds.
const LARGE: usize = 64 << 10;

/// What becomes of bytes whose receiver ends before it has taken them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// What its receiver has not begun to take is for the next one.
    ForSuccessor,
    /// It is for this receiver only.
    No,
}

/// Messages on their way, of which the first may be half gone.
#[derive(Default)]
pub struct Outbox {
    messages: VecDeque<(Vec<u8>, Kept)>,
    /// How much of the first is gone.
    sent: usize,
    pub bytes: usize,
}

impl Outbox {
    pub fn push(&mut self, bytes: Vec<u8>, kept: Kept) {
        if !bytes.is_empty() {
            self.bytes += bytes.len();
            self.messages.push_back((bytes, kept));
        }
    }

    /// Writes as much as is taken by `write`, which does not wait. False once nobody reads it any more.
    pub fn flush(&mut self, write: impl Fn(&[u8]) -> nix::Result<usize>) -> bool {
        while let Some((first, _)) = self.messages.front() {
            match write(&first[self.sent..]) {
                Ok(written) => self.advance(written),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return true,
                Err(_) => return false,
            }
        }
        true
    }

    fn advance(&mut self, written: usize) {
        self.sent += written;
        self.bytes -= written;
        if self.messages.front().is_some_and(|(first, _)| first.len() == self.sent) {
            self.messages.pop_front();
            self.sent = 0;
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The messages for a successor of which nothing is gone; the rest is forgotten.
    pub fn take_unsent(&mut self) -> Vec<Vec<u8>> {
        let begun = usize::from(self.sent > 0);
        let unsent = std::mem::take(&mut self.messages).into_iter().skip(begun);
        let unsent = unsent.filter(|(_, kept)| *kept == Kept::ForSuccessor).map(|(bytes, _)| bytes).collect();
        self.clear();
        unsent
    }
}

/// What has come of an attempt to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Nothing,
    Some,
    End,
}

/// Reads from pipes, in larger pieces while much comes.
#[derive(Default)]
pub struct Intake {
    large: Vec<u8>,
}

impl Intake {
    /// Reads once and hands in what there is.
    pub fn read(&mut self, file: Option<&mut File>, hand_in: &mut impl FnMut(&[u8])) -> Reading {
        let mut small = [0; SMALL];
        let chunk = if self.large.is_empty() { &mut small } else { self.large.as_mut_slice() };
        match file.map(|file| file.read(chunk)) {
            None => Reading::Nothing,
            Some(Ok(length @ 1..)) => {
                hand_in(&chunk[..length]);
                if length < SMALL {
                    self.release();
                } else if self.large.is_empty() {
                    self.large = vec![0; LARGE];
                }
                Reading::Some
            }
            Some(Err(error)) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {
                Reading::Nothing
            }
            Some(Ok(0) | Err(_)) => Reading::End,
        }
    }

    /// Gives back the memory that is only needed while much comes.
    pub fn release(&mut self) {
        self.large = Vec::new();
    }
}
