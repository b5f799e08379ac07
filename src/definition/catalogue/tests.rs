//! Which definition a name means, where several files have it.

use std::path::Path;

use super::*;

fn source(origin: Origin, permission: Permission, text: &str) -> Source {
    let file = match origin {
        Origin::Project => "/p/.mcp.json",
        Origin::User => "/u/servers.json",
    };
    Source { origin, file: file.into(), permission, entries: parse::entries(Path::new(file), text), notes: Vec::new() }
}

/// What is found as `web`, in few words.
fn found(project: Option<(Permission, &str)>, user: &str) -> String {
    let project = project.map(|(permission, text)| source(Origin::Project, permission, text));
    let user = source(Origin::User, Permission::Allowed, user);
    let catalogue = Catalogue { sources: project.into_iter().chain([user]).collect() };
    match catalogue.find(&"web".parse().expect("a name")) {
        Ok(None) => "nothing".to_owned(),
        Ok(Some(definition)) => definition.file.display().to_string(),
        Err(error) => format!("{error:#} ({})", hint_of(&error).unwrap_or("-")),
    }
}

const GOOD: &str = r#"{"mcpServers": {"web": {"command": "x"}, "bad": 1}}"#;
const BAD: &str = r#"{"mcpServers": {"web": {"command": 1}}}"#;
const CLIENT: &str = r#"{"mcpServers": {"web": {"command": "mcp-hook", "args": ["run", "web"]}}}"#;
const OTHER: &str = r#"{"mcpServers": {"other": {"command": "x"}}}"#;

#[test]
fn the_project_comes_before_the_user_and_only_if_it_is_allowed() {
    use Permission::{Allowed, Changed, Missing};
    let cases = [
        (None, GOOD),
        (None, OTHER),
        (None, BAD),
        (None, "{"),
        (Some((Allowed, GOOD)), GOOD),
        (Some((Allowed, GOOD)), "{"),
        (Some((Allowed, BAD)), GOOD),
        (Some((Allowed, OTHER)), GOOD),
        (Some((Allowed, CLIENT)), GOOD),
        (Some((Allowed, CLIENT)), OTHER),
        (Some((Missing, GOOD)), GOOD),
        (Some((Missing, GOOD)), OTHER),
        (Some((Changed, GOOD)), OTHER),
        (Some((Missing, OTHER)), OTHER),
        (Some((Missing, CLIENT)), OTHER),
        (Some((Missing, "{")), OTHER),
        (Some((Missing, "{")), GOOD),
    ];
    let said = cases.map(|(project, user)| found(project, user) + "\n").concat();
    insta::assert_snapshot!(said, @r"
    /u/servers.json
    nothing
    could not read /u/servers.json: mcpServers.web.command: must be a string, not a number (invalid-definition) (correct it; the other servers there count all the same)
    could not read /u/servers.json: EOF while parsing an object at line 1 column 1 (invalid-definition) (correct the file; until then none of it counts)
    /p/.mcp.json
    /p/.mcp.json
    could not read /p/.mcp.json: mcpServers.web.command: must be a string, not a number (invalid-definition) (correct it; the other servers there count all the same)
    /u/servers.json
    /u/servers.json
    nothing
    /u/servers.json
    could not use web as /p/.mcp.json defines it: it has not been allowed (not-allowed) (look at the file, then: mcp-hook allow)
    could not use web as /p/.mcp.json defines it: it has changed since it was allowed (not-allowed) (look at the file, then: mcp-hook allow)
    nothing
    nothing
    could not read /p/.mcp.json: EOF while parsing an object at line 1 column 1 (invalid-definition) (correct the file; until then none of it counts)
    /u/servers.json
    ");
}
