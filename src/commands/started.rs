//! What became of a server that was to be started, in words.

use std::net::Ipv4Addr;

use anyhow::{Error, anyhow};

use crate::app::start::Started;
use crate::app::unstarted::{NameTaken, NotReady, Unstarted};
use crate::definition::document;
use crate::disk::names::ServerName;
use crate::failure::{hinted, listed};
use crate::server::endpoint::Endpoint;
use crate::sys::exit;
use crate::ui;

/// Says how the start went that `verb` has brought about.
pub fn say(verb: &str, name: &ServerName, started: Started) {
    match started {
        Started::Ready { pid, port } => {
            ui::say(&describe(name, pid, port.as_ref()));
            if let Some(Endpoint { number, public: true, .. }) = port {
                ui::warn(&format!("other machines can reach {name} on port {number}: it listens on all interfaces"));
            }
        }
        Started::ClientLeft => ui::say(&has_no_client(name)),
        Started::Interrupted(signal) => {
            let hint = format!("mcp-hook status {name} shows how far it is, mcp-hook stop {name} calls it off");
            ui::warn(&format!("the {verb} of {name} goes on: {hint}"));
            exit::by_signal(signal);
        }
    }
}

/// That a server is ready: `started web, pid 123, port 3000`.
pub fn describe(name: &ServerName, pid: Option<i32>, port: Option<&Endpoint>) -> String {
    let pid = pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
    format!("started {name}{pid}{}", port.map(place).unwrap_or_default())
}

/// That nobody is there for whom it would be started.
pub fn has_no_client(name: &ServerName) -> String {
    format!("{name} is not started again: its client has left meanwhile")
}

/// The port, and the address where it is not the usual one.
fn place(port: &Endpoint) -> String {
    let address = port.address.filter(|address| *address != Ipv4Addr::LOCALHOST);
    let address = address.map(|address| format!(" at {address}"));
    format!(", port {}{}", port.number, address.unwrap_or_default())
}

/// That a server was not started, and the way out.
pub fn could_not(verb: &str, name: &ServerName, error: Unstarted) -> Error {
    let message = format!("could not {verb} {name}: {error}");
    match error {
        Unstarted::Undefined { is_known: true } => {
            hinted(message, format!("mcp-hook restart {name} starts it again as it was"))
        }
        Unstarted::Undefined { is_known: false } => hinted(message, how_to_define(verb, name)),
        Unstarted::NoLongerDefined(_) => hinted(message, format!("mcp-hook start {name} -- COMMAND ARGUMENT…")),
        Unstarted::Taken(taken) => hinted(format!("could not start {name}: {taken}"), way_round(name, &taken)),
        Unstarted::Stalled(_) => hinted(message, format!("mcp-hook stop {name} ends it all the same")),
        Unstarted::Untried { cause, hint: None } => anyhow!("{cause}"),
        Unstarted::Untried { cause, hint: Some(hint) } => hinted(cause, hint),
        Unstarted::NotReady(not_ready) => fell_short(name, *not_ready),
        Unstarted::Other(error) => error,
    }
}

fn how_to_define(verb: &str, name: &ServerName) -> String {
    let file = document::user_file().map_or_else(|_| "servers.json".into(), |file| file.display().to_string());
    format!(
        "mcp-hook {verb} {name} -- COMMAND ARGUMENT…, or define it: mcp-hook add {name} -- COMMAND ARGUMENT… (in {file})"
    )
}

fn way_round(name: &ServerName, taken: &NameTaken) -> String {
    match taken {
        NameTaken::Running | NameTaken::OfClient(_) => {
            format!("mcp-hook restart {name}, or start it under another name")
        }
        NameTaken::Starting => {
            format!("mcp-hook status {name} shows how far it is, mcp-hook stop {name} calls it off")
        }
        NameTaken::Ending => format!("mcp-hook status {name} shows when it has ended"),
        NameTaken::Waiting => format!("mcp-hook restart {name} does so now, mcp-hook stop {name} calls it off"),
        NameTaken::Idle => format!("mcp-hook start {name}, without a command, does so now"),
        NameTaken::Unkillable { .. } => "start it under another name".to_owned(),
        NameTaken::Container { remedy, .. } => format!("{remedy} ends it; mcp-hook stop {name} tries again"),
    }
}

fn fell_short(name: &ServerName, not_ready: NotReady) -> Error {
    let NotReady { cause, last_lines, finding, was_silent, can_be_asked, log } = not_ready;
    let hint = if was_silent {
        "it printed nothing: many programs keep their output to themselves where there is no terminal; an option of its \
         own, or stdbuf -oL in front of it, may change that"
            .to_owned()
    } else {
        let more = if can_be_asked { format!("; mcp-hook check --connect {name} speaks to it") } else { String::new() };
        let remedy = finding.and_then(|it| it.hint).map(|hint| format!("{hint}; ")).unwrap_or_default();
        format!("{remedy}mcp-hook logs {name} shows all of {log}{more}")
    };
    listed(format!("could not start {name}: {cause}"), last_lines, hint)
}
