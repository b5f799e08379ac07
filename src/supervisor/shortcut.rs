//! Whether a server is started by its launcher, or without it because what the launcher would run is known.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::execution;
use super::plan::Plan;
use crate::context;
use crate::server::launch::{Direct, Doubt, Launch, View, doubt};
use crate::server::launch_cost::LaunchCost;
use crate::server::launch_note::LaunchNote;
use crate::server::launcher::Launcher;
use crate::server::npx::{self, Resolved};
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
    cost: LaunchCost,
}

/// What a launcher takes of which nothing was measured yet: `npx` runs a shell that runs the server.
const OF_NPX: usize = 2;
const OF_UVX: usize = 1;

/// Decides for the start that is about to be made.
pub fn choose(plan: &mut Plan) {
    (plan.shortcut.direct, plan.shortcut.question, plan.record.launch) = (None, None, None);
    let Some(Found { launcher, direct, question, cost }) = look(plan) else { return };
    let launcher = launcher.to_owned();
    (plan.shortcut.question, plan.shortcut.cost) = (question, cost);
    plan.record.launch = Some(match direct.and_then(|direct| check(plan, direct)) {
        Ok(direct) => {
            let file = direct.program.clone();
            plan.shortcut.direct = Some(direct);
            Launch::Direct { launcher, file, saved: Some(plan.shortcut.cost.saved(None)) }
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
    let unknown = || Found::new(launcher.name(), doubt("what it would run is not certain"), LaunchCost::default());
    found.or_else(|| (policy == LauncherPolicy::Direct).then(unknown))
}

fn of_npx(resolved: Option<Result<Resolved, Doubt>>) -> Option<Found> {
    let Resolved { direct, fetched, may_change } = match resolved? {
        Ok(resolved) => resolved,
        Err(doubt) => return Some(Found::new("npx", Err(doubt), LaunchCost::default())),
    };
    let question = Question::Npm(fetched);
    let note = LaunchNote::read(&question.key());
    let cost = note.cost.clone().unwrap_or(LaunchCost { processes: OF_NPX, ..LaunchCost::default() });
    Some(match &question {
        Question::Npm(fetched) if may_change && fetched.is_outdated(&note.newest) => {
            Found::new("npx", doubt(format!("it is to fetch {}", note.newest.join(", "))), cost)
        }
        _ => Found { question: may_change.then_some(question), ..Found::new("npx", Ok(direct), cost) },
    })
}

fn of_uvx(view: &View<'_>) -> Option<Found> {
    let tool = match Tool::of(view)? {
        Ok(tool) => tool,
        Err(doubt) => return Some(Found::new("uvx", Err(doubt), LaunchCost::default())),
    };
    let note = LaunchNote::read(tool.key());
    let direct = match view.policy {
        LauncherPolicy::Direct => tool.direct(note.environment.as_ref()),
        LauncherPolicy::Pinned => doubt("only --launcher direct passes it by"),
        LauncherPolicy::AsWritten => doubt("as it is set"),
    };
    let cost = note.cost.unwrap_or(LaunchCost { processes: OF_UVX, ..LaunchCost::default() });
    let question = (view.policy == LauncherPolicy::Direct).then(|| Question::Uvx(tool.into()));
    Some(Found { question, ..Found::new("uvx", direct, cost) })
}

impl Found {
    fn new(launcher: &'static str, direct: Result<Direct, Doubt>, cost: LaunchCost) -> Self {
        Self { launcher, direct, question: None, cost }
    }
}

/// What is run in place of the launcher, unless that is not wanted, or did not work.
fn check(plan: &Plan, direct: Direct) -> Result<Direct, Doubt> {
    if plan.record.settings.launcher == LauncherPolicy::AsWritten {
        return doubt("as it is set");
    }
    if plan.shortcut.is_mistrusted { doubt("it failed without it") } else { Ok(direct) }
}

/// Remembers what `npx` has run, if it has.
pub fn learn(plan: &Plan) {
    if plan.shortcut.direct.is_some() || plan.record.settings.launcher != LauncherPolicy::Direct {
        return;
    }
    if let Some(Origin::Npx(Resolved { fetched, may_change: true, .. })) = origin(plan) {
        let newest = fetched.installed.clone();
        let key = Question::Npm(fetched).key();
        // Else it is asked at the next start.
        let _ = LaunchNote { asked: context::wall_millis(), newest, ..LaunchNote::read(&key) }.write(&key);
    }
}

/// What a launcher has run, as far as that can be told from outside.
pub enum Origin {
    Npx(Resolved),
    Uvx(Box<Tool>),
}

/// The same, whatever is wished.
pub fn origin(plan: &Plan) -> Option<Origin> {
    let (words, variables) = (words(plan), execution::environment(plan));
    let view = View { policy: LauncherPolicy::Direct, ..view(plan, &words, &variables) };
    match Launcher::of_command(&words)? {
        Launcher::Npm => npx::resolve(&view)?.ok().map(Origin::Npx),
        Launcher::Uv => Tool::of(&view)?.ok().map(|tool| Origin::Uvx(tool.into())),
        _ => None,
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
