//! `status`: what this session's servers do.

use std::process::ExitCode;

use anyhow::Result;

use super::{Run, env, watch};
use crate::cli::Status;
use crate::disk::layout::Root;
use crate::disk::names::SessionId;
use crate::failure::hinted;
use crate::session::open::Session;
use crate::session::record::{Owner, SessionRecord};
use crate::session::view::{self, ServerView, SessionView};
use crate::session::{find, sweep};
use crate::ui;

/// `status NAME`: the server is not running (as `systemctl status` has it).
const NOT_RUNNING: u8 = 3;
/// `status NAME`: there is no such server.
const NO_SUCH_SERVER: u8 = 4;

impl Run for Status {
    fn run(self) -> Result<ExitCode> {
        let root = Root::open()?;
        if self.watch {
            return watch::watch(&root, &self);
        }
        if self.all {
            let (sessions, troubles) = all(&root)?;
            for error in troubles {
                ui::warn(&format!("left out: {error:#}"));
            }
            self.show(sessions)?;
            return Ok(ExitCode::SUCCESS);
        }
        let (root, session) = find::find(&root, self.session.session.as_ref())?;
        let is_current = self.session.session.is_none() || is_current(&root, &session);
        let mut view = SessionView::of_live(&root, &session, is_current);
        env::add_stale(&root, &mut view);
        let mut code = ExitCode::SUCCESS;
        if let Some(name) = &self.name {
            view.servers.retain(|server| server.name == *name);
            match view.servers.first() {
                None => {
                    let message = format!("could not find {name}: there is no server of this name in this session");
                    ui::error(&hinted(message, "mcp-hook status shows those there are"));
                    return Ok(ExitCode::from(NO_SUCH_SERVER));
                }
                Some(server) if !server.state.is_running() => code = ExitCode::from(NOT_RUNNING),
                Some(_) => {}
            }
        }
        self.show(vec![view])?;
        Ok(code)
    }
}

impl Status {
    fn show(&self, mut sessions: Vec<SessionView>) -> Result<()> {
        if self.name.is_some() {
            sessions
                .iter_mut()
                .flat_map(|session| &mut session.servers)
                .for_each(ServerView::measure_proportional_memory);
        }
        if self.json {
            return ui::json(&view::report(sessions));
        }
        ui::show(&ui::table::sessions(&sessions, self.all, ui::room()))?;
        if self.name.is_none() {
            return Ok(());
        }
        let mut named = sessions.iter_mut().flat_map(|session| &mut session.servers);
        named.try_for_each(|server| {
            server.look_at_keeper();
            ui::show(&ui::details::details(server))
        })
    }
}

/// Every session that is of interest, and what is wrong with those whose records cannot be read.
///
/// # Errors
/// When a session whose files have vanished cannot be made again.
pub fn all(root: &Root) -> Result<(Vec<SessionView>, Vec<anyhow::Error>)> {
    let current = find::current(root)?.map(|(_, session)| session.record.id);
    let (mut sessions, mut troubles) = (Vec::new(), Vec::new());
    for root in [root].into_iter().chain(&root.others()) {
        sessions.extend(all_of(root, current.as_ref(), &mut troubles));
    }
    Ok((sessions, troubles))
}

fn all_of(root: &Root, current: Option<&SessionId>, troubles: &mut Vec<anyhow::Error>) -> Vec<SessionView> {
    let view = |id: SessionId| {
        let record = match SessionRecord::read(&root.session(&id)) {
            Ok(record) => record?,
            Err(error) => {
                troubles.push(error);
                let _ = sweep::examine(root, id).sweep();
                return None;
            }
        };
        let alive = matches!(record.owner(), Owner::Alive(_));
        let look = || SessionView::of(root, &record, alive, current == Some(&id));
        let mut view = look();
        if view.servers.iter().any(ServerView::is_lost) {
            let _ = sweep::examine(root, id.clone()).sweep();
            view = look();
        }
        env::add_stale(root, &mut view);
        // A dead session is of interest only while something of it is.
        (alive || view.servers.iter().any(ServerView::is_managed)).then_some(view)
    };
    find::all(root).into_iter().filter_map(view).collect()
}

/// Whether a session is the one that this process is in.
pub fn is_current(root: &Root, session: &Session) -> bool {
    find::current(root).ok().flatten().is_some_and(|(_, current)| current.record.id == session.record.id)
}
