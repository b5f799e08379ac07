//! Whether a server is started by its launcher, or without it because what the launcher would run is known.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::execution;
use super::plan::Plan;
use crate::context;
use crate::server::launch::{Direct, Doubt, Launch, View, doubt};
use crate::server::launch_note::LaunchNote;
use crate::server::launcher::Launcher;
use crate::server::npx::{self, Fetched, Resolved};
use crate::server::question::Question;
use crate::server::secrets::Secrets;
use crate::server::settings::LauncherPolicy;
use crate::server::uvx::Tool;

/// What was found of a launcher.
struct Found {
    launcher: &'static str,
    /// What is executed in its place.
    direct: Result<Direct, Doubt>,
    question: Option<Question>,
}

/// Decides for the start that is about to be made.
pub fn choose(plan: &mut Plan) {
    (plan.shortcut.direct, plan.shortcut.question, plan.record.launch) = (None, None, None);
    let Some(Found { launcher, direct, question }) = look(plan) else { return };
    let launcher = launcher.to_owned();
    plan.shortcut.question = question;
    plan.record.launch = Some(match direct.and_then(|direct| check(plan, direct)) {
        Ok(direct) => {
            let file = direct.program.clone();
            plan.shortcut.direct = Some(direct);
            Launch::Direct { launcher, file }
        }
        Err(Doubt(why)) => {
            let why = Secrets::new(&plan.invocation.secrets).masked(&why);
            Launch::AsWritten { launcher, why }
        }
    });
}

/// What its launcher would run; `None` if it has none, or none of which anything is to be said.
fn look(plan: &Plan) -> Option<Found> {
    let (words, policy) = (words(plan), plan.record.settings.launcher);
    let launcher = Launcher::of_command(&words)?;
    let variables = execution::environment(plan);
    let view = view(plan, &words, &variables);
    let found = match launcher {
        Launcher::Npm => of_npx(npx::resolve(&view)),
        Launcher::Uv => of_uvx(&view),
        _ => None,
    };
    let unknown =
        || Found { launcher: launcher.name(), direct: doubt("what it would run is not certain"), question: None };
    found.or_else(|| (policy == LauncherPolicy::Direct).then(unknown))
}

fn of_npx(resolved: Option<Result<Resolved, Doubt>>) -> Option<Found> {
    let (direct, question) = match resolved? {
        Ok(Resolved { direct, fetched }) => match fetched.as_ref().and_then(outdated) {
            Some(newest) => (doubt(format!("it is to fetch {newest}")), None),
            None => (Ok(direct), fetched.map(Question::Npm)),
        },
        Err(doubt) => (Err(doubt), None),
    };
    Some(Found { launcher: "npx", direct, question })
}

fn of_uvx(view: &View<'_>) -> Option<Found> {
    let tool = Tool::of(view)?;
    let (direct, question) = match tool {
        Ok(_) if view.policy == LauncherPolicy::AsWritten => (doubt("as it is set"), None),
        Ok(_) if view.policy == LauncherPolicy::Pinned => (doubt("only --launcher direct passes it by"), None),
        Ok(tool) => (tool.direct(LaunchNote::read(tool.key()).environment.as_ref()), Some(Question::Uvx(tool.into()))),
        Err(doubt) => (Err(doubt), None),
    };
    Some(Found { launcher: "uvx", direct, question })
}

/// What is run in place of the launcher, unless that is not wanted, or did not work.
fn check(plan: &Plan, direct: Direct) -> Result<Direct, Doubt> {
    if plan.record.settings.launcher == LauncherPolicy::AsWritten {
        return doubt("as it is set");
    }
    if plan.shortcut.is_mistrusted { doubt("it failed without it") } else { Ok(direct) }
}

/// What is newer than what was fetched, as far as that is known, and may take its place.
fn outdated(fetched: &Fetched) -> Option<String> {
    let newest = LaunchNote::read(&Question::Npm(fetched.clone()).key()).newest;
    let is_outdated = !newest.is_empty() && newest != fetched.installed && !fetched.is_in_use();
    is_outdated.then(|| newest.join(", "))
}

/// Remembers what `npx` has run, if it has.
pub fn learn(plan: &Plan) {
    if plan.shortcut.direct.is_some() {
        return;
    }
    let (words, variables) = (words(plan), execution::environment(plan));
    if let Some(Ok(Resolved { fetched: Some(fetched), .. })) = npx::resolve(&view(plan, &words, &variables)) {
        let newest = fetched.installed.clone();
        let key = Question::Npm(fetched).key();
        // Else it is asked at the next start.
        let _ = LaunchNote { asked: context::wall_millis(), newest, ..LaunchNote::read(&key) }.write(&key);
    }
}

fn words(plan: &Plan) -> Vec<String> {
    plan.invocation.words.iter().map(|word| word.render(plan.port())).collect()
}

fn view<'a>(plan: &'a Plan, words: &'a [String], variables: &'a BTreeMap<OsString, OsString>) -> View<'a> {
    View { words, variables, directory: &plan.record.directory, policy: plan.record.settings.launcher }
}

/// Has the launcher do it from now on, if it was passed by; whether it was.
pub fn mistrust(plan: &mut Plan) -> bool {
    let was_direct = plan.shortcut.direct.is_some();
    plan.shortcut.is_mistrusted |= was_direct;
    was_direct
}
