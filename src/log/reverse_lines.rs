//! Reading the lines of a file from its end.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How much is read at once, in bytes.
pub const BLOCK: usize = 64 << 10;
/// What has no end for so long is no line of ours, but a hole for example, in bytes. It is not read through.
pub const LONGEST: usize = 1 << 20;

/// Where the last whole line ends; the end of the file if that is far behind.
pub fn line_end(file: &File) -> io::Result<u64> {
    let whole = file.metadata()?.len();
    let mut end = whole;
    let mut block = vec![0; BLOCK];
    while end > 0 {
        if whole - end > LONGEST as u64 {
            return Ok(whole);
        }
        let length = usize::try_from(end).unwrap_or(BLOCK).min(BLOCK);
        let from = end - length as u64;
        file.read_exact_at(&mut block[..length], from)?;
        if let Some(at) = block[..length].iter().rposition(|&byte| byte == b'\n') {
            return Ok(from + at as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

/// Hands over the lines in front of `end`, last first, until `each` returns false; then it returns false too. What is in
/// front of something that is no line is left out.
pub fn for_each_line(file: &File, end: u64, each: &mut impl FnMut(&[u8]) -> bool) -> io::Result<bool> {
    let mut at = end;
    let mut text: Vec<u8> = Vec::new();
    while at > 0 {
        if text.len() > LONGEST {
            return Ok(true);
        }
        let length = usize::try_from(at).unwrap_or(BLOCK).min(BLOCK);
        at -= length as u64;
        let mut block = vec![0; length];
        file.read_exact_at(&mut block, at)?;
        block.append(&mut text);
        text = block;
        while let Some(newline) = text[..text.len() - 1].iter().rposition(|&byte| byte == b'\n') {
            if !each(&text[newline + 1..text.len() - 1]) {
                return Ok(false);
            }
            text.truncate(newline + 1);
        }
    }
    Ok(text.is_empty() || each(&text[..text.len() - 1]))
}
