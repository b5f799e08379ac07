//! What is executed as a server: its command, its directory and its variables.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::plan::Plan;
use crate::context;
use crate::server::environment;
use crate::sys::execution::Execution;

/// What is executed.
pub fn of(plan: &Plan, words: &[String]) -> Execution {
    let mut variables = environment(plan);
    let mut arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
    if let Some(direct) = &plan.shortcut.direct {
        variables.extend(direct.variables.iter().map(|(name, value)| (name.into(), value.into())));
        // Launchers find it by its name.
        direct.program.file_name().unwrap_or_default().clone_into(&mut arguments[0]);
    }
    let directory = plan.record.directory.clone();
    Execution { program: words[0].clone(), arguments, variables, directory }
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
