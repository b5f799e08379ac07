//! What the files with definitions say, and whether it counts.

use super::{Finding, servers};
use crate::definition::allowed::Permission;
use crate::definition::catalogue::{Catalogue, DefinitionState};
use crate::definition::view::{DefinitionView, FileView};
use crate::server::settings::LauncherPolicy;
use crate::server::{npx, uvx};
use crate::text::excerpt::excerpt;

const ABOUT: &str = "definitions";
const DIRECT: &str =
    "\"hook\": {\"launcher\": \"direct\"} starts what npx or uvx ran last, and asks once a day what is newer";
const NOTED: &str = "correct it; as it is, not everybody finds its servers";

/// The files that count here.
pub fn look() -> Vec<FileView> {
    Catalogue::read().view()
}

pub fn judge(files: &[FileView]) -> Vec<Finding> {
    files.iter().flat_map(of_file).collect()
}

fn of_file(file: &FileView) -> Vec<Finding> {
    let place = file.file.display();
    if let Some(error) = &file.error {
        let hint = "correct the file; until then none of it counts";
        return vec![Finding::problem(ABOUT, format!("{place}: {error}"), hint)];
    }
    let mut findings = Vec::new();
    for server in &file.servers {
        if let DefinitionState::Broken(reason) = &server.state {
            let text = format!("{} of {place}: {reason}", excerpt(&server.name));
            findings.push(Finding::problem(ABOUT, text, "correct it; the others count"));
        }
    }
    let sound = file.servers.len() - findings.len();
    findings.extend(file.notes.iter().map(|note| Finding::warning(ABOUT, format!("{place}: {note}"), NOTED)));
    findings.push(as_a_whole(file, sound));
    findings.extend(launched(file));
    findings
}

/// The servers whose launcher could be passed by, if only that were wished.
fn launched(file: &FileView) -> Option<Finding> {
    let is_usual =
        |server: &&DefinitionView| server.state == DefinitionState::Usable && server.launcher == LauncherPolicy::Pinned;
    let could_be = |server: &&DefinitionView| {
        server.command.as_ref().is_some_and(|words| npx::is_inexact(words) || uvx::is_understood(words))
    };
    let names: Vec<String> = file
        .servers
        .iter()
        .filter(is_usual)
        .filter(could_be)
        .map(|server| excerpt(&server.name).into_owned())
        .collect();
    (!names.is_empty()).then(|| Finding {
        hint: Some(DIRECT.to_owned()),
        ..Finding::good(ABOUT, format!("{}: could start sooner: {}", file.file.display(), names.join(", ")))
    })
}

/// Whether what the file defines counts.
fn as_a_whole(file: &FileView, sound: usize) -> Finding {
    let place = file.file.display();
    if !file.servers.is_empty() && file.servers.iter().all(|server| server.state == DefinitionState::Client) {
        return Finding::good(ABOUT, format!("{place} defines nothing: clients reach servers of mcp-hook by it"));
    }
    let why = match file.permission {
        Permission::Changed => "has changed since it was allowed",
        Permission::Allowed => {
            let text = format!("{place}: {}; mcp-hook check tells whether they can start", servers(sound));
            return Finding::good(ABOUT, text);
        }
        Permission::Missing => "is not allowed",
    };
    Finding::warning(ABOUT, format!("{place} {why}: its servers do not count"), "look at it, then mcp-hook allow")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::findings::unpainted;

    #[test]
    fn files_that_do_not_count_and_servers_that_cannot_be_read_are_told() {
        use crate::definition::document::Origin;
        use crate::definition::view::DefinitionView;
        let server = |name: &str, state| DefinitionView {
            name: name.to_owned(),
            state,
            command: None,
            url: None,
            port: None,
            autostart: false,
            launcher: LauncherPolicy::Pinned,
        };
        let file = |permission, error: Option<&str>| FileView {
            file: "/p/.mcp.json".into(),
            origin: Origin::Project,
            permission,
            error: error.map(str::to_owned),
            notes: vec!["it is odd".to_owned()],
            servers: vec![
                server("web", DefinitionState::Usable),
                server("odd", DefinitionState::Broken("command must be text".to_owned())),
            ],
        };
        let shown = |file: &FileView| unpainted(&of_file(file));
        insta::assert_snapshot!(shown(&file(Permission::Allowed, None)), @r"
        ✗ definitions  odd of /p/.mcp.json: command must be text
                       hint: correct it; the others count
        ! definitions  /p/.mcp.json: it is odd
                       hint: correct it; as it is, not everybody finds its servers
        ✓ definitions  /p/.mcp.json: 1 server; mcp-hook check tells whether they can start
        ");
        insta::assert_snapshot!(shown(&file(Permission::Changed, None)), @r"
        ✗ definitions  odd of /p/.mcp.json: command must be text
                       hint: correct it; the others count
        ! definitions  /p/.mcp.json: it is odd
                       hint: correct it; as it is, not everybody finds its servers
        ! definitions  /p/.mcp.json has changed since it was allowed: its servers do not count
                       hint: look at it, then mcp-hook allow
        ");
        insta::assert_snapshot!(shown(&file(Permission::Allowed, Some("expected a value at line 1"))), @r"
        ✗ definitions  /p/.mcp.json: expected a value at line 1
                       hint: correct the file; until then none of it counts
        ");
        let only_clients =
            FileView { servers: vec![server("web", DefinitionState::Client)], ..file(Permission::Missing, None) };
        insta::assert_snapshot!(shown(&only_clients), @r"
        ! definitions  /p/.mcp.json: it is odd
                       hint: correct it; as it is, not everybody finds its servers
        ✓ definitions  /p/.mcp.json defines nothing: clients reach servers of mcp-hook by it
        ");
    }

    #[test]
    fn servers_that_could_start_without_their_launcher_are_told_with_what_helps() {
        use crate::definition::document::Origin;
        let server = |name: &str, command: &str, launcher| DefinitionView {
            name: name.to_owned(),
            state: DefinitionState::Usable,
            command: Some(command.split(' ').map(str::to_owned).collect()),
            url: None,
            port: None,
            autostart: false,
            launcher,
        };
        let file = FileView {
            file: "/p/.mcp.json".into(),
            origin: Origin::Project,
            permission: Permission::Allowed,
            error: None,
            notes: Vec::new(),
            servers: vec![
                server("name", "npx -y a-server", LauncherPolicy::Pinned),
                server("exact", "npx -y a-server@1.0.0", LauncherPolicy::Pinned),
                server("time", "uvx mcp-server-time", LauncherPolicy::Pinned),
                server("direct", "uvx mcp-server-time", LauncherPolicy::Direct),
                server("written", "npx -y a-server", LauncherPolicy::AsWritten),
                server("own", "node server.js", LauncherPolicy::Pinned),
            ],
        };
        insta::assert_snapshot!(unpainted(&launched(&file).into_iter().collect::<Vec<_>>()), @r#"
        ✓ definitions  /p/.mcp.json: could start sooner: name, time
                       hint: "hook": {"launcher": "direct"} starts what npx or uvx ran last, and asks once a day what is newer
        "#);
    }
}
