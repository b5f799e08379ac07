//! A server on the official Rust SDK, which speaks both eras: `pid` tells its process, `die` ends it in the middle of the call.

use std::error::Error;
use std::future::{Future, ready};
use std::process;

use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, SubscriptionFilter, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::stdio;
use rmcp::{ErrorData, ServiceExt};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    Server.serve(stdio()).await?.waiting().await?;
    Ok(())
}

struct Server;

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListToolsResult, ErrorData>> {
        let schema = json!({"type": "object"}).as_object().cloned().unwrap_or_default();
        let tools = ["pid", "die"].map(|name| Tool::new(name, name, schema.clone()));
        ready(Ok(ListToolsResult::with_all_items(tools.to_vec())))
    }

    fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> {
        if request.name == "die" {
            process::abort();
        }
        let text = ContentBlock::text(process::id().to_string());
        ready(Ok(CallToolResult::success(vec![text]).into()))
    }

    /// It knows of subscriptions, and tells nobody of changes of its list: there are none.
    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }
}
