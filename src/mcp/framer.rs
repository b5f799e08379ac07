//! From bytes to messages: on stdio a newline ends each (MCP specification, "stdio").

use super::message::Message;
use super::scanner::Scanner;
use super::search;

/// Up to this length a message is held until it is whole, in bytes. A longer one passes as it comes.
pub const HELD: usize = 1 << 20;

/// Cuts one direction of a connection into messages.
#[derive(Debug)]
pub struct Framer {
    scanner: Scanner,
    held: Vec<u8>,
    is_passing: bool,
    /// Drops a byte order mark and blank lines; those of a client are the server's to judge.
    is_tidying: bool,
    is_first: bool,
}

/// What has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A message with its newline.
    Whole(Vec<u8>, Message),
    /// The first bytes of a message that is too long to be held, and what is known of it by then.
    Begin(Vec<u8>, Message),
    /// More of its bytes.
    Part(Vec<u8>),
    /// Its last bytes, and what it was.
    End(Vec<u8>, Message),
}

/// What a whole line is.
pub fn message(line: &[u8]) -> Message {
    let mut scanner = Scanner::default();
    scanner.read(line.strip_suffix(b"\n").unwrap_or(line));
    scanner.finish()
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Framer {
    /// For what a client says: every byte passes.
    pub fn of_client() -> Self {
        Self { scanner: Scanner::default(), held: Vec::new(), is_passing: false, is_tidying: false, is_first: true }
    }

    /// For what a server says: blank lines and a byte order mark before the first message do not pass.
    pub fn of_server() -> Self {
        Self { is_tidying: true, ..Self::of_client() }
    }

    /// Takes what has come, and hands on what is whole or too long.
    pub fn push(&mut self, mut bytes: &[u8], each: &mut impl FnMut(Piece)) {
        while let Some(end) = search::newline(bytes) {
            let (line, rest) = bytes.split_at(end + 1);
            self.held.extend(line);
            self.scan(&line[..end]);
            self.end_line(each);
            bytes = rest;
        }
        self.held.extend(bytes);
        self.scan(bytes);
        if self.held.len() > HELD || (self.is_passing && !self.held.is_empty()) {
            let mut part = std::mem::take(&mut self.held);
            if self.is_waiting() {
                self.begin(&mut part);
            }
            self.is_first = false;
            self.scanner.skim();
            each(if std::mem::replace(&mut self.is_passing, true) {
                Piece::Part(part)
            } else {
                Piece::Begin(part, self.scanner.so_far())
            });
        }
    }

    /// Nothing more will come: what has come of a line is all of it.
    pub fn end(&mut self, each: &mut impl FnMut(Piece)) {
        if self.is_within() {
            self.end_line(each);
        }
    }

    /// What has come of a line that never ended.
    pub fn rest(&mut self) -> Vec<u8> {
        self.scanner = Scanner::default();
        self.is_passing = false;
        std::mem::take(&mut self.held)
    }

    /// Whether more of a message is to come.
    pub fn is_within(&self) -> bool {
        self.is_passing || !self.held.is_empty()
    }

    /// Whether a message passes as it comes.
    pub fn is_passing(&self) -> bool {
        self.is_passing
    }

    fn scan(&mut self, bytes: &[u8]) {
        if !self.is_waiting() {
            self.scanner.read(bytes);
        }
    }

    /// Whether what is held has still to be looked at for a byte order mark.
    fn is_waiting(&self) -> bool {
        self.is_first && self.is_tidying && !self.is_passing
    }

    fn begin(&mut self, line: &mut Vec<u8>) {
        if line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        self.scanner.read(line.strip_suffix(b"\n").unwrap_or(line));
    }

    fn end_line(&mut self, each: &mut impl FnMut(Piece)) {
        let mut line = std::mem::take(&mut self.held);
        if self.is_waiting() {
            self.begin(&mut line);
        }
        let message = std::mem::take(&mut self.scanner).finish();
        if std::mem::take(&mut self.is_passing) {
            each(Piece::End(line, message));
        } else if !self.is_tidying || !line.iter().all(u8::is_ascii_whitespace) {
            self.is_first &= message == Message::Stray;
            each(Piece::Whole(line, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(mut framer: Framer, bytes: &[u8], size: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        bytes.chunks(size).for_each(|chunk| framer.push(chunk, &mut |piece| pieces.push(piece)));
        pieces
    }

    fn bytes(pieces: &[Piece]) -> Vec<u8> {
        let bytes = pieces.iter().flat_map(|piece| match piece {
            Piece::Whole(bytes, _) | Piece::Begin(bytes, _) | Piece::Part(bytes) | Piece::End(bytes, _) => bytes,
        });
        bytes.copied().collect()
    }

    #[test]
    fn a_byte_order_mark_and_blank_lines_of_a_server_do_not_pass() {
        let text = b"\n \r\n\xef\xbb\xbf{\"id\":1,\"result\":{}}\n\n{\"id\":2}\n";
        let found = pieces(Framer::of_server(), text, 1);
        assert_eq!(bytes(&found), b"{\"id\":1,\"result\":{}}\n{\"id\":2}\n");
        assert!(matches!(&found[0], Piece::Whole(_, Message::Single(head)) if head.has_result));
        assert_eq!(bytes(&pieces(Framer::of_client(), text, 1)), text);
    }

    #[test]
    fn a_long_message_passes_as_it_comes_and_is_known_at_its_end() {
        let long = format!("{{\"id\":3,\"result\":\"{}\"}}\n", "x".repeat(3 * HELD));
        for framer in [Framer::of_server(), Framer::of_client()] {
            let found = pieces(framer, long.as_bytes(), 65536);
            assert_eq!(bytes(&found), long.as_bytes());
            assert!(found.len() > 10);
            assert!(
                matches!(found.last(), Some(Piece::End(_, Message::Single(head))) if head.id.as_ref().unwrap().bytes == b"3")
            );
        }
    }

    #[test]
    fn of_a_long_message_what_nothing_is_read_of_is_not_judged() {
        for (length, is_known) in [(HELD / 2, false), (2 * HELD, true)] {
            let line = format!("{{\"result\":{{\"x\":\"{}\",\"y\":[01]}},\"id\":3}}\n", "x".repeat(length));
            let found = pieces(Framer::of_server(), line.as_bytes(), 65536);
            let Some(Piece::Whole(_, message) | Piece::End(_, message)) = found.last() else { panic!("no end") };
            assert_eq!(matches!(message, Message::Single(head) if head.has_result && head.id.is_some()), is_known);
        }
    }

    proptest! {
        #[test]
        fn every_byte_of_a_client_passes_in_order(text in "[{}\\[\\]\"a1,:\\\\\n\r ]{0,60}", size in 1..7usize) {
            let line = [text.as_bytes(), b"\n"].concat();
            prop_assert_eq!(bytes(&pieces(Framer::of_client(), &line, size)), line);
        }
    }
}
