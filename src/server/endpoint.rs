//! Where clients reach a server: what its definition says, as far as that agrees with what was seen.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::secret_words;

/// Where a server is expected that was not seen to listen yet.
const USUAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The port that a server has, and how clients reach it there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub number: u16,
    /// Where clients reach it, if the definition says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How that is shown: as it is defined, if what a variable of the caller holds is a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// Where the server was seen to listen last, as clients on this machine reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Whether the server was found to listen on more than the loopback interface.
    #[serde(default)]
    pub public: bool,
}

impl Endpoint {
    /// Where the server was seen to listen, or else is expected.
    pub fn place(&self) -> SocketAddr {
        SocketAddr::new(self.address.unwrap_or(USUAL), self.number)
    }

    /// Where clients reach the server: what the definition says, or the usual path at its place.
    pub fn url(&self) -> String {
        self.defined_url().unwrap_or_else(|| format!("http://{}/mcp", self.place()))
    }

    /// What people and agents are shown of it: without secrets, and as it is defined where a variable of the caller holds a part.
    pub fn shown_url(&self) -> Option<String> {
        let url = self.shown.clone().or_else(|| self.defined_url())?;
        Some(secret_words::shown_text(&url))
    }

    /// What the definition says, with the address that was seen where it names another one of this machine.
    pub fn defined_url(&self) -> Option<String> {
        let url = self.url.as_ref()?;
        match (self.address, host(url)) {
            (Some(address), Some(host)) if is_elsewhere(&url[host.clone()], address) => {
                let (before, after) = (&url[..host.start], &url[host.end..]);
                Some(match address {
                    IpAddr::V4(address) => format!("{before}{address}{after}"),
                    IpAddr::V6(address) => format!("{before}[{address}]{after}"),
                })
            }
            _ => Some(url.clone()),
        }
    }
}

/// Where in a url its host stands, an IPv6 address with its brackets (RFC 3986, 3.2.2).
fn host(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + 3;
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |length| start + length);
    let start = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    let place = &url[start..end];
    let length = if place.starts_with('[') { place.find(']')? + 1 } else { place.find(':').unwrap_or(place.len()) };
    Some(start..start + length)
}

/// Whether `host` means this machine and who connects to it does not arrive at `address`. What other names mean is not
/// known here; `localhost` means both usual addresses.
fn is_elsewhere(host: &str, address: IpAddr) -> bool {
    let usual = [USUAL, IpAddr::V6(Ipv6Addr::LOCALHOST)];
    if host.eq_ignore_ascii_case("localhost") {
        return !usual.contains(&address);
    }
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    literal.is_ok_and(|literal| (literal.is_loopback() || literal.is_unspecified()) && literal != address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(url: Option<&str>, address: Option<&str>) -> Endpoint {
        let address = address.map(|text| text.parse().expect("an address"));
        Endpoint { number: 8000, url: url.map(str::to_owned), shown: None, address, public: false }
    }

    #[test]
    fn an_address_that_was_seen_takes_the_place_of_a_guess() {
        for (url, seen, expected) in [
            (None, None, "http://127.0.0.1:8000/mcp"),
            (None, Some("127.0.0.2"), "http://127.0.0.2:8000/mcp"),
            (None, Some("::1"), "http://[::1]:8000/mcp"),
            (Some("http://localhost:8000/it"), None, "http://localhost:8000/it"),
            (Some("http://localhost:8000/it"), Some("::1"), "http://localhost:8000/it"),
            (Some("http://LOCALHOST:8000/it"), Some("127.0.0.2"), "http://127.0.0.2:8000/it"),
            (Some("http://127.0.0.1:8000/it"), Some("::1"), "http://[::1]:8000/it"),
            (Some("http://127.0.0.1:8000/it"), Some("127.0.0.1"), "http://127.0.0.1:8000/it"),
            (Some("http://me@[::1]:8000/it?a=b"), Some("127.0.0.1"), "http://me@127.0.0.1:8000/it?a=b"),
            (Some("http://0.0.0.0:8000"), Some("127.0.0.1"), "http://127.0.0.1:8000"),
            (Some("https://me.example:8000/127.0.0.1"), Some("::1"), "https://me.example:8000/127.0.0.1"),
            (Some("http://192.0.2.7:8000/"), Some("::1"), "http://192.0.2.7:8000/"),
            (Some("http://[::1:8000/"), Some("127.0.0.1"), "http://[::1:8000/"),
            (Some("127.0.0.1:8000"), Some("::1"), "127.0.0.1:8000"),
        ] {
            assert_eq!(port(url, seen).url(), expected, "{url:?} {seen:?}");
        }
    }

    #[test]
    fn what_is_shown_of_an_address_has_no_secret_in_it() {
        let literal = port(Some("http://me:pw@localhost:8000/it?token=abc&a=b"), Some("127.0.0.2"));
        assert_eq!(literal.shown_url().as_deref(), Some("http://***@127.0.0.2:8000/it?token=***&a=b"));
        let defined =
            Endpoint { shown: Some("http://localhost/${PLACE}".to_owned()), ..port(Some("http://h/x"), None) };
        assert_eq!(defined.shown_url().as_deref(), Some("http://localhost/${PLACE}"));
        assert_eq!(port(None, Some("::1")).shown_url(), None);
    }
}
