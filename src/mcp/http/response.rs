//! What comes back (RFC 9112): a head, and a body in one of three forms.

/// A longer head or body is not read on, in bytes.
const LONGEST_HEAD: usize = 64 << 10;
const LONGEST_BODY: usize = 64 << 20;

/// The head of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Its media type without parameters, in small letters.
    pub fn media_type(&self) -> String {
        let kind = self.header("content-type").unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// A response while it comes.
#[derive(Debug, Default)]
pub struct Response {
    raw: Vec<u8>,
    pub head: Option<Head>,
    framing: Framing,
    pub body: Vec<u8>,
    pub is_whole: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Framing {
    /// Up to the end of the connection.
    #[default]
    ToTheEnd,
    Length(usize),
    Chunked,
}

/// It is no HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHttp;

impl Response {
    /// A response that has this message for its body.
    pub fn of_message(message: &serde_json::Value) -> Self {
        let head = Head { status: 200, headers: vec![("content-type".to_owned(), "application/json".to_owned())] };
        Self { head: Some(head), body: message.to_string().into_bytes(), is_whole: true, ..Self::default() }
    }

    /// The same as far as it has come, for one that goes on.
    pub fn so_far(&self) -> Self {
        Self { head: self.head.clone(), body: self.body.clone(), ..Self::default() }
    }

    /// How much of it is held, in bytes.
    pub fn held(&self) -> usize {
        self.raw.len() + self.body.len()
    }

    /// Takes what has come.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), NotHttp> {
        self.raw.extend(bytes);
        while self.head.is_none() {
            let Some(end) = find(&self.raw, b"\r\n\r\n") else {
                let is_http = self.raw.starts_with(b"HTTP/"[..self.raw.len().min(5)].as_ref());
                return if is_http && self.raw.len() <= LONGEST_HEAD { Ok(()) } else { Err(NotHttp) };
            };
            let head = parse_head(&self.raw[..end]).ok_or(NotHttp)?;
            self.raw.drain(..end + 4);
            // What only says that it goes on is no answer (100 Continue, 103 Early Hints).
            if head.status >= 200 {
                self.begin_body(head);
            }
        }
        self.read_body()
    }

    /// The connection has ended.
    pub fn close(&mut self) {
        self.is_whole |= self.head.is_some() && self.framing == Framing::ToTheEnd;
    }

    fn begin_body(&mut self, head: Head) {
        let is_chunked = head.header("transfer-encoding").is_some_and(|it| it.to_ascii_lowercase().contains("chunked"));
        let length = head.header("content-length").and_then(|it| it.trim().parse().ok());
        self.framing = match length {
            _ if matches!(head.status, 204 | 304) => Framing::Length(0),
            _ if is_chunked => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => Framing::ToTheEnd,
        };
        self.head = Some(head);
    }

    fn read_body(&mut self) -> Result<(), NotHttp> {
        match self.framing {
            Framing::ToTheEnd => self.body.append(&mut self.raw),
            Framing::Length(length) => {
                self.body.append(&mut self.raw);
                self.body.truncate(length);
                self.is_whole = self.body.len() == length;
            }
            Framing::Chunked => while !self.is_whole && self.read_chunk()? {},
        }
        self.is_whole |= self.body.len() > LONGEST_BODY;
        Ok(())
    }

    /// Reads a chunk, if it is there as a whole.
    fn read_chunk(&mut self) -> Result<bool, NotHttp> {
        let Some(line) = find(&self.raw, b"\r\n") else { return Ok(false) };
        let size = str::from_utf8(&self.raw[..line]).map_err(|_| NotHttp)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).ok().filter(|&size| size <= LONGEST_BODY).ok_or(NotHttp)?;
        let (start, end) = (line + 2, line + 2 + size);
        if self.raw.len() < end + 2 {
            return Ok(false);
        }
        self.body.extend(&self.raw[start..end]);
        self.raw.drain(..end + 2);
        self.is_whole = size == 0;
        Ok(true)
    }
}

fn parse_head(bytes: &[u8]) -> Option<Head> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    first.next().filter(|version| version.starts_with("HTTP/1"))?;
    let status = first.next()?.parse().ok()?;
    let field = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    Some(Head { status, headers: lines.filter_map(field).collect() })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, size: usize) -> Result<Response, NotHttp> {
        let mut response = Response::default();
        for piece in text.as_bytes().chunks(size) {
            response.push(piece)?;
        }
        Ok(response)
    }

    #[test]
    fn a_body_ends_by_its_length_its_chunks_or_the_connection() {
        for (text, body, is_whole) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", "hi", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n1\r\n!\r\n0\r\n\r\n", "hi!", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n", "hi", false),
            ("HTTP/1.1 202 Accepted\r\n\r\n", "", false),
            ("HTTP/1.1 204 None\r\n\r\n", "", true),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n.", ".", true),
        ] {
            let response = read(text, 3).expect("HTTP");
            assert_eq!((&response.body[..], response.is_whole), (body.as_bytes(), is_whole), "{text:?}");
        }
        let mut open = read("HTTP/1.0 200 OK\r\nContent-Type: Text/HTML; charset=x\r\n\r\nabc", 100).expect("HTTP");
        open.close();
        assert!(open.is_whole);
        assert_eq!(open.head.expect("a head").media_type(), "text/html");
        for text in ["SSH-2.0-OpenSSH\r\n", "HTTP/2 nonsense\r\n\r\n", "\u{16}\u{3}\u{1}"] {
            assert!(read(text, 2).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(text in "(HTTP/1.1 200 OK\r\n)?([A-Za-z-]{1,9}: [a-z0-9]{1,9}\r\n){0,3}(\r\n)?.{0,40}", size in 1..9usize) {
            let _ = read(&text, size);
        }
    }
}
