//! `open`: a session for the shell that evaluates what this prints.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use super::Run;
use crate::app::autostart::{self, Autostart};
use crate::app::env;
use crate::cli::Open;
use crate::context;
use crate::disk::layout::Root;
use crate::session::open::{self, Inherited, Opened};
use crate::session::passing;
use crate::shell::export;
use crate::sys::Pid;
use crate::sys::process::{self, Process};
use crate::ui;

impl Run for Open {
    fn run(self) -> Result<ExitCode> {
        let root = Root::open()?;
        let shell = self.shell_process()?;
        let Opened { root, session, is_new } = open::open(&root, &shell, &Inherited::from_environment())?;
        let planned = if is_new { autostart::check(&root, &session) } else { Vec::new() };
        let ports = if is_new {
            planned.iter().filter_map(Autostart::port).collect()
        } else {
            env::ports(&root.session(&session.record.id))
        };
        let (variables, _) = export::ports(&ports);
        ui::print(&format!("{}\n", export::line(&root, &session, &variables, self.shell)))?;
        // direnv(1) sets it for the shell of its own that evaluates `.envrc`.
        if is_new && context::variable("DIRENV_IN_ENVRC").is_some() {
            ui::warn(
                "this session ends with the file: direnv reads it in a shell of its own; mcp-hook init tells where the hook belongs",
            );
        }
        let id = session.record.id.clone();
        autostart::start(&root, session, planned)?;
        passing::in_passing(&root, &id)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Open {
    fn shell_process(&self) -> Result<Process> {
        let me = process::read(Pid::this()).context("could not read the state of this process")?;
        let Some(owner) = self.owner else {
            return open::shell_above(&me).context("could not find the shell that called this");
        };
        let pid = Pid::from_raw(owner);
        ensure!(
            open::is_ancestor(pid, me.parent),
            "could not open a session for process {owner}: it did not call this"
        );
        open::look(pid)
    }
}
