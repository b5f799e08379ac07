//! `doctor`: whether everything is as it should be.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::Run;
use crate::app::doctor::{self, Finding, Grade};
use crate::cli::Doctor;
use crate::ui;

/// What `doctor --json` prints.
#[derive(Serialize)]
struct DoctorReport {
    version: u32,
    findings: Vec<Finding>,
}

impl Run for Doctor {
    fn run(self) -> Result<ExitCode> {
        let findings = doctor::examine();
        let is_ill = findings.iter().any(|finding| finding.grade == Grade::Problem);
        if self.json {
            ui::json(&DoctorReport { version: 1, findings })?;
        } else {
            ui::show(&ui::findings::findings(&findings))?;
        }
        Ok(if is_ill { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}
