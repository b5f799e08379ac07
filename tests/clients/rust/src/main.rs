//! Drives one stdio MCP server through the official Rust SDK: `COMMAND [ARGUMENT…]`.
//!
//! The JSON lines it speaks with the test are described in `stdio_client.py`.

use std::error::Error;

use rmcp::ServiceExt;
use rmcp::model::{CallToolRequestParams, ContentBlock};
use rmcp::service::{Peer, RoleClient};
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::process::Command;

/// What the official Python and TypeScript SDKs hand to a server; this one hands on everything.
const ENVIRONMENT: [&str; 6] = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1);
    let mut command = Command::new(words.next().ok_or("no command given")?);
    command
        .args(words)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| ENVIRONMENT.iter().any(|kept| name == kept)));
    let mut service = ().serve(TokioChildProcess::new(command)?).await?;
    let tools = service.list_all_tools().await?;
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    println!("{}", json!({"event": "tools", "names": names}));

    let mut orders = BufReader::new(stdin()).lines();
    while let Some(line) = orders.next_line().await? {
        let order: Value = serde_json::from_str(&line)?;
        if order["do"] == "close" {
            break;
        }
        tokio::spawn(call(service.peer().clone(), order));
    }
    service.close().await?;
    println!("{}", json!({"event": "closed"}));
    Ok(())
}

/// Calls one tool; tells its text, or that the server has gone.
async fn call(peer: Peer<RoleClient>, order: Value) {
    let name = order["tool"].as_str().unwrap_or_default().to_owned();
    let arguments = order["arguments"].as_object().cloned().unwrap_or_default();
    let request = CallToolRequestParams::new(name).with_arguments(arguments);
    let told = match peer.call_tool(request).await {
        Ok(result) => json!({"event": "text", "text": text(&result.content)}),
        Err(error) => json!({"event": "eof", "cause": error.to_string()}),
    };
    println!("{told}");
}

fn text(content: &[ContentBlock]) -> String {
    content.iter().filter_map(|part| Some(part.as_text()?.text.as_str())).collect()
}
