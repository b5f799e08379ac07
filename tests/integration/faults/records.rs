//! Records that lie, are of somewhere else, or are no records: an innocent process that they name lives, and whoever asks is
//! told which file is meant.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::WindowSession;
use crate::support::innocent::has_serials;
use crate::support::output::redact;
use crate::support::record::read_json;
use crate::support::{Innocent, Namespace, Sandbox, skip, wait};

/// A session with the record of a server that ran, and an innocent process for the record to name.
pub struct Stage<'s> {
    pub session: WindowSession<'s>,
    pub innocent: Innocent,
    record: Value,
}

impl<'s> Stage<'s> {
    pub fn set(sandbox: &'s Sandbox) -> Self {
        let mut session = WindowSession::open(sandbox);
        session.start(&[]);
        session.hook("stop web").ok();
        let record = read_json(&session.file("web.json"));
        Self { session, innocent: Innocent::start(sandbox, "innocent"), record }
    }

    /// The record of a running server all of whose processes are the innocent one, as `change` makes it look.
    pub fn lie(&self, change: impl FnOnce(&mut Value, &mut Value)) {
        let (mut record, mut identity) = (self.record.clone(), self.innocent.identity());
        change(&mut record, &mut identity);
        record["watchers"] = json!({ "keeper": identity, "supervisor": identity });
        record["state"] = json!({ "is": "running", "server": identity, "since": 1, "ready": true });
        fs::write(self.session.file("web.json"), record.to_string()).unwrap();
        fs::write(self.session.file("web.pid"), format!("{}\n", self.innocent.process.pid)).unwrap();
    }

    /// What `stop web` says, after every command that could have signalled somebody was tried.
    #[track_caller]
    fn answer(&mut self, code: i32) -> String {
        let path = self.session.file("web.json");
        let put = |content: &[u8]| fs::write(&path, content).unwrap();
        let content = fs::read(&path).unwrap();
        for words in [&["status"][..], &["restart", "web"], &["start", "web", "--", "true"]] {
            self.session.outside(words);
            self.innocent.assert_untouched();
            // What was really started by that is no part of the lie.
            self.session.outside(&["stop", "web"]);
            // What ended by itself is answered for until its keeper has left.
            let lock = File::open(self.session.file("web.lock")).unwrap();
            wait::until("nobody answers for it", || lock.try_lock().ok());
            drop(lock);
            put(&content);
        }
        self.session.sandbox.hook(["cleanup"]);
        self.innocent.assert_untouched();
        put(&content);
        let said = self.session.outside(&["stop", "web"]).expect_code(code);
        self.innocent.assert_untouched();
        redact(self.session.sandbox, &said.stderr)
    }

    /// The owner ends, and whatever its end clears away, the innocent lives.
    #[track_caller]
    pub fn end(self) {
        self.session.end();
        self.innocent.assert_untouched();
    }
}

#[test]
fn case_28_recycled_number_with_another_start_is_not_signalled() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::set(&sandbox);
    stage.lie(|_, identity| identity["start"] = json!(stage.innocent.process.started - 1));
    assert!(stage.answer(0).starts_with("stopped web"));
    stage.lie(|_, identity| *identity = json!({ "pid": stage.innocent.process.pid, "start": 1 }));
    assert!(stage.answer(0).starts_with("stopped web"));
    stage.end();
}

#[test]
fn case_28_recycled_number_with_another_serial_is_not_signalled() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::set(&sandbox);
    if !has_serials(stage.innocent.process) {
        return skip(
            "case_28_recycled_number_with_another_serial",
            "needs pidfds with inodes of their own (Linux 6.9)",
        );
    }
    stage.lie(|_, identity| identity["serial"] = json!(identity["serial"].as_u64().unwrap() - 1));
    assert!(stage.answer(0).starts_with("stopped web"));
    stage.end();
}

#[test]
fn case_28_record_of_another_boot_is_taken_for_ended() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::set(&sandbox);
    stage.lie(|record, _| record["host"]["boot"] = json!("another"));
    assert!(stage.answer(0).starts_with("stopped web"));
    stage.end();
}

#[test]
fn case_28_record_of_another_namespace_or_host_is_refused() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::set(&sandbox);
    let test = "case_28_record_of_another_namespace_or_host_is_refused";
    let Some(mut namespace) = Namespace::open(&sandbox, test) else { return stage.end() };
    let there = namespace.run("readlink /proc/self/ns/pid");
    stage.lie(|record, _| record["host"]["namespace"] = json!(format!("{}@0", there.trim())));
    insta::assert_snapshot!(stage.answer(1), @"
    mcp-hook: could not stop web: it belongs to another pid namespace
    hint: its record is ROOT/run/pids/ID/web.json
    ");
    stage.lie(|record, _| {
        record["host"]["name"] = json!("another");
        record["host"]["boot"] = json!("another");
    });
    insta::assert_snapshot!(stage.answer(1), @"
    mcp-hook: could not stop web: it belongs to another host
    hint: its record is ROOT/run/pids/ID/web.json
    ");
    drop(namespace);
    stage.end();
}

#[test]
fn case_28_record_of_another_server_is_refused() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::set(&sandbox);
    stage.lie(|record, _| record["name"] = json!("other"));
    assert!(stage.answer(1).contains("web.json: it is the record of"));
    stage.lie(|record, _| record["token"] = json!("pts9-1-aaaa/web/0123456789abcdef"));
    insta::assert_snapshot!(stage.answer(1), @"
    mcp-hook: could not read ROOT/run/pids/ID/web.json: it is the record of ID/web/0123456789abcdef
    hint: move it away, and mcp-hook start makes a new one
    ");
    stage.end();
}

#[test]
fn case_28_text_that_is_no_record_is_refused() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::set(&sandbox);
    stage.lie(|_, _| {});
    let whole = fs::read(stage.session.file("web.json")).unwrap();
    for content in [&whole[..whole.len() / 2], b"", b"null", b"[]", b"{}", b"\xff\xfe", b"{\"version\":\"1\"}", b"-1"] {
        fs::write(stage.session.file("web.json"), content).unwrap();
        let said = stage.answer(1);
        assert!(said.contains("could not read ROOT/run/pids/ID/web.json: "), "{content:?}: {said}");
        assert!(said.contains("hint: "), "{said}");
    }
    fs::write(stage.session.file("web.json"), "garbage").unwrap();
    insta::assert_snapshot!(stage.answer(1), @"
    mcp-hook: could not read ROOT/run/pids/ID/web.json: expected value at line 1 column 1
    hint: move it away, and mcp-hook start makes a new one
    ");
    stage.end();
}

#[test]
fn case_28_numbers_that_mean_groups_or_everybody_are_not_signalled() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::set(&sandbox);
    for pid in [0, -1, 1, -stage.innocent.process.pid] {
        stage.lie(|_, identity| identity["pid"] = json!(pid));
        assert!(stage.answer(0).starts_with("stopped web"), "{pid}");
    }
    stage.end();
}

/// Puts what is no file of ours in the place of `path`, each in turn, with the words that say what it is.
pub fn in_its_place(path: &Path, content: &[u8], mut look: impl FnMut(&str)) {
    let beside = path.with_extension("beside");
    let clear = || drop(fs::remove_file(path).or_else(|_| fs::remove_dir(path)));
    fs::write(&beside, content).unwrap();
    clear();
    symlink(&beside, path).unwrap();
    look("it is a symbolic link");
    clear();
    nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    look("it is not a regular file");
    clear();
    fs::create_dir(path).unwrap();
    look("it is not a regular file");
    clear();
    fs::File::create(path).unwrap().set_len(2 << 20).unwrap();
    look("more than");
    clear();
    if nix::unistd::geteuid().is_root() {
        fs::write(path, content).unwrap();
        nix::unistd::chown(path, Some(65_534.into()), None).unwrap();
        look("it belongs to user 65534");
        clear();
    } else {
        skip("case_28_foreign_owner", "needs root to make a file of another user");
    }
    fs::remove_file(&beside).unwrap();
}

#[test]
fn case_28_what_is_no_file_of_ours_is_refused_as_a_server_record() {
    let sandbox = Sandbox::new();
    let stage = Stage::set(&sandbox);
    stage.lie(|_, _| {});
    let path = stage.session.file("web.json");
    in_its_place(&path, &fs::read(&path).unwrap(), |why| {
        for words in [&["stop", "web"][..], &["restart", "web"]] {
            let said = stage.session.outside(words).expect_code(1).stderr;
            assert!(said.contains("web.json") && said.contains(why) && said.contains("hint: "), "{said}");
        }
        let status = stage.session.outside(&["status", "--json"]).ok().json();
        let server = &status["sessions"][0]["servers"][0];
        assert_eq!(server["state"], "unreadable", "{status}");
        assert!(server["reason"].as_str().unwrap().contains(why), "{status}");
        let cleanup = sandbox.hook(["cleanup"]).ok().stderr;
        assert!(cleanup.contains("web.json") && cleanup.contains(why), "{cleanup}");
        stage.innocent.assert_untouched();
    });
    stage.end();
}

/// What makes a record a lie.
pub type Change<'a> = &'a dyn Fn(&mut Value);

/// A shell whose variables change has the same session in two roots.
#[test]
fn unreadable_record_does_not_end_the_server_of_that_name_in_another_root() {
    let sandbox = Sandbox::new();
    let script = "eval \"$(mcp-hook open)\"; first=$MCP_PID_FILE; one=$MCP_SESSION_ID
        unset MCP_SESSION_ID MCP_HOOK_OWNER; here=$MCP_HOOK_DIR; export MCP_HOOK_DIR=$MCP_HOOK_DIR.other
        eval \"$(mcp-hook open)\"; [ $one = $MCP_SESSION_ID ] || exit 9
        mcp-hook start web -- sleep 1000
        echo garbage >${first%/*}/web.json
        MCP_HOOK_DIR=$here mcp-hook stop web
        mcp-hook status web && mcp-hook stop web";
    sandbox.run(sandbox.command("sh").args(["-c", script])).ok();
}
