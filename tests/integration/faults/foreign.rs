//! Files that are not ours, in a directory of ours or in one that is taken for a root: they stay.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::Sandbox;
use crate::support::WindowSession;
use crate::support::output::listing;
use crate::support::record::read_json;

/// A directory of the user's, with things in it that bear the names of ours.
fn in_use(sandbox: &Sandbox, files: &[&str]) {
    for file in files {
        sandbox.write(Path::new("work").join(file), "mine");
    }
    fs::set_permissions(sandbox.path("work"), Permissions::from_mode(0o700)).unwrap();
    for name in ["pids", "configs", "logs", "launchers"] {
        let _ = fs::set_permissions(sandbox.path("work").join(name), Permissions::from_mode(0o700));
    }
}

#[test]
fn directory_in_use_is_no_root_and_stays_as_it_is() {
    for (files, foreign) in [
        (&["pids/notes/a", "configs/notes/b", "logs/2024/c"][..], "pids/notes"),
        (&["configs/notes/b"], "configs/notes"),
        (&["logs/2024/c"], "logs/2024"),
        (&["thesis.tex"], "thesis.tex"),
        (&["logs/main.log"], "logs/main.log"),
        (&["logs/error.log.7"], "logs/error.log.7"),
        (&["launchers/steam.lock"], "launchers/steam.lock"),
    ] {
        let sandbox = Sandbox::new();
        in_use(&sandbox, files);
        sandbox.env("MCP_HOOK_DIR", sandbox.path("work"));
        let before = listing(sandbox.root());
        for words in [&["open"][..], &["cleanup"], &["status", "--all"], &["run", "web", "--", "true"]] {
            let said = sandbox.hook(words).expect_code(1).stderr;
            let place = sandbox.path("work");
            let why = format!("could not use {}: ", place.display());
            assert!(said.contains(&why) && said.contains(" in it is not mcp-hook's\nhint: "), "{said}");
            assert!(files.len() > 1 || said.contains(foreign), "{said}");
        }
        assert_eq!(listing(sandbox.root()), before);
    }
}

#[test]
fn root_of_an_earlier_version_is_used_on() {
    let sandbox = Sandbox::new();
    let session = WindowSession::open(&sandbox);
    let marker = sandbox.runtime().join(".mcp-hook-root");
    fs::remove_file(&marker).unwrap();
    session.outside(&["status"]).ok();
    assert!(marker.exists(), "it bears the marker now");
    fs::write(&marker, "mcp-hook root, version 2\n").unwrap();
    let said = sandbox.hook(["status", "--all"]).expect_code(1).stderr;
    assert!(said.contains("another version of mcp-hook has laid it out"), "{said}");
    fs::remove_file(&marker).unwrap();
    session.end();
}

#[test]
fn root_whose_marker_has_aged_away_is_used_on_and_locks_that_nobody_holds_are_swept() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    session.hook("start web -- sleep 1000").ok();
    let turn = sandbox.runtime().join("launchers/npm-0123456789abcdef.lock");
    fs::create_dir(turn.parent().unwrap()).unwrap();
    fs::set_permissions(turn.parent().unwrap(), Permissions::from_mode(0o700)).unwrap();
    fs::write(&turn, "").unwrap();
    fs::set_permissions(&turn, Permissions::from_mode(0o600)).unwrap();
    fs::remove_file(sandbox.runtime().join(".mcp-hook-root")).unwrap();
    sandbox.hook(["open"]).ok();
    assert!(turn.exists());
    sandbox.hook(["cleanup"]).ok();
    assert!(!turn.exists(), "the lock that nobody holds is still there");
    session.end();
}

#[test]
fn what_is_not_known_in_the_directories_of_a_dead_session_stays_and_is_told_once() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    session.hook("start web -- sleep 1000").ok();
    session.hook("stop web").ok();
    let configs = sandbox.runtime().join("configs").join(&session.id);
    for file in [session.file("notes.txt"), configs.join("thesis.tex"), configs.join("pve-config.json")] {
        fs::write(file, "mine").unwrap();
    }
    fs::create_dir(configs.join("drafts")).unwrap();
    let (id, pids) = (session.id.clone(), session.pids.clone());
    session.end();
    let said = sandbox.hook(["cleanup"]).ok().stdout;
    for left in ["notes.txt", "thesis.tex", "drafts"] {
        assert!(said.contains(&format!("{id}/{left}")), "{said}");
    }
    assert!(said.contains("removed the session's files, but for "), "{said}");
    let names = |directory: &Path| {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    };
    assert_eq!(names(&pids), ["notes.txt"]);
    assert_eq!(names(&configs), ["drafts", "thesis.tex"]);
    assert_eq!(sandbox.hook(["cleanup"]).ok().stdout, "nothing to clean up\n");
    sandbox.hook(["open"]).ok();
    assert_eq!(names(&pids), ["notes.txt"]);
}

#[test]
fn directory_whose_name_is_no_id_is_no_session_and_its_files_are_no_logs() {
    let sandbox = Sandbox::new();
    sandbox.hook(["open"]).ok();
    let (notes, year) = (sandbox.runtime().join("pids/notes"), sandbox.runtime().join("logs/2024"));
    let ended = sandbox.runtime().join("logs/notty-999999999-aaaa");
    let long_ago = SystemTime::now() - Duration::from_hours(1000);
    for file in [notes.join("a.json"), year.join("web.log"), ended.join("web.log"), ended.join("notes.txt")] {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "mine").unwrap();
        fs::File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
    }
    let said = sandbox.hook(["cleanup"]).ok().stdout;
    assert!(said.contains("notty-999999999-aaaa: removed its logs"), "{said}");
    assert!(notes.join("a.json").exists() && year.join("web.log").exists() && ended.join("notes.txt").exists());
    assert!(!ended.join("web.log").exists());
    assert!(!sandbox.hook(["cleanup"]).ok().stdout.contains("notty-999999999-aaaa: removed its logs"));
    let said = sandbox.hook(["status", "--session", "notes"]).expect_code(2).stderr;
    assert!(said.contains("has not the form TTY-PID-RANDOM"), "{said}");
}

#[test]
fn more_sessions_than_there_are_descriptors_are_cleaned_up_all_the_same() {
    let sandbox = Sandbox::new();
    let session = WindowSession::open(&sandbox);
    let record = read_json(&session.file("session.json"));
    let names: Vec<String> = (0..60).map(|number| format!("notty-999999999-aa{number:02}")).collect();
    for name in &names {
        let mut record = record.clone();
        record["id"] = name.as_str().into();
        record["owner"]["start"] = 1.into();
        let directory = sandbox.runtime().join("pids").join(name);
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("session.json"), record.to_string()).unwrap();
        fs::write(directory.join("job.pid"), "999999999").unwrap();
    }
    let said =
        sandbox.run(sandbox.command("sh").args(["-c", "ulimit -n 32; exec mcp-hook cleanup --dry-run"])).ok().stdout;
    assert_eq!(said.lines().filter(|line| line.contains("would remove the session's files")).count(), 60, "{said}");
    sandbox.run(sandbox.command("sh").args(["-c", "ulimit -n 32; exec mcp-hook doctor"]));
    sandbox.run(sandbox.command("sh").args(["-c", "ulimit -n 32; exec mcp-hook status --all"])).ok();
    sandbox.run(sandbox.command("sh").args(["-c", "ulimit -n 32; exec mcp-hook cleanup"])).ok();
    assert!(names.iter().all(|name| !sandbox.runtime().join("pids").join(name).exists()));
    session.end();
}
