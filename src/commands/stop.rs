//! `stop`: the end of a server's tree.

use std::process::ExitCode;

use anyhow::Result;

use super::progress::Shown;
use super::{Run, stopped};
use crate::app::stop::{self, Which};
use crate::cli::Stop;
use crate::disk::layout::Root;
use crate::session::find;
use crate::ui;

impl Run for Stop {
    fn run(self) -> Result<ExitCode> {
        let (root, session) = find::find(&Root::open()?, self.session.session.as_ref())?;
        let which = if self.all { Which::All } else { Which::Named(self.names) };
        let asked = stop::ask(&root, &session, which);
        if asked.is_empty() {
            ui::say("no server is running");
        }
        let mut code = ExitCode::SUCCESS;
        for stopping in asked {
            let name = stopping.name.clone();
            match stopping.wait(&Shown) {
                Ok(stopped) => ui::say(&stopped::describe(&name, &stopped)),
                Err(error) => {
                    code = ExitCode::FAILURE;
                    ui::error(&stopped::could_not("stop", &name, error));
                }
            }
        }
        Ok(code)
    }
}
