//! `doctor`: whether everything is as it should be. It looks and changes nothing.

mod clients;
mod definitions;
mod hook;
mod programs;
mod state;
mod stuck;

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::Run;
use crate::cli::Doctor;
use crate::disk::layout::Root;
use crate::ui;
use crate::ui::findings::{Finding, Grade};

/// What `doctor --json` prints.
#[derive(Serialize)]
struct Report {
    version: u32,
    findings: Vec<Finding>,
}

impl Run for Doctor {
    fn run(self) -> Result<ExitCode> {
        let findings = examine();
        let is_ill = findings.iter().any(|finding| finding.grade == Grade::Problem);
        if self.json {
            ui::json(&Report { version: 1, findings })?;
        } else {
            ui::show(&ui::findings::findings(&findings))?;
        }
        Ok(if is_ill { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn examine() -> Vec<Finding> {
    let root = Root::locate();
    let mut findings = Vec::new();
    if let Ok(root) = &root {
        findings.extend(hook::judge(&hook::look(root)));
    }
    findings.extend(programs::judge(&programs::look()));
    findings.extend(state::directories(&root));
    if let Ok(root) = &root {
        findings.extend(state::sessions(root));
        findings.extend(state::variables(root));
    }
    findings.extend(definitions::look());
    findings.extend(clients::judge(&clients::look(), &clients::defined()));
    findings.extend(state::nets(&state::missing_nets()));
    findings
}
