//! `server_check`.

use std::cell::RefCell;
use std::collections::HashMap;

use super::answer::{Answer, data, tell_progress};
use crate::app::check::connect::{self, Interrupted, Request, TrialProgress};
use crate::commands::check::FIRST_ANSWER;
use crate::context;
use crate::disk::names::ServerName;
use crate::supervisor::trial::watch::Trial;
use crate::sys::exit;
use crate::ui;

pub fn check(name: ServerName) -> Answer {
    let servers = match connect::connect(Request::Defined(vec![name]), FIRST_ANSWER, &Told::default())? {
        Ok(servers) => servers,
        Err(Interrupted(signal)) => exit::by_signal(signal),
    };
    let server = servers.into_iter().next();
    let text = server.as_ref().map(|server| ui::connected::servers(std::slice::from_ref(server)));
    Ok((text.unwrap_or_default(), data(&server)?))
}

/// Tells how far a check is.
#[derive(Default)]
struct Told(RefCell<HashMap<String, u64>>);

impl TrialProgress for Told {
    fn show(&self, trials: &[Trial]) {
        for trial in trials.iter().filter(|trial| trial.report.is_none()) {
            let seconds = context::elapsed_millis(trial.began) / 1000;
            let is_new = self.0.borrow_mut().insert(trial.name.clone(), seconds) != Some(seconds);
            if is_new {
                let doing = trial.doing.as_ref().map(|doing| format!(": it {doing}")).unwrap_or_default();
                tell_progress(&format!("checking {} for {seconds} s{doing}", trial.name));
            }
        }
    }
}
