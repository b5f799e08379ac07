//! Drives one stdio MCP server through the official Rust SDK: `[--stateless] COMMAND [ARGUMENT…]`.
//!
//! The JSON lines it speaks with the test are described in `stdio_client.py`.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::model::{
    CallToolRequestParams, ContentBlock, ProtocolVersion, ResourceUpdatedNotificationParam, ServerNotification,
    SubscribeRequestParams, SubscriptionFilter,
};
use rmcp::service::{NotificationContext, Peer, RoleClient, RunningService, ServiceError};
use rmcp::transport::TokioChildProcess;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::process::Command;
use tokio::task::JoinSet;

/// What the official Python and TypeScript SDKs hand to a server; this one hands on everything.
const ENVIRONMENT: [&str; 6] = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1).peekable();
    let is_stateless = words.next_if(|word| word == "--stateless").is_some();
    let mut command = Command::new(words.next().ok_or("no command given")?);
    command
        .args(words)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| ENVIRONMENT.iter().any(|kept| name == kept)));
    let mode = if is_stateless {
        ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
    } else {
        ClientLifecycleMode::Initialize
    };
    let listener = Listener::default();
    let mut service = listener.clone().serve_with_lifecycle(TokioChildProcess::new(command)?, mode).await?;
    let tools = service.list_all_tools().await?;
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    println!("{}", json!({"event": "tools", "names": names}));
    obey(&service, &listener, is_stateless).await?;
    service.close().await?;
    println!("{}", json!({"event": "closed"}));
    Ok(())
}

/// Carries out orders until told to close; calls run beside each other.
async fn obey(
    service: &RunningService<RoleClient, Listener>,
    listener: &Listener,
    is_stateless: bool,
) -> Result<(), Box<dyn Error>> {
    let mut orders = BufReader::new(stdin()).lines();
    let mut tasks = JoinSet::new();
    while let Some(line) = orders.next_line().await? {
        let order: Value = serde_json::from_str(&line)?;
        let peer = service.peer().clone();
        match (order["do"].as_str(), is_stateless) {
            (Some("call"), _) => drop(tasks.spawn(call(peer, order))),
            (Some("listen"), true) => drop(tasks.spawn(subscribe(peer, order))),
            (Some("listen"), false) => listener.listen(peer, order).await?,
            _ => break,
        }
    }
    Ok(())
}

/// Calls one tool; tells its text, its error, or that the server has gone.
async fn call(peer: Peer<RoleClient>, order: Value) {
    let name = order["tool"].as_str().unwrap_or_default().to_owned();
    let arguments = order["arguments"].as_object().cloned().unwrap_or_default();
    let request = CallToolRequestParams::new(name).with_arguments(arguments);
    let told = match peer.call_tool(request).await {
        Ok(result) => json!({"event": "text", "text": text(&result.content)}),
        Err(ServiceError::McpError(error)) => {
            json!({"event": "error", "code": error.code, "message": error.message, "data": error.data})
        }
        Err(error) => json!({"event": "eof", "cause": error.to_string()}),
    };
    println!("{told}");
}

fn text(content: &[ContentBlock]) -> String {
    content.iter().filter_map(|part| Some(part.as_text()?.text.as_str())).collect()
}

/// Listens in the era of 2026-07-28.
async fn subscribe(peer: Peer<RoleClient>, order: Value) {
    let mut filter = SubscriptionFilter::builder().tools_list_changed();
    if let Some(uri) = order["uri"].as_str() {
        filter = filter.resource_subscriptions([uri.to_owned()]);
    }
    let mut subscription = match peer.listen(filter.build()).await {
        Ok(subscription) => subscription,
        Err(error) => return println!("{}", json!({"event": "unheard", "cause": error.to_string()})),
    };
    println!("{}", json!({"event": "listening"}));
    loop {
        match subscription.next().await {
            Ok(Some(ServerNotification::ToolListChangedNotification(_))) => println!("{}", json!({"event": "changed"})),
            Ok(Some(ServerNotification::ResourceUpdatedNotification(updated))) => {
                println!("{}", json!({"event": "updated", "uri": updated.params.uri}));
            }
            Ok(Some(_)) => {}
            ended => return println!("{}", json!({"event": "unheard", "cause": format!("{ended:?}")})),
        }
    }
}

/// Tells of changes once it has been told to listen, in the era of the handshake.
#[derive(Clone, Default)]
struct Listener(Arc<AtomicBool>);

impl Listener {
    async fn listen(&self, peer: Peer<RoleClient>, order: Value) -> Result<(), ServiceError> {
        self.0.store(true, Ordering::Relaxed);
        if let Some(uri) = order["uri"].as_str() {
            #[expect(deprecated, reason = "it is how one subscribes in this era")]
            peer.subscribe(SubscribeRequestParams::new(uri)).await?;
        }
        println!("{}", json!({"event": "listening"}));
        Ok(())
    }

    fn tell(&self, told: &Value) {
        if self.0.load(Ordering::Relaxed) {
            println!("{told}");
        }
    }
}

impl ClientHandler for Listener {
    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.tell(&json!({"event": "changed"}));
    }

    async fn on_resource_updated(&self, updated: ResourceUpdatedNotificationParam, _: NotificationContext<RoleClient>) {
        self.tell(&json!({"event": "updated", "uri": updated.uri}));
    }
}
