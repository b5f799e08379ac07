//! Where a server of ours is asked, and what is sent with each question.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::mcp::check::finding::Finding;
use crate::mcp::http::address::Address;
use crate::mcp::http::request;
use crate::server::secrets::Secrets;
use crate::supervisor::plan::Plan;

/// Where MCP is expected if no definition says it.
const USUAL_PATH: &str = "/mcp";

/// What a server is asked at: its own port on this machine, under the name and the path that its clients use.
#[derive(Clone)]
pub struct AskTarget {
    pub address: Address,
    pub headers: Vec<(String, String)>,
    secrets: Secrets,
    port: u16,
}

impl AskTarget {
    /// `None` for a server without a port.
    pub fn of(plan: &Plan) -> Option<Self> {
        let port = plan.port()?;
        let url = plan.invocation.url.as_ref().map(|url| url.render(Some(port)));
        let headers = plan.invocation.headers(port);
        let secrets = Secrets::new(&[&plan.invocation.secrets[..], &request::secrets(&headers)].concat());
        Some(Self { address: address(url.as_deref(), port), headers, secrets, port })
    }

    /// Where it is connected to; `seen` is where it was seen to listen.
    pub fn place(&self, seen: Option<IpAddr>) -> SocketAddr {
        SocketAddr::new(seen.unwrap_or(Ipv4Addr::LOCALHOST.into()), self.port)
    }

    /// A finding without what must not stand in any message.
    pub fn tame(&self, finding: &Finding) -> Finding {
        finding.clone().masked(|text| self.secrets.masked(text))
    }
}

/// A server behind one that speaks TLS, or has another name, is asked by the name of this machine.
fn address(url: Option<&str>, port: u16) -> Address {
    let own = |target: &str| Address { host: "localhost".to_owned(), port, target: target.to_owned() };
    let Some(url) = url else { return own(USUAL_PATH) };
    let plain = url.strip_prefix("https://").map_or_else(|| url.to_owned(), |rest| format!("http://{rest}"));
    match Address::parse(&plain) {
        Ok(address) if address.is_of_this_machine() && plain == url => address,
        Ok(address) => own(&address.target),
        Err(_) => own(USUAL_PATH),
    }
}

#[cfg(test)]
impl AskTarget {
    pub fn at_port(port: u16) -> Self {
        Self { address: address(None, port), headers: Vec::new(), secrets: Secrets::new(&[]), port }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_on_this_machine_by_the_path_of_its_clients() {
        for (url, asked) in [
            (None, "http://localhost:8000/mcp"),
            (Some("http://127.0.0.1:8000/it?a=b"), "http://127.0.0.1:8000/it?a=b"),
            (Some("http://LOCALHOST:9000/it"), "http://LOCALHOST:9000/it"),
            (Some("http://[::1]:8000/"), "http://[::1]:8000/"),
            (Some("https://localhost:8000/it"), "http://localhost:8000/it"),
            (Some("https://example.org/team/mcp"), "http://localhost:8000/team/mcp"),
            (Some("http://127.example.org/x"), "http://localhost:8000/x"),
            (Some("no address"), "http://localhost:8000/mcp"),
        ] {
            assert_eq!(address(url, 8000).to_string(), asked, "{url:?}");
        }
    }
}
