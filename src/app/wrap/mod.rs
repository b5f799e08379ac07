//! Putting mcp-hook in front of the servers in clients' files, and taking it away: first all that would change is found out,
//! then, if that is wanted, it is done.

mod control;
mod file;
mod hook;
mod plan;
mod proof;

use anyhow::{Result, ensure};

pub use self::plan::{Change, Direction, FilePlan, Left, NoControl, Plan, Selection, Step};
use crate::client::file::{ClientFile, find};
use crate::client::place::Places;
use crate::client::table::Client;
pub use crate::client::write::{Turn, Written};
use crate::failure::hinted;

/// Finds out what would be done.
///
/// # Errors
/// When nothing of what was named is there.
pub fn plan(direction: Direction, selection: &Selection) -> Result<Plan> {
    let places = Places::here()?;
    let files = find(&selection.clients, &places);
    check_clients(selection, &files, &places)?;
    check_servers(selection, &files)?;
    let takers = if selection.control { control::takers(&files) } else { Vec::new() };
    let without_control = if selection.control { control::without(&files, &takers, &places) } else { Vec::new() };
    let plan = |(index, file)| file::plan(direction, selection, file, takers.contains(&index));
    Ok(Plan { direction, files: files.into_iter().enumerate().map(plan).collect(), without_control })
}

/// Finds out what is to be done, again once nobody else of ours writes: what one has done in the meantime counts. Nobody
/// waits where nothing is to be done.
///
/// # Errors
/// When nothing of what was named is there, or another one does not come to its end.
pub fn plan_in_turn(direction: Direction, selection: &Selection) -> Result<(Plan, Option<Turn>)> {
    let first = plan(direction, selection)?;
    if !first.changes_anything() {
        return Ok((first, None));
    }
    let turn = Turn::wait()?;
    Ok((plan(direction, selection)?, Some(turn)))
}

fn check_clients(selection: &Selection, files: &[ClientFile], places: &Places) -> Result<()> {
    for client in &selection.clients {
        let Some(first) = client.files.first().map(|spec| places.of(spec)).filter(|_| !has_file(client, files)) else {
            continue;
        };
        let place = first.first().cloned().unwrap_or_default();
        let hint = "mcp-hook clients shows those that are found";
        return Err(hinted(format!("could not find a file of {}, such as {}", client.name, place.display()), hint));
    }
    Ok(())
}

/// Whether one was found of a client, or of another one that reads the same.
fn has_file(client: &Client, files: &[ClientFile]) -> bool {
    let is_of =
        |file: &ClientFile| file.client == client || client.files.iter().any(|spec| spec.path == file.spec.path);
    files.iter().any(is_of)
}

fn check_servers(selection: &Selection, files: &[ClientFile]) -> Result<()> {
    let known = files.iter().filter_map(|file| file.content.as_ref().ok()).flat_map(|content| &content.entries);
    let known: Vec<&str> = known.map(|entry| entry.name.as_str()).collect();
    for name in &selection.servers {
        let hint = "mcp-hook clients shows those there are";
        ensure!(
            known.contains(&name.as_str()),
            hinted(format!("could not find {name:?}: no client has a server of this name"), hint)
        );
    }
    Ok(())
}
