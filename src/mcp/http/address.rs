//! Where a server is reached.

use std::fmt;

/// An `http` address, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
    /// From the first `/` on, the query included.
    pub target: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("it is asked over TLS, which mcp-hook does not speak")]
    Tls,
    #[error("it does not begin with http://")]
    NotHttp,
    #[error("its host or port is not one")]
    BadHost,
}

impl Address {
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        if text.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
            return Err(BadAddress::Tls);
        }
        let scheme = text.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"));
        let rest = &text[scheme.ok_or(BadAddress::NotHttp)?.len()..];
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| BadAddress::BadHost)?),
            _ => (authority, 80),
        };
        let is_plain = !host.is_empty() && host.chars().all(|it| it.is_ascii_graphic());
        if !is_plain || target.chars().any(|it| it.is_whitespace() || it.is_control()) {
            return Err(BadAddress::BadHost);
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self { host: host.to_owned(), port, target: format!("{slash}{target}") })
    }

    /// Another place on the same server; a whole address if it is one.
    pub fn join(&self, reference: &str) -> Result<Self, BadAddress> {
        if reference.contains("://") {
            return Self::parse(reference);
        }
        let target = if reference.starts_with('/') {
            reference.to_owned()
        } else {
            let directory = self.target.rfind('/').map_or("/", |end| &self.target[..=end]);
            format!("{directory}{reference}")
        };
        Ok(Self { target, ..self.clone() })
    }

    /// Without what stands behind a question mark, which may be a secret.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// What stands in the header `Host`.
    pub fn authority(&self) -> String {
        if self.port == 80 { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}{}", self.authority(), self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart_and_put_together() {
        for (text, whole) in [
            ("http://localhost:3001/mcp", Ok("http://localhost:3001/mcp")),
            ("HTTP://127.0.0.1", Ok("http://127.0.0.1/")),
            ("http://[::1]:8000?a=b#c", Ok("http://[::1]:8000/?a=b")),
            ("http://user:secret@h/x", Ok("http://h/x")),
            ("https://example.com/mcp", Err(BadAddress::Tls)),
            ("ftp://example.com", Err(BadAddress::NotHttp)),
            ("http://:80/", Err(BadAddress::BadHost)),
            ("http://h:port/", Err(BadAddress::BadHost)),
            ("http://h/a b", Err(BadAddress::BadHost)),
        ] {
            assert_eq!(Address::parse(text).map(|it| it.to_string()), whole.map(str::to_owned), "{text}");
        }
        let base = Address::parse("http://h:1/a/sse").expect("an address");
        for (reference, whole) in
            [("/m?id=1", "http://h:1/m?id=1"), ("m", "http://h:1/a/m"), ("http://i/", "http://i/")]
        {
            assert_eq!(base.join(reference).map(|it| it.to_string()), Ok(whole.to_owned()));
        }
    }
}
