//! Which names in our directories are given by us and by the scripts of a session. Nothing else is ever removed.

use super::layout::MARKER;
use super::names::{ServerName, SessionId};

/// Whether it is the name of a file in `pids/ID`: a record, a lock, a container's id, or a pid file, whoever wrote that.
pub fn is_of_pids(name: &str) -> bool {
    let name = final_name(name).unwrap_or(name);
    match name.rsplit_once('.') {
        Some((_, "pid")) => true,
        Some((stem, "json" | "lock" | "cid")) => stem == "session" || is_server(stem),
        _ => false,
    }
}

/// Whether it is the name of a file in `configs/ID`: a copy that we or a script of the session made.
pub fn is_of_configs(name: &str) -> bool {
    final_name(name).unwrap_or(name).strip_suffix("-config.json").is_some_and(is_server)
}

/// Whether it is the name of a file in `logs/ID`: a log, or one that was put aside.
pub fn is_of_logs(name: &str) -> bool {
    log_name(name).strip_suffix(".log").is_some_and(is_server)
}

/// What is foreign about an entry of a root, as every version has laid it out: its name, or that of something in it.
/// `inside` lists what is in a directory.
pub fn foreign_in_root(name: &str, inside: impl Fn() -> Vec<String>) -> Option<String> {
    match name {
        "pids" | "configs" | "logs" | "ports" | "launchers" => {
            let foreign = inside().into_iter().find(|below| !is_known_in(name, below))?;
            Some(format!("{name}/{foreign}"))
        }
        // What the user has allowed, what launchers ran, and other roots, where the root is the state directory.
        "allowed" | "launches" | "roots" => None,
        _ if matches!(final_name(name).unwrap_or(name), "cleanup-cursor" | MARKER) => None,
        _ => Some(name.to_owned()),
    }
}

fn is_known_in(directory: &str, name: &str) -> bool {
    match directory {
        "pids" | "configs" => is_session(name),
        "logs" => {
            let is_other = matches!(final_name(name).unwrap_or(name), ".rotation.lock" | ".last-look");
            is_other || is_session(name) || is_central_log(name)
        }
        "ports" => name.strip_suffix(".lock").is_some_and(is_number),
        _ => name.strip_suffix(".lock").is_some_and(is_turn),
    }
}

fn is_session(name: &str) -> bool {
    name.parse::<SessionId>().is_ok()
}

fn is_server(name: &str) -> bool {
    name.parse::<ServerName>().is_ok()
}

/// Whether it is the name of a log that all sessions share. Many programs have logs of these names, so that it takes what
/// stands in them, too ([`begins_as_central_log`]).
pub fn is_central_log(name: &str) -> bool {
    matches!(log_name(name), "main.log" | "error.log")
}

/// The name of a log, without the number under which it was put aside.
fn log_name(name: &str) -> &str {
    name.rsplit_once('.').filter(|(_, number)| is_number(number)).map_or(name, |(log, _)| log)
}

/// Whether a log begins with lines of ours, of which a full disk may have torn the first.
pub fn begins_as_central_log(text: &[u8]) -> bool {
    text.is_empty() || text.split(|&byte| byte == b'\n').any(is_central_line)
}

/// Time and level, as every version has written them.
fn is_central_line(line: &[u8]) -> bool {
    const SHAPE: &[u8; 25] = b"0000-00-00T00:00:00.000Z ";
    let fits = |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    let level = line.get(SHAPE.len()..).unwrap_or_default();
    line.len() > SHAPE.len()
        && line.iter().zip(SHAPE).all(fits)
        && [&b"info "[..], b"warn ", b"error "].iter().any(|it| level.starts_with(it))
}

/// Whether the lock on a launcher's turn is called so: by its name and that of its cache.
pub fn is_turn(name: &str) -> bool {
    let is_hash = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.rsplit_once('-').is_some_and(|(launcher, hash)| !launcher.is_empty() && is_hash(hash))
}

/// What a temporary file would have been renamed to.
fn final_name(name: &str) -> Option<&str> {
    let (name, pid) = name.strip_prefix('.')?.rsplit_once('.')?;
    is_number(pid).then_some(name)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_and_scripts_write_is_known_and_nothing_else() {
        for (is_known, known, unknown) in [
            (
                is_of_pids as fn(&str) -> bool,
                &["session.json", "session.pid", "web.json", "web.lock", "web.pid", "my job.pid", ".web.json.77"][..],
                &["notes", "notes.txt", ".json", "web.json.bak", "a b.json", ".web.json.", "web.log"][..],
            ),
            (
                is_of_configs,
                &["web-config.json", ".web-config.json.12"],
                &["-config.json", "web.json", "config.json", "web-config.json.bak"],
            ),
            (
                is_of_logs,
                &["web.log", "web.log.1", "a.b.log.12"],
                &["2024", "web.log.gz", "web.log.", ".log", "main.txt"],
            ),
        ] {
            assert!(known.iter().all(|name| is_known(name)), "{known:?}");
            assert!(!unknown.iter().any(|name| is_known(name)), "{unknown:?}");
        }
    }

    #[test]
    fn a_root_of_an_earlier_version_is_known_by_all_that_is_in_it() {
        for (name, inside, foreign) in [
            ("pids", &["pts3-48213-k7f2"][..], None),
            ("pids", &["pts3-48213-k7f2", "notes"], Some("pids/notes")),
            ("configs", &[], None),
            ("logs", &["main.log", "main.log.1", "error.log", ".rotation.lock", ".last-look", "notty-1-abcd"], None),
            ("logs", &["2024"], Some("logs/2024")),
            ("ports", &["8000.lock"], None),
            ("ports", &["ssh"], Some("ports/ssh")),
            ("launchers", &["npm-0123456789abcdef.lock"], None),
            ("launchers", &["steam.lock"], Some("launchers/steam.lock")),
            ("cleanup-cursor", &[], None),
            (".cleanup-cursor.1", &[], None),
            ("..mcp-hook-root.12", &[], None),
            ("thesis.tex", &[], Some("thesis.tex")),
        ] {
            let inside: Vec<String> = inside.iter().map(ToString::to_string).collect();
            assert_eq!(foreign_in_root(name, || inside.clone()).as_deref(), foreign, "{name} {inside:?}");
        }
    }

    #[test]
    fn a_log_of_ours_is_known_by_its_lines() {
        let line = "2026-11-22T15:18:08.123Z warn  pts3-48213-k7f2 web it failed\n";
        for (text, is_ours) in [
            ("", true),
            (line, true),
            (&format!("torn\n{line}"), true),
            ("precious", false),
            ("2026-11-22 15:18:08 warn it failed\n", false),
            ("2026-11-22T15:18:08.123Z started\n", false),
            ("2026-11-22T15:18:08.123Z ", false),
        ] {
            assert_eq!(begins_as_central_log(text.as_bytes()), is_ours, "{text}");
        }
    }
}
