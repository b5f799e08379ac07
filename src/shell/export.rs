//! What a shell is told of its session and of the ports of its servers.

use super::quote::Syntax;
use crate::disk::layout::Root;
use crate::disk::names::ServerName;
use crate::server::endpoint::Endpoint;
use crate::session::live::Session;

/// One line that exports the session's variables and `more` when it is evaluated. Paths contain no line breaks:
/// `Root::open` refuses such.
pub fn line(root: &Root, session: &Session, more: &[Variable], syntax: Syntax) -> String {
    let id = &session.record.id;
    let paths = root.session(id);
    let text = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
    let variables = [
        ("MCP_SESSION_ID", id.to_string()),
        ("MCP_PID_FILE", text(paths.pid().path())),
        ("MCP_CONFIG_DIR", text(paths.configs.path().to_owned())),
        ("MCP_LOG_DIR", text(paths.logs.path().to_owned())),
        ("MCP_HOOK_OWNER", format!("{}:{id}", session.record.owner.pid)),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    assignments(variables.iter().chain(more), syntax)
}

/// The name and the value of an environment variable.
pub type Variable = (String, String);

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
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    format!("MCP_{}", name.as_str().chars().map(plain).collect::<String>())
}

/// One line that exports the variables when it is evaluated.
pub fn assignments<'a>(variables: impl Iterator<Item = &'a Variable>, syntax: Syntax) -> String {
    let words = variables.map(|(name, value)| (name, syntax.quote(value)));
    let separator = match syntax {
        Syntax::Posix => " ",
        Syntax::Fish => "; ",
    };
    let assign = |(name, value): (&String, String)| match syntax {
        Syntax::Posix => format!("{name}={value}"),
        Syntax::Fish => format!("set -gx {name} {value}"),
    };
    let text = words.map(assign).collect::<Vec<_>>().join(separator);
    match syntax {
        Syntax::Posix => format!("export {text}"),
        Syntax::Fish => text,
    }
}

/// One line that takes variables away when it is evaluated.
pub fn removals(names: &[String], syntax: Syntax) -> String {
    let verb = match syntax {
        Syntax::Posix => "unset",
        Syntax::Fish => "set -e",
    };
    format!("{verb} {}", names.join(" "))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

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
        let both = [Syntax::Posix, Syntax::Fish].map(|syntax| assignments(variables.iter(), syntax)).join("\n");
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
