//! `add`: a server in the user's file.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use super::Run;
use crate::cli::Add;
use crate::definition::document;
use crate::definition::store::{self, Added, NewServer};
use crate::failure::hinted;
use crate::server::settings::PortChoice;
use crate::session::find;
use crate::ui;

impl Run for Add {
    fn run(self) -> Result<ExitCode> {
        find::adopt_current();
        let file = document::user_file()?;
        let (name, may_replace) = (self.name.clone(), self.force);
        match store::add(&name, &self.server(), may_replace)? {
            Added::New => ui::say(&format!("added {name} to {}", file.display())),
            Added::Replaced => ui::say(&format!("replaced {name} in {}", file.display())),
            Added::Taken => {
                let message = format!("could not add {name}: {} defines it already", file.display());
                return Err(hinted(message, "--force replaces it"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn server(self) -> NewServer {
        let mut words = self.words.into_iter();
        let port = self.port.map(|port| match port {
            PortChoice::Auto => ("port", json!("auto")),
            PortChoice::Prefer(number) | PortChoice::Fixed(number) => ("port", json!(number)),
        });
        NewServer {
            url: self.url,
            command: words.next(),
            args: words.collect(),
            env: self.env.into_iter().collect(),
            hook: port.into_iter().collect(),
        }
    }
}
