//! The layout of macOS's `kern.procargs2` (`sysctl(3)`, `KERN_PROCARGS2`): the number of arguments, the path of the
//! program, padding, the arguments and the environment, each ended by a NUL.

/// The arguments, separated by NUL.
pub fn arguments(block: &[u8]) -> Option<&[u8]> {
    let (start, end) = bounds(block)?;
    Some(&block[start..end])
}

/// The environment's entries. None for programs of the system itself: the kernel hides those.
pub fn environment(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let rest = bounds(block).map_or(&[][..], |(_, end)| &block[end..]);
    rest.split(|&byte| byte == 0).take_while(|entry| !entry.is_empty())
}

fn bounds(block: &[u8]) -> Option<(usize, usize)> {
    let (count, rest) = block.split_first_chunk()?;
    let count = usize::try_from(i32::from_ne_bytes(*count)).ok()?;
    let path_ends = rest.iter().position(|&byte| byte == 0)?;
    let padding = rest[path_ends..].iter().take_while(|&&byte| byte == 0).count();
    let start = 4 + path_ends + padding;
    let mut ends = (start..).zip(&block[start..]).filter(|&(_, &byte)| byte == 0).map(|(at, _)| at + 1);
    let end = if count == 0 { start } else { ends.nth(count - 1)? };
    Some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(count: i32, rest: &[u8]) -> Vec<u8> {
        [&count.to_ne_bytes(), rest].concat()
    }

    #[test]
    fn arguments_and_environment_are_told_apart_by_the_count() {
        let block = block(2, b"/bin/cat\0\0\0\0\0cat\0A=arg\0A=1\0B=2\0\0pfz=x\0");
        assert_eq!(arguments(&block), Some(&b"cat\0A=arg\0"[..]));
        assert_eq!(environment(&block).collect::<Vec<_>>(), [b"A=1", b"B=2"]);
    }

    #[test]
    fn a_block_that_is_cut_off_or_nonsense_has_neither() {
        for bad in [&b""[..], b"\x01", &block(2, b"/bin/cat\0\0cat\0"), &block(-1, b"x\0y\0"), &block(1, b"/bin/cat")] {
            assert_eq!(arguments(bad), None, "{bad:?}");
            assert_eq!(environment(bad).count(), 0, "{bad:?}");
        }
        assert_eq!(environment(&block(1, b"/bin/ps\0\0ps\0")).count(), 0, "the environment is hidden");
    }
}
