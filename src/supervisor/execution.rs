//! What is executed as a server: its command, its directory and its variables.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::plan::Plan;
use crate::context;
use crate::server::environment;

/// What is executed, without its streams.
pub fn command(plan: &Plan, words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).current_dir(&plan.record.directory);
    command.env_clear().envs(environment(plan));
    if let Some(direct) = &plan.shortcut.direct {
        command.envs(direct.variables.iter().map(|(name, value)| (name, value)));
        // Launchers find it by its name.
        command.arg0(direct.program.file_name().unwrap_or_default());
    }
    command
}

/// All variables that the server gets, but for those of a launcher that is passed by.
pub fn environment(plan: &Plan) -> BTreeMap<OsString, OsString> {
    let port = plan.port();
    let mut variables: BTreeMap<OsString, OsString> = context::variables().collect();
    for name in &plan.invocation.withheld {
        variables.remove(OsStr::new(name));
    }
    let mut set = |name: &str, value: OsString| drop(variables.insert(name.into(), value));
    if let Some((name, value)) = environment::unbuffered(plan.record.mode) {
        set(name, value.into());
    }
    for (name, value) in &plan.invocation.environment {
        set(name, value.render(port).into());
    }
    for (name, value) in environment::additions(&plan.record.token, &plan.paths) {
        set(name, value);
    }
    for (name, value) in environment::port(port, plan.record.settings.port.as_ref()) {
        set(&name, value.into());
    }
    for name in environment::REMOVED {
        variables.remove(OsStr::new(name));
    }
    variables
}
