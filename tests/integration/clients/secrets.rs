//! Secrets in clients' files: they are shown nowhere, and every byte of them stays in the file.

use std::fs;

use super::{cursor, hook, said};
use crate::support::Sandbox;

/// Secrets in all places in which people have them.
const TEXT: &str = r#"{
  "mcpServers": {
    "option": { "command": "npx", "args": ["-y", "a", "--api-key", "S3CRET-1", "--port", "80"] },
    "sign": { "command": "npx", "args": ["--token=S3CRET-2", "--level=3", "${TOKEN}", "--key=${KEY}"] },
    "docker": {
      "command": "docker",
      "args": [
        "run", "-i",
        "-e", "PLAIN=S3CRET-3",
        "--env=OTHER=S3CRET-4",
        "-e", "KEPT",
        "image"
      ]
    },
    "url": { "command": "db", "args": ["postgres://me:S3CRET-5@host/db?sslmode=off&password=S3CRET-6"] },
    "header": { "command": "npx", "args": ["mcp-remote", "https://host/mcp", "--header", "Authorization: Bearer S3CRET-7"] },
    "script": { "command": "sh", "args": ["-c", "cd \"/a b\" && API_TOKEN=S3CRET-8 server --verbose"] },
    "line": { "command": "server --password S3CRET-9" },
    "twice": { "command": "server", "args": ["--as", "S3CRET-10"], "env": { "API_TOKEN": "S3CRET-10" } },
    "remote": { "url": "https://me:S3CRET-11@host/?token=S3CRET-12", "headers": { "X-A": "S3CRET-13" } },
    "odd": { "command": "server", "args": ["--token", "S3CRET-14", 5] }
  }
}
"#;

#[test]
fn no_secret_of_a_command_is_shown_and_all_are_written() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, TEXT);
    let lines = ["clients", "clients --json", "wrap --dry-run", "wrap --yes"];
    let mut shown = lines.map(|line| said(&sandbox, &hook(&sandbox, line))).concat();
    let wrapped = fs::read_to_string(&file).unwrap();
    shown += &said(&sandbox, &hook(&sandbox, "unwrap --dry-run"));
    assert!(!shown.contains("S3CRET"), "{shown}");
    for number in 1..=14 {
        let secret = format!("S3CRET-{number}\"");
        assert_eq!(wrapped.matches(&secret).count(), TEXT.matches(&secret).count(), "{wrapped}");
    }
    hook(&sandbox, "unwrap --yes").ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), TEXT);
    let diff = said(&sandbox, &hook(&sandbox, "wrap --dry-run"));
    insta::assert_snapshot!(format!("{}\n{diff}", said(&sandbox, &hook(&sandbox, "clients"))));
}

#[test]
fn secrets_in_toml_are_masked_however_they_are_written() {
    let sandbox = Sandbox::new();
    let text = "[mcp_servers.a]\ncommand = 'npx'\nargs = [\n  '--token=S3CRET-1', # mine\n  \"--key\", \"S3CRET\\u002d2\",\n  \
                '''--password=S3CRET-3''',\n]\nenv = { A = \"S3CRET-4\" }\n";
    let file = sandbox.write("home/.codex/config.toml", text);
    let shown = said(&sandbox, &hook(&sandbox, "wrap --dry-run"));
    assert!(!shown.contains("S3CRET"), "{shown}");
    insta::assert_snapshot!(shown);
    hook(&sandbox, "wrap --yes").ok();
    assert_eq!(fs::read_to_string(&file).unwrap().matches("S3CRET").count(), 4);
    hook(&sandbox, "unwrap --yes").ok();
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn no_secret_of_a_line_to_be_changed_by_hand_is_shown() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.config/goose/config.yaml", "extensions:\n  a:\n    cmd: env API_TOKEN=S3CRET npx a\n");
    let shown = ["clients", "clients --json", "wrap"].map(|line| said(&sandbox, &hook(&sandbox, line))).concat();
    assert!(!shown.contains("S3CRET") && shown.contains("line 3: cmd: env API_TOKEN=*** npx a →"), "{shown}");
}

#[test]
fn what_stands_behind_a_secret_of_many_lines_is_masked_too() {
    let sandbox = Sandbox::new();
    let (lines, note) = ("S3CRET\n".repeat(9), "note = 'https://me:S3CRET@host'\n");
    let text = format!("[mcp_servers.a]\ncommand = 'npx'\nenv = {{ A = '''{lines}''' }}\n{note}more_{note}");
    sandbox.write("home/.codex/config.toml", &text);
    insta::assert_snapshot!(said(&sandbox, &hook(&sandbox, "wrap --dry-run")), @r#"
    --- /home/.codex/config.toml
    +++ /home/.codex/config.toml
    @@ -1,5 +1,6 @@
     [mcp_servers.a]
    -command = 'npx'
    +command = "mcp-hook"
    +args = [ "run", "a", "--", 'npx' ]
     env = { A = "***" }
     note = 'https://***@host'
     more_note = 'https://***@host'
    [0]
    "#);
}
