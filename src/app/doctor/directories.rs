//! The directories for records and logs.

use super::Finding;
use crate::disk::file;
use crate::disk::layout::Root;
use crate::failure::hint_of;

/// Looks at the directories without making one.
pub fn look(root: &anyhow::Result<Root>) -> Vec<Finding> {
    let root = match root {
        Ok(root) => root,
        Err(error) => return vec![refused("root", error)],
    };
    let mut findings = Vec::new();
    if let Err(error) = root.examine() {
        findings.push(refused("root", &error));
    }
    for (about, directory) in [("root", root.runtime()), ("logs", root.logs())] {
        match directory.check() {
            Ok(()) => findings.push(Finding::good(about, format!("{directory}, yours alone"))),
            Err(error) if file::is_missing(&error) => {
                findings.push(Finding::good(about, format!("{directory} will be made when it is needed")));
            }
            // Said already.
            Err(_) => {}
        }
    }
    for other in root.others() {
        findings.push(Finding::good("root", format!("{} is looked into as well", other.runtime())));
    }
    findings.extend(root.refused().iter().map(|(_, error)| refused("root", error)));
    findings
}

fn refused(about: &'static str, error: &anyhow::Error) -> Finding {
    let hint = hint_of(error).unwrap_or("set MCP_HOOK_DIR to a directory of your own");
    Finding::problem(about, format!("{error:#}"), hint)
}
