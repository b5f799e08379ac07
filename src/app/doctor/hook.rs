//! Whether the hook is active in this shell, and where it stands.

use std::path::{Path, PathBuf};

use super::Finding;
use crate::app::env;
use crate::context;
use crate::disk::file;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::session::find::glance;
use crate::session::join::Inherited;
use crate::session::live;
use crate::session::owner::shell_above;
use crate::session::sweep;
use crate::shell::syntax::Syntax;
use crate::shell::{Homes, HookLine, Shell, hook_lines};
use crate::sys::{Pid, process};

const ABOUT: &str = "hook";
/// A larger start-up file is not looked through, in bytes.
const LARGEST: u64 = 4 << 20;

/// What the shell that this was called from has to do with a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It owns this one.
    Owns(String),
    /// It is inside of this one, whose owner is this.
    Inside(String, String),
    /// Its environment names this one, whose owner has ended or is no ancestor.
    Stale(String),
    /// Its environment names this one, which belongs somewhere else, and this is where.
    Elsewhere(String, String),
    /// Its environment names this one, whose place cannot be used by now.
    Refused(String),
    None,
}

/// The shell and the start-up files that were found.
#[derive(Clone, Debug)]
pub struct HookFacts {
    pub membership: Membership,
    /// What the program is called that this was called from.
    pub caller: String,
    /// The user's login shell, for a caller that is no shell with a hook.
    pub login: Option<&'static Shell>,
    pub homes: Homes,
    /// The files with a hook: whose files they are, and the hooks.
    pub files: Vec<(&'static Shell, PathBuf, Vec<HookLine>)>,
}

/// Looks at the environment and at the start-up files.
pub fn look(root: &Root) -> HookFacts {
    let me = process::read(Pid::this());
    let shell = me.as_ref().and_then(shell_above);
    let login = context::text_variable("SHELL").and_then(|path| Shell::named(path.rsplit('/').next()?));
    let homes = Homes::from_environment();
    HookFacts {
        membership: membership(root, shell.as_ref().map(|shell| shell.pid)),
        caller: shell.map(|shell| process::name(shell.pid)).unwrap_or_default(),
        login,
        files: files(&homes),
        homes,
    }
}

fn membership(root: &Root, shell: Option<Pid>) -> Membership {
    let Some(id) = Inherited::from_environment().id else { return Membership::None };
    let Some(session) = live::find(root, &id) else { return without_owner(root, &id) };
    let owner = session.owner.pid();
    if shell == Some(owner) {
        Membership::Owns(id.to_string())
    } else if glance(root).is_some_and(|(_, around)| around.record.id == id) {
        Membership::Inside(id.to_string(), format!("{} {owner}", process::name(owner)))
    } else {
        Membership::Stale(id.to_string())
    }
}

/// What the session is that the environment names, though its owner is not alive here.
fn without_owner(root: &Root, id: &SessionId) -> Membership {
    if let Some(why) = sweep::examine(root, id.clone()).elsewhere() {
        return Membership::Elsewhere(id.to_string(), why);
    }
    if root.refused().iter().any(|(other, _)| other.session(id).pids.path().exists()) {
        return Membership::Refused(id.to_string());
    }
    Membership::Stale(id.to_string())
}

/// The start-up files in which a hook stands.
fn files(homes: &Homes) -> Vec<(&'static Shell, PathBuf, Vec<HookLine>)> {
    let mut found = Vec::new();
    for shell in Shell::ALL {
        let snippets = shell.snippets(homes).map(|(directory, extension)| listed(&directory, extension));
        for file in shell.startup_files(homes).into_iter().chain(snippets.unwrap_or_default()) {
            let text = file::read_any(&file, LARGEST).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let hooks = text.map(|text| hook_lines(&text)).unwrap_or_default();
            if !hooks.is_empty() {
                found.push((shell, file, hooks));
            }
        }
    }
    found
}

fn listed(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == extension)).collect();
    files.sort_unstable();
    files
}

/// The variables of the calling shell that say of its session's servers what is not true.
pub fn variables(root: &Root) -> Vec<Finding> {
    let Some(session) = Inherited::from_environment().id.and_then(|id| live::find(root, &id)) else {
        return Vec::new();
    };
    let stale = env::stale(&root.session(&session.record.id));
    let remedy = Syntax::of_program(&session.record.shell).env_line;
    stale.iter().map(|stale| Finding::warning("variables", stale.to_string(), remedy)).collect()
}

pub fn judge(facts: &HookFacts) -> Vec<Finding> {
    let mut findings = vec![active(facts)];
    findings.extend(facts.files.iter().flat_map(|(shell, file, hooks)| {
        let file = file.display().to_string();
        hooks.iter().map(move |hook| standing(shell, &file, hook))
    }));
    findings
}

fn active(facts: &HookFacts) -> Finding {
    let shell = Shell::named(&facts.caller).or(facts.login).unwrap_or(Shell::ALL[0]);
    let (line, file) = (shell.rc_line, shell.rc_file(&facts.homes));
    let is_in_file =
        facts.files.iter().any(|(of, _, hooks)| **of == *shell && hooks.iter().any(|it| *it.shell == *shell));
    let way_out = if is_in_file {
        format!("it stands in a start-up file: open a new terminal, or type {line}")
    } else {
        format!("put {line} at the end of {file}, and open a new terminal")
    };
    match &facts.membership {
        Membership::Owns(id) => Finding::good(ABOUT, format!("active in this shell, which owns the session {id}")),
        Membership::Inside(id, owner) => {
            Finding::good(ABOUT, format!("active: this is inside of the session {id}, which {owner} owns"))
        }
        Membership::Stale(id) => Finding::problem(
            ABOUT,
            format!(
                "not active in this shell: its environment names the session {id}, which is over or another shell's"
            ),
            way_out,
        ),
        Membership::Elsewhere(id, why) => Finding::problem(
            ABOUT,
            format!("not active in this shell: its environment names the session {id}, which {why}"),
            "use it from where it was opened, or open another one here with eval \"$(mcp-hook open)\"",
        ),
        Membership::Refused(id) => Finding::problem(
            ABOUT,
            format!("not active in this shell: its session {id} is in a place that cannot be used by now"),
            "see below",
        ),
        Membership::None => Finding::problem(ABOUT, "not active in this shell", way_out),
    }
}

/// What is to be said of a hook in a file of `shell`.
fn standing(shell: &Shell, file: &str, hook: &HookLine) -> Finding {
    let place = format!("stands in {file}, line {}", hook.line);
    let line = shell.rc_line;
    if hook.shell != shell {
        let text = format!("the hook for {} {place}, which {shell} reads", hook.shell);
        return Finding::problem(ABOUT, text, format!("make it {line}"));
    }
    match hook.behind {
        None => Finding::good(ABOUT, place),
        Some(end) => {
            let hint = format!("move it in front of line {end}");
            Finding::warning(ABOUT, format!("{place}, but line {end} ends the file before"), hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui;

    fn shell(name: &str) -> &'static Shell {
        Shell::named(name).expect("a shell")
    }

    fn shown(membership: Membership, caller: &str, files: Vec<(&'static Shell, &str, Vec<HookLine>)>) -> String {
        let files = files.into_iter().map(|(shell, file, hooks)| (shell, PathBuf::from(file), hooks)).collect();
        let homes = Homes { home: "/home/me".into(), ..Homes::default() };
        let facts = HookFacts { membership, caller: caller.to_owned(), login: Some(shell("fish")), homes, files };
        ui::findings::unpainted(&judge(&facts))
    }

    fn at(line: usize, shell: &'static Shell, behind: Option<usize>) -> Vec<HookLine> {
        vec![HookLine { line, shell, behind }]
    }

    #[test]
    fn what_is_said_of_the_hook_follows_from_the_session_and_the_files() {
        let id = "pts3-4800-k7f2".to_owned();
        let bashrc = "/home/me/.bashrc";
        insta::assert_snapshot!(shown(Membership::Owns(id.clone()), "bash", vec![(shell("bash"), bashrc, at(7, shell("bash"), None))]), @r"
        ✓ hook         active in this shell, which owns the session pts3-4800-k7f2
        ✓ hook         stands in /home/me/.bashrc, line 7
        ");
        insta::assert_snapshot!(shown(Membership::Inside(id.clone(), "zsh 4800".to_owned()), "make", Vec::new()), @"✓ hook         active: this is inside of the session pts3-4800-k7f2, which zsh 4800 owns");
        insta::assert_snapshot!(shown(Membership::Stale(id), "-zsh", Vec::new()), @r#"
        ✗ hook         not active in this shell: its environment names the session pts3-4800-k7f2, which is over or another shell's
                       hint: put eval "$(mcp-hook init zsh)" at the end of ~/.zshrc, and open a new terminal
        "#);
        insta::assert_snapshot!(shown(Membership::None, "bash", vec![(shell("bash"), bashrc, at(7, shell("bash"), Some(3)))]), @r#"
        ✗ hook         not active in this shell
                       hint: it stands in a start-up file: open a new terminal, or type eval "$(mcp-hook init bash)"
        ! hook         stands in /home/me/.bashrc, line 7, but line 3 ends the file before
                       hint: move it in front of line 3
        "#);
        insta::assert_snapshot!(shown(Membership::None, "bash", vec![(shell("bash"), bashrc, at(7, shell("zsh"), None))]), @r#"
        ✗ hook         not active in this shell
                       hint: put eval "$(mcp-hook init bash)" at the end of ~/.bashrc, and open a new terminal
        ✗ hook         the hook for zsh stands in /home/me/.bashrc, line 7, which bash reads
                       hint: make it eval "$(mcp-hook init bash)"
        "#);
        insta::assert_snapshot!(shown(Membership::None, "make", Vec::new()), @r"
        ✗ hook         not active in this shell
                       hint: put mcp-hook init fish | source at the end of ~/.config/fish/config.fish, and open a new terminal
        ");
    }
}
