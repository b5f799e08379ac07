//! What the files with definitions say, and whether it counts.

use super::state::servers;
use crate::definition::catalogue::Catalogue;
use crate::definition::view::FileView;
use crate::text::excerpt::excerpt;
use crate::ui::findings::Finding;

const ABOUT: &str = "definitions";
const NOTED: &str = "correct it; as it is, not everybody finds its servers";

/// Looks at those that count here.
pub fn look() -> Vec<Finding> {
    Catalogue::read().view().iter().flat_map(of_file).collect()
}

fn of_file(file: &FileView) -> Vec<Finding> {
    let place = file.file.display();
    if let Some(error) = &file.error {
        return vec![Finding::problem(
            ABOUT,
            format!("{place}: {error}"),
            "correct the file; until then none of it counts",
        )];
    }
    let wrong = file.servers.iter().filter(|server| server.state == "broken");
    let mut findings: Vec<Finding> = wrong
        .map(|server| {
            let reason = server.reason.as_deref().unwrap_or("it is broken");
            Finding::problem(
                ABOUT,
                format!("{} of {place}: {reason}", excerpt(&server.name)),
                "correct it; the others count",
            )
        })
        .collect();
    let broken = findings.len();
    findings.extend(file.notes.iter().map(|note| Finding::warning(ABOUT, format!("{place}: {note}"), NOTED)));
    if !file.servers.is_empty() && file.servers.iter().all(|server| server.state == "client") {
        findings
            .push(Finding::good(ABOUT, format!("{place} defines nothing: clients reach servers of mcp-hook by it")));
        return findings;
    }
    let look = |why: &str| {
        Finding::warning(ABOUT, format!("{place} {why}: its servers do not count"), "look at it, then mcp-hook allow")
    };
    findings.push(match file.permission {
        "changed" => look("has changed since it was allowed"),
        "allowed" => Finding::good(
            ABOUT,
            format!("{place}: {}; mcp-hook check tells whether they can start", servers(file.servers.len() - broken)),
        ),
        _ => look("is not allowed"),
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::findings::unpainted;

    #[test]
    fn files_that_do_not_count_and_servers_that_cannot_be_read_are_told() {
        use crate::definition::view::DefinitionView;
        let server = |name: &str, state, reason: Option<&str>| DefinitionView {
            name: name.to_owned(),
            state,
            reason: reason.map(str::to_owned),
            command: None,
            url: None,
            port: None,
            autostart: false,
        };
        let file = |permission, error: Option<&str>| FileView {
            file: "/p/.mcp.json".into(),
            origin: "project",
            permission,
            error: error.map(str::to_owned),
            notes: vec!["it is odd".to_owned()],
            servers: vec![server("web", "yes", None), server("odd", "broken", Some("command must be text"))],
        };
        let shown = |file: &FileView| unpainted(&of_file(file));
        insta::assert_snapshot!(shown(&file("allowed", None)), @r"
        ✗ definitions  odd of /p/.mcp.json: command must be text
                       hint: correct it; the others count
        ! definitions  /p/.mcp.json: it is odd
                       hint: correct it; as it is, not everybody finds its servers
        ✓ definitions  /p/.mcp.json: 1 server; mcp-hook check tells whether they can start
        ");
        insta::assert_snapshot!(shown(&file("changed", None)), @r"
        ✗ definitions  odd of /p/.mcp.json: command must be text
                       hint: correct it; the others count
        ! definitions  /p/.mcp.json: it is odd
                       hint: correct it; as it is, not everybody finds its servers
        ! definitions  /p/.mcp.json has changed since it was allowed: its servers do not count
                       hint: look at it, then mcp-hook allow
        ");
        insta::assert_snapshot!(shown(&file("allowed", Some("expected a value at line 1"))), @r"
        ✗ definitions  /p/.mcp.json: expected a value at line 1
                       hint: correct the file; until then none of it counts
        ");
        let only_clients = FileView { servers: vec![server("web", "client", None)], ..file("not allowed", None) };
        insta::assert_snapshot!(shown(&only_clients), @r"
        ! definitions  /p/.mcp.json: it is odd
                       hint: correct it; as it is, not everybody finds its servers
        ✓ definitions  /p/.mcp.json defines nothing: clients reach servers of mcp-hook by it
        ");
    }
}
