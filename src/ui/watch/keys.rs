//! What is typed into the live view.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Up,
    Down,
    First,
    Last,
    Sort,
    /// End the selected server.
    Stop,
    /// End the selected server and start it again.
    Restart,
    /// Let the shell have the terminal for a while.
    Suspend,
    Quit,
}

/// Whether what was read ends in an escape character, which may be the key of that name or the beginning of another.
pub fn is_open(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\x1b")
}

/// The keys in what a terminal in raw mode sends; what means nothing here is left out.
pub fn parse(bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = bytes;
    while let Some((key, length)) = next(rest) {
        keys.extend(key);
        rest = &rest[length..];
    }
    keys
}

/// The first key, if it is one of ours, and how many bytes it has.
fn next(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    match bytes {
        [] => None,
        [0x1b, b'[' | b'O', rest @ ..] => {
            // ECMA-48: parameters, then one byte that ends the sequence.
            let parameters = rest.iter().take_while(|byte| !(b'@'..=b'~').contains(byte)).count();
            let length = (parameters + 3).min(bytes.len());
            Some((rest.get(parameters).and_then(|&last| sequence(last, &rest[..parameters])), length))
        }
        // Alt and a key.
        [0x1b, key, ..] if *key >= b' ' => Some((None, 2)),
        [byte, ..] => Some((plain(*byte), 1)),
    }
}

fn sequence(last: u8, parameters: &[u8]) -> Option<Key> {
    match (last, parameters) {
        (b'A', _) => Some(Key::Up),
        (b'B', _) => Some(Key::Down),
        (b'H', _) | (b'~', b"1" | b"7") => Some(Key::First),
        (b'F', _) | (b'~', b"4" | b"8") => Some(Key::Last),
        _ => None,
    }
}

fn plain(byte: u8) -> Option<Key> {
    match byte {
        b'k' => Some(Key::Up),
        b'j' => Some(Key::Down),
        b'g' => Some(Key::First),
        b'G' => Some(Key::Last),
        b's' => Some(Key::Sort),
        b'x' => Some(Key::Stop),
        b'r' => Some(Key::Restart),
        // Ctrl-Z.
        0x1a => Some(Key::Suspend),
        // Escape, Ctrl-C, Ctrl-D, Ctrl-\.
        b'q' | b'Q' | 0x1b | 0x03 | 0x04 | 0x1c => Some(Key::Quit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_told_from_what_terminals_send() {
        for (bytes, keys) in [
            (&b"k"[..], &[Key::Up][..]),
            (b"\x1b[A\x1bOB", &[Key::Up, Key::Down]),
            (b"\x1b[1;5A", &[Key::Up]),
            (b"\x1b[H\x1b[4~gG", &[Key::First, Key::Last, Key::First, Key::Last]),
            (b"\x1b[3~\x1b[15~\x1b[200~", &[]),
            (b"\x1bx", &[]),
            (b"sxr", &[Key::Sort, Key::Stop, Key::Restart]),
            (b"\x1b", &[Key::Quit]),
            (b"\x1b\x1b[A", &[Key::Quit, Key::Up]),
            (b"\x03", &[Key::Quit]),
            (b"\x1a", &[Key::Suspend]),
            (b"q", &[Key::Quit]),
            ("ä€".as_bytes(), &[]),
            (b"\x1b[", &[]),
        ] {
            assert_eq!(parse(bytes), keys, "{bytes:?}");
        }
        assert!(is_open(b"k\x1b") && !is_open(b"\x1b[A"));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_to_its_end(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(parse(&bytes).len() <= bytes.len());
        }
    }
}
