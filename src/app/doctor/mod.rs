//! Whether everything is as it should be. Facts are gathered, then judged by functions that look at nothing else. Nothing is
//! changed.

mod clients;
mod definitions;
mod directories;
mod finding;
mod hook;
mod kernel;
mod programs;
mod sessions;
mod stuck;

pub use self::finding::{Finding, Grade};
use crate::disk::layout::Root;
use crate::units;

pub fn examine() -> Vec<Finding> {
    let root = Root::locate();
    let mut findings = Vec::new();
    if let Ok(root) = &root {
        findings.extend(hook::judge(&hook::look(root)));
    }
    findings.extend(programs::judge(&programs::look()));
    findings.extend(directories::look(&root));
    if let Ok(root) = &root {
        findings.extend(sessions::judge(sessions::look(root)));
        findings.extend(hook::variables(root));
    }
    findings.extend(definitions::judge(&definitions::look()));
    findings.extend(clients::judge(&clients::look(), &clients::defined()));
    findings.extend(kernel::judge(&kernel::look()));
    findings
}

fn servers(count: usize) -> String {
    units::count(count as u64, "server", "servers")
}
