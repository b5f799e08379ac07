//! Whether a server is started by its launcher, or without it because what the launcher would run is known.

use super::child;
use super::plan::Plan;
use crate::context;
use crate::server::launch::{Doubt, Launch};
use crate::server::launch_note::LaunchNote;
use crate::server::launcher::Launcher;
use crate::server::npx::{self, Fetched, Resolved, View};
use crate::server::question::Question;
use crate::server::secrets::Secrets;
use crate::server::settings::LauncherPolicy;

/// The launcher that is passed by.
const NPX: &str = "npx";

/// Decides for the start that is about to be made.
pub fn choose(plan: &mut Plan) {
    (plan.shortcut.direct, plan.shortcut.question) = (None, None);
    let Some(found) = look(plan) else {
        plan.record.launch = None;
        return;
    };
    let launch = match found.and_then(|resolved| check(plan, resolved)) {
        Ok(Resolved { direct, fetched }) => {
            let file = direct.program.clone();
            plan.shortcut.direct = Some(direct);
            plan.shortcut.question = fetched.map(Question::Npm);
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
fn look(plan: &Plan) -> Option<Result<Resolved, Doubt>> {
    let words: Vec<String> = plan.invocation.words.iter().map(|word| word.render(plan.port())).collect();
    if Launcher::of_command(&words) != Some(Launcher::Npm) {
        return None;
    }
    let policy = plan.record.settings.launcher;
    let view = View { words: &words, variables: &child::environment(plan), directory: &plan.record.directory, policy };
    npx::resolve(&view)
}

/// What is run in place of the launcher, unless somebody or something speaks against it.
fn check(plan: &Plan, resolved: Resolved) -> Result<Resolved, Doubt> {
    if plan.record.settings.launcher == LauncherPolicy::AsWritten {
        return Err(Doubt("as it is set".to_owned()));
    }
    if plan.shortcut.is_mistrusted {
        return Err(Doubt("it failed without it".to_owned()));
    }
    match resolved.fetched.as_ref().and_then(outdated) {
        Some(newest) => Err(Doubt(format!("it is to fetch {newest}"))),
        None => Ok(resolved),
    }
}

/// What is newer than what was fetched, as far as that is known, and may take its place.
fn outdated(fetched: &Fetched) -> Option<String> {
    let newest = LaunchNote::read(&Question::Npm(fetched.clone()).key()).newest;
    let is_outdated = !newest.is_empty() && newest != fetched.installed && !fetched.is_in_use();
    is_outdated.then(|| newest.join(", "))
}

/// Remembers what the launcher has run, if it has.
pub fn learn(plan: &Plan) {
    if plan.shortcut.direct.is_some() {
        return;
    }
    if let Some(Ok(Resolved { fetched: Some(fetched), .. })) = look(plan) {
        let newest = fetched.installed.clone();
        let key = Question::Npm(fetched).key();
        // Else it is asked at the next start.
        let _ = LaunchNote { asked: context::wall_millis(), newest, ..LaunchNote::read(&key) }.write(&key);
    }
}

/// Has the launcher do it from now on, if it was passed by; whether it was.
pub fn mistrust(plan: &mut Plan) -> bool {
    let was_direct = plan.shortcut.direct.is_some();
    plan.shortcut.is_mistrusted |= was_direct;
    was_direct
}
