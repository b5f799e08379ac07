//! What is sent: one request on each connection.

use std::fmt::Write;

use super::address::Address;

pub struct Request<'a> {
    pub method: &'static str,
    pub address: &'a Address,
    pub headers: &'a [(String, String)],
    pub body: Option<String>,
}

impl Request<'_> {
    /// The request, as it goes onto the wire. A header that would end its line is left out.
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.address.target);
        let has_host = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
        if !has_host {
            let _ = write!(text, "Host: {}\r\n", self.address.authority());
        }
        for (name, value) in self.headers {
            if !name.contains(['\r', '\n', ':']) && !value.contains(['\r', '\n']) {
                let _ = write!(text, "{name}: {value}\r\n");
            }
        }
        if let Some(body) = &self.body {
            let _ = write!(text, "Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        text += "Connection: close\r\n\r\n";
        text += self.body.as_deref().unwrap_or_default();
        text.into_bytes()
    }
}

/// What is secret in headers, or may be: their values, and what stands in them behind a word as `Bearer`.
pub fn secrets(headers: &[(String, String)]) -> Vec<String> {
    let words = headers.iter().flat_map(|(_, value)| [Some(value.as_str()), value.split_once(' ').map(|it| it.1)]);
    words.flatten().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_its_host_and_how_long_it_is() {
        let address = Address::parse("http://h:7/mcp").expect("an address");
        let headers = [("Accept", "application/json"), ("X-Bad", "a\r\nb")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let request = Request { method: "POST", address: &address, headers: &headers, body: Some("{}".to_owned()) };
        let text = String::from_utf8(request.bytes()).expect("text");
        assert_eq!(
            text,
            "POST /mcp HTTP/1.1\r\nHost: h:7\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
             Content-Length: 2\r\nConnection: close\r\n\r\n{}"
        );
    }
}
