//! Whether a server is started by its launcher, or without it because what the launcher would run is known.

use super::child;
use super::plan::Plan;
use crate::server::launch::Launch;
use crate::server::launcher::Launcher;
use crate::server::npx::{self, Direct, Doubt, View};
use crate::server::secrets::Secrets;
use crate::server::settings::LauncherPolicy;

/// The launcher that is passed by.
const NPX: &str = "npx";

/// Decides for the start that is about to be made.
pub fn choose(plan: &mut Plan) {
    plan.shortcut.direct = None;
    let Some(found) = look(plan) else {
        plan.record.launch = None;
        return;
    };
    let launch = match found {
        Ok(direct) => {
            let file = direct.program.clone();
            plan.shortcut.direct = Some(direct);
            Launch::Direct { launcher: NPX.to_owned(), file }
        }
        Err(Doubt(why)) => {
            let why = Secrets::new(&plan.invocation.secrets).masked(&why);
            Launch::AsWritten { launcher: NPX.to_owned(), why }
        }
    };
    plan.record.launch = Some(launch);
}

/// What its launcher would run; `None` if it has none that is known.
fn look(plan: &Plan) -> Option<Result<Direct, Doubt>> {
    let words: Vec<String> = plan.invocation.words.iter().map(|word| word.render(plan.port())).collect();
    if Launcher::of_command(&words) != Some(Launcher::Npm) {
        return None;
    }
    let view = View { words: &words, variables: &child::environment(plan), directory: &plan.record.directory };
    let found = npx::resolve(&view)?;
    Some(match found {
        Ok(_) if plan.record.settings.launcher == LauncherPolicy::AsWritten => Err(Doubt("as it is set".to_owned())),
        Ok(_) if plan.shortcut.is_mistrusted => Err(Doubt("it failed without it".to_owned())),
        found => found,
    })
}

/// Has the launcher do it from now on, if it was passed by; whether it was.
pub fn mistrust(plan: &mut Plan) -> bool {
    let was_direct = plan.shortcut.direct.is_some();
    plan.shortcut.is_mistrusted |= was_direct;
    was_direct
}
