//! Variables of a shell that say of a server what is no longer true: they were set before it moved, listened or ended.

use std::fmt;

use super::export;
use super::syntax::{Syntax, Variable};
use crate::disk::names::ServerName;
use crate::server::endpoint::Endpoint;

/// A variable that misleads whoever uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The server that it is about.
    pub server: ServerName,
    /// The variable, as it is.
    pub variable: Variable,
    /// What it should be; nothing for a server that does not run.
    pub truth: Option<String>,
}

impl fmt::Display for Stale {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, variable: (name, value), truth } = self;
        write!(out, "{name} is {value} in this shell, but ")?;
        match truth {
            Some(truth) => write!(out, "{server} has {truth}"),
            None => write!(out, "{server} does not run: whoever listens there is somebody else"),
        }
    }
}

impl Stale {
    /// What is not true, and what makes it true again in a session's `shell`.
    pub fn with_remedy(&self, shell: &str) -> String {
        format!("{self}; {}", Syntax::of_program(shell).env_line)
    }
}

/// What a shell's variables, by their `value`, say wrongly of servers that have a port and of some that do not run.
pub fn stale(
    running: &[(ServerName, Endpoint)],
    ended: &[ServerName],
    value: impl Fn(&str) -> Option<String>,
) -> Vec<Stale> {
    let truths = export::ports(running).0;
    let truth_of = |name: &str| truths.iter().find(|(known, _)| known == name).map(|(_, truth)| truth);
    let mut found: Vec<Stale> = Vec::new();
    for (server, port) in running {
        for name in export::names(server) {
            if let (Some(truth), Some(value)) = (truth_of(&name), value(&name))
                && value != *truth
                && is_known(truth, port)
            {
                found.push(Stale { server: server.clone(), variable: (name, value), truth: Some(truth.clone()) });
            }
        }
    }
    for server in ended {
        for name in export::names(server) {
            // Two servers may have variables of the same names.
            let is_told = truth_of(&name).is_some() || found.iter().any(|it| it.variable.0 == name);
            if let (false, Some(value)) = (is_told, value(&name)) {
                found.push(Stale { server: server.clone(), variable: (name, value), truth: None });
            }
        }
    }
    found
}

/// Where a server listens is only expected until it has been seen.
fn is_known(truth: &str, port: &Endpoint) -> bool {
    truth == port.number.to_string() || port.address.is_some() && truth == port.url()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(shell: &[(&str, &str)], address: Option<&str>) -> String {
        let address = address.map(|text| text.parse().expect("an address"));
        let running = [(
            "web".parse().expect("a name"),
            Endpoint { number: 8001, url: None, shown: None, address, public: false },
        )];
        let ended = ["old", "OLD"].map(|name| name.parse().expect("a name"));
        let value = |name: &str| shell.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        stale(&running, &ended, value).iter().map(Stale::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_a_shell_believes_is_compared_with_what_is_true() {
        assert_eq!(said(&[], Some("::1")), "", "it was told nothing");
        assert_eq!(said(&[("MCP_WEB_PORT", "8001"), ("MCP_WEB_URL", "http://[::1]:8001/mcp")], Some("::1")), "");
        assert_eq!(said(&[("MCP_WEB_URL", "http://[::1]:8001/mcp")], None), "", "it has not listened yet");
        insta::assert_snapshot!(said(&[("MCP_WEB_PORT", "8000"), ("MCP_OLD_PORT", "9000")], None), @r"
        MCP_WEB_PORT is 8000 in this shell, but web has 8001
        MCP_OLD_PORT is 9000 in this shell, but old does not run: whoever listens there is somebody else
        ");
        insta::assert_snapshot!(said(&[("MCP_WEB_URL", "http://127.0.0.1:8001/mcp")], Some("::1")), @"MCP_WEB_URL is http://127.0.0.1:8001/mcp in this shell, but web has http://[::1]:8001/mcp");
    }
}
