//! Where a server is reached.

use std::fmt;
use std::net::IpAddr;

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

    /// Whether it names this machine by number.
    pub fn is_loopback_number(&self) -> bool {
        self.host.starts_with("127.") || self.host == "[::1]"
    }

    /// Whether its host is this machine, by number or by name.
    pub fn is_of_this_machine(&self) -> bool {
        let number = self.host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        number.map_or_else(|_| self.host.eq_ignore_ascii_case("localhost"), |number| number.is_loopback())
    }

    /// What stands in the header `Host`.
    pub fn authority(&self) -> String {
        if self.port == 80 { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

/// An address as it may be shown: without a name and password in it, and without the values behind its question mark.
pub fn shown(url: &str) -> String {
    let (rest, has_fragment) = url.split_once('#').map_or((url, false), |(rest, _)| (rest, true));
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let start = place.find("//").map_or(0, |at| at + 2);
    let end = place[start..].find('/').map_or(place.len(), |length| start + length);
    let mut shown = match place[start..end].rfind('@') {
        Some(at) => format!("{}***{}", &place[..start], &place[start + at..]),
        None => place.to_owned(),
    };
    let hidden = |parameter: &str| match parameter.split_once('=') {
        Some((name, _)) => format!("{name}=***"),
        None => "***".to_owned(),
    };
    if let Some(query) = query {
        shown += "?";
        shown += &query.split('&').map(hidden).collect::<Vec<_>>().join("&");
    }
    shown + if has_fragment { "#***" } else { "" }
}

/// What is secret in an address, or may be.
pub fn secrets(url: &str) -> Vec<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let login = place.split('/').next().unwrap_or_default().rsplit_once('@').map_or("", |(login, _)| login);
    let password = login.split_once(':').map_or("", |(_, password)| password);
    let values = query.split('&').map(|parameter| parameter.split_once('=').map_or(parameter, |(_, value)| value));
    [login, password].into_iter().chain(values).filter(|value| !value.is_empty()).map(str::to_owned).collect()
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
    fn what_may_be_secret_in_an_address_is_not_shown() {
        for (url, seen, hidden) in [
            ("http://h:1/mcp", "http://h:1/mcp", &[][..]),
            ("http://me:pass@word@h/x?a", "http://***@h/x?***", &["me:pass@word", "pass@word", "a"]),
            ("https://h?token=t&b=%20", "https://h?token=***&b=***", &["t", "%20"]),
            ("//me@h/@/?", "//***@h/@/?***", &[]),
            ("/login?next=/a@b#token=c", "/login?next=***#***", &["/a@b"]),
            ("http://h/#x", "http://h/#***", &[]),
            ("", "", &[]),
        ] {
            assert_eq!(shown(url), seen);
            if url.contains("://") || url.contains('?') {
                assert!(hidden.iter().all(|it| secrets(url).iter().any(|known| known == it)), "{url}");
            }
        }
    }

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
