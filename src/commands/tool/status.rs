//! `server_status`.

use super::answer::{Answer, data};
use super::session::CurrentSession;
use crate::app::agent::view::{AgentServer, AgentStatus};
use crate::app::names;
use crate::disk::names::ServerName;

pub fn status(session: CurrentSession, only: Option<&ServerName>) -> Answer {
    let id = session.session.record.id.to_string();
    let servers = match only {
        Some(name) => vec![session.look_at(name)?],
        None => session.look()?.servers,
    };
    let is_there =
        |name: &String| servers.iter().any(|server| server.name.as_str() == name && server.state.is_running());
    let mut startable = if only.is_some() { Vec::new() } else { names::startable() };
    startable.retain(|name| !is_there(name));
    let status = AgentStatus { session: id, servers: servers.iter().map(AgentServer::of).collect(), startable };
    Ok((status.describe(), data(&status)?))
}
