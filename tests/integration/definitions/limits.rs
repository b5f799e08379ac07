//! Files that nobody wrote by hand: what does not count costs a new shell nothing, and nothing takes more time than
//! reading.

use std::fmt::Write;
use std::path::Path;

use super::{hook_in, said};
use crate::support::defined_session::write_user;
use crate::support::{Output, Sandbox};

/// More processor time than any command needs, in seconds; who needs it all is killed by the kernel.
const ENOUGH: u32 = 5;

/// `mcp-hook ARGUMENTS` that has only so much processor time.
fn bounded(sandbox: &Sandbox, directory: impl AsRef<Path>, arguments: &str) -> Output {
    let mut command = sandbox.command("sh");
    command.args(["-c", &format!("ulimit -t {ENOUGH}; mcp-hook {arguments}")]);
    sandbox.run(command.current_dir(sandbox.path(directory)))
}

/// A file with `count` servers of this text.
fn servers(count: usize, entry: &str) -> String {
    let entries = (0..count).map(|number| format!("\"s{number}\":{entry}")).collect::<Vec<_>>();
    format!("{{\"mcpServers\":{{{}}}}}", entries.join(","))
}

/// A sandbox in which something was allowed, so that new shells look for projects.
fn with_something_allowed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("other/.mcp.json", r#"{"mcpServers": {"x": {"command": "x"}}}"#);
    hook_in(&sandbox, "other", "allow").ok();
    sandbox
}

#[test]
fn a_project_that_was_only_cloned_holds_no_new_shell_up() {
    let named = r#"{"command":"x","hook":{"autostart":true}}"#;
    for (count, entry) in [(70_000, "\"autostart\""), (20_000, named), (4_000, named)] {
        let sandbox = with_something_allowed();
        sandbox.write("p/.mcp.json", servers(count, entry));
        let output = bounded(&sandbox, "p", "open").ok();
        assert!(output.stdout.contains("MCP_SESSION_ID="), "{output}");
    }
}

#[test]
fn what_no_honest_file_has_is_refused_with_the_file_and_the_limit() {
    let sandbox = Sandbox::new();
    sandbox.write("p/.mcp.json", format!("{}{}", servers(1, r#"{"command":"x"}"#), " ".repeat(256 << 10)));
    sandbox.write("many/.mcp.json", servers(1001, r#"{"command":"x"}"#));
    sandbox.write("just/.mcp.json", servers(1000, r#"{"command":"x"}"#));
    for (directory, limit) in
        [("p", "it has more than 256 KiB"), ("many", "mcpServers: has 1001 entries, more than 1000")]
    {
        let expected = format!("could not read /{directory}/.mcp.json: {limit}");
        for command in ["allow", "run s1", "check s1"] {
            let text = said(&sandbox, &bounded(&sandbox, directory, command).expect_code(1));
            assert!(text.contains(&expected), "{command}: {text}");
        }
        for command in ["list", "check", "doctor"] {
            let text = said(&sandbox, &bounded(&sandbox, directory, command));
            assert!(text.contains(&format!("/{directory}/.mcp.json")) && text.contains(limit), "{command}: {text}");
        }
    }
    bounded(&sandbox, "just", "allow").ok();
    let large = format!("{}{}", servers(1, r#"{"command":"x"}"#), " ".repeat(256 << 10));
    write_user(&sandbox, &large);
    let text = said(&sandbox, &bounded(&sandbox, "home", "add web -- x").expect_code(1));
    assert!(text.contains("/home/.config/mcp-hook/servers.json: it has more than 256 KiB"), "{text}");
}

#[test]
fn a_name_that_is_longer_than_any_is_cut_where_it_is_shown() {
    let sandbox = Sandbox::new();
    let name = "n".repeat(40_000);
    let entries = format!(
        r#"{{"mcpServers": {{"{name}": {{"command": "x"}}, "web": {{"command": "{name}"}},
        "more": {{"command": "${{{name}}}", "env": {{"{name}": "${{", "{name}b": "${{B}}"}}}}}}}}"#
    );
    write_user(&sandbox, &entries);
    sandbox.write("p/.mcp.json", entries.replace("\"web\"", "\"bad\"").replace("\"x\"", "1"));
    for command in ["list", "check", "doctor", "check web"] {
        let text = said(&sandbox, &bounded(&sandbox, "p", command));
        let longest = text.lines().map(str::len).max().unwrap_or(0);
        assert!(longest < 400, "{command} printed a line of {longest} bytes");
        assert!(text.contains(&"n".repeat(60)), "{command}: {text}");
    }
}

#[test]
fn no_text_in_a_file_takes_more_time_than_it_takes_to_read_it() {
    let sandbox = Sandbox::new();
    let mut variables = String::new();
    for number in 0..25_000 {
        let _ = write!(variables, "${{A{number}}}");
    }
    let args = "\"${A}\",".repeat(30_000);
    let flags = "\"\",".repeat(60_000);
    let listed = (0..8_000).map(|number| format!(r#"{{"name":"V{number}","isRequired":true}},"#)).collect::<String>();
    let name = "n".repeat(60_000);
    for text in [
        format!(r#"{{"web": {{"command": "x", "args": ["{variables}"]}}}}"#),
        format!(r#"{{"web": {{"command": "x", "args": [{args}""]}}}}"#),
        format!(r#"{{"web": {{"command": "x", "hook": {{"environmentVariables": [{listed}{{"name":"A"}}]}}}}}}"#),
        format!(r#"{{"{name}": {{"command": "x", "args": [{flags}""]}}, "web": {{"command": "${{A}}"}}}}"#),
    ] {
        write_user(&sandbox, &format!(r#"{{"mcpServers": {text}}}"#));
        for command in ["list", "check", "start web"] {
            let output = bounded(&sandbox, "home", command);
            assert!(output.code() < 128, "{command} was killed");
        }
    }
}

#[test]
fn no_configuration_takes_more_time_than_it_takes_to_read_it() {
    let sandbox = Sandbox::new();
    let key = "k".repeat(300_000);
    let inner = (0..50_000).map(|number| format!("\"{number}\":0,")).collect::<String>();
    sandbox.write("home/.config/mcp-hook/config.json", format!(r#"{{"{key}": {{{inner}"x": 0}}}}"#));
    write_user(
        &sandbox,
        r#"{"mcpServers": {"web": {"command": "x", "hook": {"config": {"source": "config.json",
            "required": ["*.*.a", "*.*.b"], "env": ["*.*"]}}}}}"#,
    );
    for command in ["check", "start web"] {
        let output = bounded(&sandbox, "home", command);
        assert_eq!(output.code(), 1, "{command} was killed");
        assert!(output.stdout.len() + output.stderr.len() < 100_000, "{command} said too much");
    }
}
