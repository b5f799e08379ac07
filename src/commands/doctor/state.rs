//! What is on disk and in the kernel: directories, sessions, left-overs, definitions, safety nets.

use super::stuck;
use crate::app::env;
use crate::disk::file;
use crate::disk::layout::Root;
use crate::disk::names::ServerName;
use crate::failure::hint_of;
use crate::server::record::{ServerRecord, ServerState};
use crate::session::join::Inherited;
use crate::session::sweep::action::Action;
use crate::session::sweep::policy::OwnerFact;
use crate::session::view::StateView;
use crate::session::{live, recovery, sweep};
use crate::shell::stale;
use crate::sys::handle::ProcessHandle;
use crate::sys::{Pid, children, mark, orphans};
use crate::ui::findings::Finding;
use crate::units;

/// The directories, without making one.
pub fn directories(root: &anyhow::Result<Root>) -> Vec<Finding> {
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
    let others = root.others();
    let other = |root: &Root| Finding::good("root", format!("{} is looked into as well", root.runtime()));
    findings.extend(others.iter().map(other));
    findings.extend(root.refused().iter().map(|(_, error)| refused("root", error)));
    findings
}

fn refused(about: &'static str, error: &anyhow::Error) -> Finding {
    let hint = hint_of(error).unwrap_or("set MCP_HOOK_DIR to a directory of your own");
    Finding::problem(about, format!("{error:#}"), hint)
}

/// What sessions there are and what dead ones left.
pub fn sessions(root: &Root) -> Vec<Finding> {
    let mut facts = Sessions::default();
    let others = root.others();
    for root in [root].into_iter().chain(&others) {
        facts.add(root);
    }
    facts.findings()
}

/// The servers that started with their session and failed: nobody was told.
fn failed(session: &sweep::ExaminedSession) -> Vec<(ServerName, String)> {
    let read = session.servers.iter().filter_map(|(_, record)| record.as_ref().ok());
    let unseen = read.filter(|record| record.autostart && has_failed(record));
    let tell = |record: &ServerRecord| {
        let state = StateView::of(record);
        let why = state.reason().unwrap_or_default();
        (record.name.clone(), format!("{}: {} did not start with its session: {why}", session.id, record.name))
    };
    unseen.map(tell).collect()
}

fn has_failed(record: &ServerRecord) -> bool {
    match &record.state {
        ServerState::Waiting { end, .. } => end.early,
        _ => matches!(StateView::of(record), StateView::Failed { .. }),
    }
}

/// What is known of all sessions.
#[derive(Default)]
struct Sessions {
    living: usize,
    servers: usize,
    /// What `cleanup` would do, and why.
    left: Vec<String>,
    /// Sessions that belong to another place, and what runs there.
    elsewhere: Vec<String>,
    /// What does not end, or keeps a server from being watched, and what can be done.
    stuck: Vec<(String, String)>,
    /// Servers that started with their session and failed, and what is to be said of it.
    failed: Vec<(ServerName, String)>,
    /// Records that cannot be read.
    unreadable: Vec<String>,
}

impl Sessions {
    /// Adds what is in a root.
    fn add(&mut self, root: &Root) {
        let sessions = sweep::examine_all(root);
        let living = || sessions.iter().filter(|session| session.facts.owner == OwnerFact::Alive);
        self.living += living().count();
        self.servers += living().map(|session| session.servers.len()).sum::<usize>();
        self.failed.extend(living().flat_map(failed));
        let forgotten = |token: &crate::server::token::Token| {
            format!("{}: server {} runs, but its session's files are gone", token.session(), token.server())
        };
        self.left.extend(recovery::ownerless_servers(root).iter().map(|server| forgotten(&server.token)));
        for session in &sessions {
            self.elsewhere.extend(session.elsewhere().map(|why| format!("{} {why}", session.id)));
            let deeds = session.would_do();
            let line = |deed: &Action| format!("{}: cleanup {} ({})", deed.session, deed.what, deed.reason);
            self.left.extend(deeds.iter().map(line));
            self.stuck.extend(session.servers.iter().filter_map(|(_, record)| stuck::look(record.as_ref().ok()?)));
            self.unreadable.extend(session.troubles().map(|error| format!("{error:#}")));
        }
    }

    fn findings(self) -> Vec<Finding> {
        let known = format!("{} with a living shell, {} in them", self.living, servers(self.servers));
        let mut findings = vec![Finding::good("sessions", known)];
        if self.left.is_empty() && self.stuck.is_empty() {
            findings.push(Finding::good(
                "left-overs",
                "none: no session without its shell, no server without its watchers",
            ));
        }
        let elsewhere =
            |text| Finding::warning("sessions", text, "look at it from there; what is left of it is removed later");
        findings.extend(self.elsewhere.into_iter().map(elsewhere));
        let failed = |(name, text)| Finding::warning("servers", text, format!("mcp-hook logs {name} shows why"));
        findings.extend(self.failed.into_iter().map(failed));
        let left = |text| Finding::warning("left-overs", text, "mcp-hook cleanup");
        findings.extend(self.left.into_iter().map(left));
        findings.extend(self.stuck.into_iter().map(|(text, hint)| Finding::problem("left-overs", text, hint)));
        let unreadable = |text| Finding::warning("sessions", text, "remove it if nothing of that session is in use");
        findings.extend(self.unreadable.into_iter().map(unreadable));
        findings
    }
}

/// The variables of the calling shell that say of its session's servers what is not true.
pub fn variables(root: &Root) -> Vec<Finding> {
    let Some(session) = Inherited::from_environment().id.and_then(|id| live::find(root, &id)) else {
        return Vec::new();
    };
    let stale = env::stale(&root.session(&session.record.id));
    let remedy = stale::remedy(&session.record.shell);
    stale.iter().map(|stale| Finding::warning("variables", stale.to_string(), remedy)).collect()
}

/// A number of servers in words.
pub fn servers(count: usize) -> String {
    units::count(count as u64, "server", "servers")
}

/// What the kernel may help with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Net {
    /// Handles on processes that cannot come to mean others.
    Handles,
    /// Orphans are handed to the supervisor.
    Adoption,
    /// The kernel lists the children of a process.
    Children,
    /// Processes can carry a mark that they do not lose.
    Mark,
}

/// What this kernel does not help with, tried on this process only.
pub fn missing_nets() -> Vec<Net> {
    let has_handles = ProcessHandle::open(Pid::this()).is_some_and(|me| me.as_poll_fd().is_some());
    let all = [
        (Net::Handles, has_handles),
        (Net::Adoption, orphans::adopt().is_ok()),
        (Net::Children, children::are_listed()),
        (Net::Mark, mark::choose(0).is_some()),
    ];
    all.into_iter().filter(|(_, is_there)| !is_there).map(|(net, _)| net).collect()
}

/// What follows from what is missing: all is done without it too, but slower or with less certainty.
pub fn nets(missing: &[Net]) -> Vec<Finding> {
    if missing.is_empty() {
        return vec![Finding::good("kernel", "has all that is needed")];
    }
    let finding =
        |net: &Net| Finding::warning("kernel", net.without(), "a newer kernel has it; a sandbox may forbid it");
    missing.iter().map(finding).collect()
}

impl Net {
    /// What is done without it.
    fn without(self) -> &'static str {
        match self {
            Self::Handles => "no handles on processes (pidfd): shells are looked at several times a second instead",
            Self::Adoption => "orphans cannot be adopted (subreaper): a daemon with an emptied environment may escape",
            Self::Children => "the kernel does not list children: all processes are searched instead",
            Self::Mark => "no mark (limit on file locks): what outlives both watchers is known by its environment only",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::findings::unpainted;

    #[test]
    fn what_is_missing_is_said_with_what_is_done_instead() {
        insta::assert_snapshot!(unpainted(&nets(&[])), @"✓ kernel       has all that is needed");
        let all = [Net::Handles, Net::Adoption, Net::Children, Net::Mark];
        insta::assert_snapshot!(unpainted(&nets(&all)), @r"
        ! kernel       no handles on processes (pidfd): shells are looked at several times a second instead
                       hint: a newer kernel has it; a sandbox may forbid it
        ! kernel       orphans cannot be adopted (subreaper): a daemon with an emptied environment may escape
                       hint: a newer kernel has it; a sandbox may forbid it
        ! kernel       the kernel does not list children: all processes are searched instead
                       hint: a newer kernel has it; a sandbox may forbid it
        ! kernel       no mark (limit on file locks): what outlives both watchers is known by its environment only
                       hint: a newer kernel has it; a sandbox may forbid it
        ");
    }

    #[test]
    fn what_dead_sessions_left_is_listed() {
        let clean = Sessions { living: 2, servers: 5, ..Sessions::default() };
        insta::assert_snapshot!(unpainted(&clean.findings()), @r"
        ✓ sessions     2 with a living shell, 5 servers in them
        ✓ left-overs   none: no session without its shell, no server without its watchers
        ");
        let left = Sessions {
            living: 1,
            failed: vec![(
                "web".parse().expect("a name"),
                "pts3-4-b: web did not start with its session: why".to_owned(),
            )],
            left: vec!["pts3-4-a: cleanup would end server web (its shell is gone)".to_owned()],
            unreadable: vec!["could not read /x/session.json: it has version 7".to_owned()],
            ..Sessions::default()
        };
        insta::assert_snapshot!(unpainted(&left.findings()), @r"
        ✓ sessions     1 with a living shell, 0 servers in them
        ! servers      pts3-4-b: web did not start with its session: why
                       hint: mcp-hook logs web shows why
        ! left-overs   pts3-4-a: cleanup would end server web (its shell is gone)
                       hint: mcp-hook cleanup
        ! sessions     could not read /x/session.json: it has version 7
                       hint: remove it if nothing of that session is in use
        ");
    }
}
