//! The variables that a shell is told of its session and of the ports of its servers.

use std::path::Path;

pub use super::syntax::Variable;
use crate::disk::layout::SessionPaths;
use crate::disk::names::{ServerName, SessionId};
use crate::server::endpoint::Endpoint;

/// The variables of a session. Paths contain no line breaks: `Root::open` refuses such.
pub fn session(id: &SessionId, paths: &SessionPaths, owner: i32) -> Vec<Variable> {
    let variables = [
        ("MCP_SESSION_ID", id.to_string()),
        ("MCP_PID_FILE", text(&paths.pid().path())),
        ("MCP_CONFIG_DIR", text(paths.configs.path())),
        ("MCP_LOG_DIR", text(paths.logs.path())),
        ("MCP_HOOK_OWNER", format!("{owner}:{id}")),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The variables that tell clients where servers are; and which servers got none, because the variables of another one,
/// named behind it, are called the same. The first by name has them.
pub fn ports(servers: &[(ServerName, Endpoint)]) -> (Vec<Variable>, Vec<(&ServerName, &ServerName)>) {
    let mut sorted: Vec<_> = servers.iter().collect();
    sorted.sort_by_key(|(name, _)| name);
    let mut variables = Vec::new();
    let mut left_out = Vec::new();
    for (index, (name, port)) in sorted.iter().enumerate() {
        let stem = stem(name);
        if let Some((first, _)) = sorted[..index].iter().find(|(other, _)| self::stem(other) == stem) {
            left_out.push((name, first));
            continue;
        }
        let [number_name, url_name] = names(name);
        variables.push((number_name, port.number.to_string()));
        // A line break would end the line that the shell evaluates.
        let url = port.url();
        if !url.contains(char::is_control) {
            variables.push((url_name, url));
        }
    }
    (variables, left_out)
}

/// The variables of a server: for the number of its port, and for where clients reach it.
pub fn names(name: &ServerName) -> [String; 2] {
    let stem = stem(name);
    [format!("{stem}_PORT"), format!("{stem}_URL")]
}

/// What the names of a server's variables begin with: capital letters, digits and underscores.
fn stem(name: &ServerName) -> String {
    format!("MCP_{}", name.as_str().chars().map(in_name).collect::<String>())
}

fn in_name(character: char) -> char {
    if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;
    use crate::shell::syntax::Syntax;

    fn server(name: &str, number: u16, url: Option<&str>) -> (ServerName, Endpoint) {
        (
            name.parse().expect("a name"),
            Endpoint { number, url: url.map(str::to_owned), shown: None, address: None, public: false },
        )
    }

    #[test]
    fn each_server_has_two_variables() {
        let servers =
            [server("web", 8001, None), server("directory-polling.2", 8000, Some("http://localhost:8000/it's"))];
        let (variables, left_out) = ports(&servers);
        assert!(left_out.is_empty());
        let both = Syntax::ALL.map(|syntax| syntax.export(&variables)).join("\n");
        assert_snapshot!(both, @r"
        export MCP_DIRECTORY_POLLING_2_PORT='8000' MCP_DIRECTORY_POLLING_2_URL='http://localhost:8000/it'\''s' MCP_WEB_PORT='8001' MCP_WEB_URL='http://127.0.0.1:8001/mcp'
        set -gx MCP_DIRECTORY_POLLING_2_PORT '8000'; set -gx MCP_DIRECTORY_POLLING_2_URL 'http://localhost:8000/it\'s'; set -gx MCP_WEB_PORT '8001'; set -gx MCP_WEB_URL 'http://127.0.0.1:8001/mcp'
        ");
    }

    #[test]
    fn of_two_with_the_same_variables_the_first_by_name_has_them() {
        let servers = [server("a_b", 3, None), server("a.b", 2, None), server("a-b", 1, None), server("A", 4, None)];
        let (variables, left_out) = ports(&servers);
        let names: Vec<_> = left_out.iter().map(|(name, first)| format!("{name} {first}")).collect();
        assert_eq!(names, ["a.b a-b", "a_b a-b"]);
        assert_eq!(variables[2], ("MCP_A_B_PORT".to_owned(), "1".to_owned()));
        assert_eq!(variables.len(), 4);
    }

    #[test]
    fn an_address_that_would_break_the_line_is_left_out() {
        let servers = [server("a", 1, Some("http://x\nrm -rf /"))];
        assert_eq!(ports(&servers).0, [("MCP_A_PORT".to_owned(), "1".to_owned())]);
    }

    proptest! {
        #[test]
        fn every_name_makes_variables_that_every_shell_takes(name in "[A-Za-z0-9][A-Za-z0-9._-]{0,63}") {
            prop_assume!(name != "session");
            let stem = stem(&name.parse().expect("a name"));
            prop_assert!(stem.starts_with("MCP_") && stem.len() == name.len() + 4);
            prop_assert!(stem.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_'));
        }
    }
}
