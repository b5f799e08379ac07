//! `clients`: the clients that are found, with their files and servers.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::Run;
use crate::app::clients::{self, ClientView};
use crate::cli::Clients;
use crate::ui;

/// What `clients --json` prints.
#[derive(Serialize)]
struct ClientsJson {
    version: u32,
    clients: Vec<ClientView>,
}

impl Run for Clients {
    fn run(self) -> Result<ExitCode> {
        let clients = clients::list(&self.clients)?;
        if self.json {
            ui::json(&ClientsJson { version: 1, clients })?;
        } else {
            ui::show(&ui::clients::clients(&clients))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
