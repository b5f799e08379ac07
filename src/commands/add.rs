//! `add`: a server in the user's file.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use super::Run;
use crate::app::definitions;
use crate::cli::Add;
use crate::definition::store::{Added, NewServer};
use crate::failure::hinted;
use crate::server::settings::PortChoice;
use crate::ui;

impl Run for Add {
    fn run(self) -> Result<ExitCode> {
        let (name, may_replace) = (self.name.clone(), self.force);
        let addition = definitions::add(&name, &server(self), may_replace)?;
        let file = addition.file.display();
        match addition.added {
            Added::New => ui::say(&format!("added {name} to {file}")),
            Added::Replaced => ui::say(&format!("replaced {name} in {file}")),
            Added::Taken => {
                let message = format!("could not add {name}: {file} defines it already");
                return Err(hinted(message, "--force replaces it"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The server as it was typed.
fn server(add: Add) -> NewServer {
    let mut words = add.words.into_iter();
    let port = add.port.map(|port| match port {
        PortChoice::Auto => ("port", json!("auto")),
        PortChoice::Prefer(number) | PortChoice::Fixed(number) => ("port", json!(number)),
    });
    NewServer {
        url: add.url,
        command: words.next(),
        args: words.collect(),
        env: add.env.into_iter().collect(),
        hook: port.into_iter().collect(),
    }
}
