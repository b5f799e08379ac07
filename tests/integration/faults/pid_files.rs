//! Pid files, locks and logs that are not what they should be.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use super::records::in_its_place;
use crate::support::WindowSession;
use crate::support::{Innocent, Sandbox, wait};

#[test]
fn case_28_pid_files_are_never_read_as_truth() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let mut tree = session.start(&[]);
    let innocent = Innocent::start(&sandbox, "innocent");
    let number = format!("{}\n", innocent.process.pid);
    for name in ["web.pid", "session.pid"] {
        // It would be plausible, were it not for what holds it: younger than the session, older than the file.
        in_its_place(&session.file(name), number.as_bytes(), |_| {
            session.outside(&["status"]).ok();
            sandbox.hook(["cleanup"]).ok();
            innocent.assert_untouched();
        });
    }
    // Not even a directory in its place costs the record its truth.
    fs::create_dir(session.file("web.pid")).unwrap();
    let before = tree.processes();
    tree.forget();
    session.hook("restart web").ok();
    tree.wait_for(&["leader"]);
    assert!(before.iter().all(|process| !process.alive()));
    session.hook("status web").ok();
    fs::remove_dir(session.file("web.pid")).unwrap();
    fs::write(session.file("web.pid"), &number).unwrap();
    symlink(sandbox.write("number", &number), session.file("session.pid")).unwrap();
    session.hook("stop web").ok();
    tree.assert_gone();
    innocent.assert_untouched();
    session.end();
    sandbox.hook(["cleanup"]).ok();
    innocent.assert_untouched();
}

/// Hundredths of a second since boot.
fn uptime() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap();
    text.split(' ').next().unwrap().replace('.', "").parse().unwrap()
}

#[test]
fn case_28_foreign_pid_files_that_prove_nothing_end_nobody() {
    let sandbox = Sandbox::new();
    let older = Innocent::start(&sandbox, "older");
    wait::until("its start is clearly before the session's", || (uptime() > older.process.started + 20).then_some(()));
    let session = WindowSession::open(&sandbox);
    let inside = Innocent::start(&sandbox, "inside");
    let number = format!("{}\n", inside.process.pid);
    // Older than the session; a number that was used again after the file was written; not a number of one process.
    fs::write(session.file("older.pid"), format!("{}\n", older.process.pid)).unwrap();
    let stale = fs::File::create(session.file("stale.pid")).unwrap();
    std::io::Write::write_all(&mut &stale, number.as_bytes()).unwrap();
    let opened = fs::metadata(session.file("session.json")).unwrap().modified().unwrap();
    stale.set_modified(opened - Duration::from_secs(1)).unwrap();
    for (name, content) in [("none", "0"), ("all", "-1"), ("first", "1"), ("words", "x 1"), ("much", "99999999999999")]
    {
        fs::write(session.file(&format!("{name}.pid")), content).unwrap();
    }
    symlink(sandbox.write("number", &number), session.file("link.pid")).unwrap();
    nix::unistd::mkfifo(&session.file("pipe.pid"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    if nix::unistd::geteuid().is_root() {
        fs::write(session.file("theirs.pid"), &number).unwrap();
        nix::unistd::chown(&session.file("theirs.pid"), Some(65_534.into()), None).unwrap();
    }
    let status = session.outside(&["status", "--json"]).ok().json();
    assert_eq!(status["sessions"][0]["servers"].as_array().map(Vec::len), Some(0), "{status}");
    session.end();
    sandbox.hook(["cleanup"]).ok();
    for innocent in [older, inside] {
        innocent.assert_untouched();
    }
}

#[test]
fn case_28_lock_or_log_that_is_no_file_of_ours_holds_nobody_up() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let target = sandbox.write("target", "");
    symlink(&target, session.file("a.lock")).unwrap();
    let said = session.outside(&["start", "a", "--", "sleep", "1000"]).expect_code(1).stderr;
    assert!(said.contains("a.lock"), "{said}");
    nix::unistd::mkfifo(&session.file("b.lock"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    session.outside(&["start", "b", "--", "sleep", "1000"]);
    fs::create_dir_all(session.log_path().parent().unwrap()).unwrap();
    symlink(&target, session.log_path().with_file_name("c.log")).unwrap();
    nix::unistd::mkfifo(&session.log_path().with_file_name("d.log"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for name in ["c", "d"] {
        session.hook(&format!("start {name} -- sh -c 'echo out; echo err >&2; exec sleep 1000'")).ok();
        session.hook(&format!("stop {name}")).ok();
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "", "nothing is written through a link");
    session.end();
}

#[test]
fn foreign_pid_file_from_the_future_proves_nothing() {
    let sandbox = Sandbox::new();
    let session = WindowSession::open(&sandbox);
    let innocent = Innocent::start(&sandbox, "innocent");
    let file = fs::File::create(session.file("later.pid")).unwrap();
    std::io::Write::write_all(&mut &file, format!("{}\n", innocent.process.pid).as_bytes()).unwrap();
    let ahead = std::time::SystemTime::now() + Duration::from_hours(1);
    file.set_modified(ahead).unwrap();
    let status = session.outside(&["status", "--json"]).ok().json();
    assert_eq!(status["sessions"][0]["servers"].as_array().map(Vec::len), Some(0), "{status}");
    session.end();
    sandbox.hook(["cleanup"]).ok();
    innocent.assert_untouched();
}
