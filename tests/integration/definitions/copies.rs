//! Each session's own copy of a configuration.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::said;
use crate::support::DefinedSession;
use crate::support::defined_session::{define, entry};
use crate::support::{Sandbox, skip};

const SOURCE: &str = "home/.config/mcp-hook/config.json";

/// The server with a configuration in which `a` is required.
fn define_with(sandbox: &Sandbox, source: &str) -> PathBuf {
    let mut web = entry(&json!({ "config": { "source": "config.json", "required": ["a"] } }));
    web["args"] = json!(["--config", "${MCP_CONFIG_FILE}"]);
    define(sandbox, &json!({ "web": web }));
    sandbox.write(SOURCE, source)
}

#[test]
fn two_sessions_edit_their_copies_independently_and_fresh_ones_are_taken_on_demand() {
    let sandbox = Sandbox::new();
    let source = define_with(&sandbox, r#"{"a": 0}"#);
    let [one, other] = [(); 2].map(|()| DefinedSession::open(&sandbox));
    for session in [&one, &other] {
        session.hook("start web").ok();
        assert_eq!(session.told("config"), r#"{"a": 0}"#);
        assert_eq!(session.told("arguments"), format!("--config\n{}\n", session.copy().display()));
        assert_eq!(fs::metadata(session.copy()).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    fs::write(one.copy(), r#"{"a": 1}"#).unwrap();
    for session in [&one, &other] {
        session.hook("restart web").ok();
    }
    assert_eq!((one.told("config").as_str(), other.told("config").as_str()), (r#"{"a": 1}"#, r#"{"a": 0}"#));
    one.hook("stop web").ok();
    one.hook("start web").ok();
    assert_eq!(one.told("config"), r#"{"a": 1}"#, "it survives the server");
    assert_eq!(fs::read_to_string(&source).unwrap(), r#"{"a": 0}"#, "the source is never touched");

    one.hook("restart web --fresh").ok();
    assert_eq!(one.told("config"), r#"{"a": 0}"#);
    fs::write(one.copy(), r#"{"a": 2}"#).unwrap();
    one.hook("start web --fresh").expect_code(1);
    assert_eq!(fs::read_to_string(one.copy()).unwrap(), r#"{"a": 2}"#, "not under a running server");
    one.hook("stop web").ok();
    one.hook("start web --fresh").ok();
    assert_eq!(one.told("config"), r#"{"a": 0}"#);
    other.hook("stop web").ok();
    let gone = other.copy();
    drop(other);
    one.end();
    sandbox.hook(["cleanup"]).ok();
    assert!(!gone.exists(), "it goes with its session");
}

#[test]
fn an_edited_copy_is_checked_before_each_start() {
    let sandbox = Sandbox::new();
    define_with(&sandbox, r#"{"a": 0}"#);
    let session = DefinedSession::open(&sandbox);
    session.hook("start web").ok();
    session.hook("stop web").ok();
    fs::write(session.copy(), "{\n  \"b\": }").unwrap();
    let redacted = |words: &str| said(&sandbox, &session.hook(words)).replace(&session.id, "ID");
    insta::assert_snapshot!(redacted("start web"), @"
    mcp-hook: could not start web: /run/configs/ID/web-config.json: line 2, column 8: expected value (invalid-definition)
    hint: edit the session's copy, or replace it by its source: mcp-hook start web --fresh
    [1]
    ");
    fs::write(session.copy(), "{}").unwrap();
    insta::assert_snapshot!(redacted("restart web"), @"
    mcp-hook: could not restart web: /run/configs/ID/web-config.json: a is missing (invalid-definition)
    hint: edit the session's copy, or replace it by its source: mcp-hook start web --fresh
    [1]
    ");
    session.hook("start web --fresh").ok();
    session.end();
}

#[test]
fn a_source_that_is_none_is_refused_in_words() {
    let sandbox = Sandbox::new();
    let source = define_with(&sandbox, "");
    let session = DefinedSession::open(&sandbox);
    let refused = || said(&sandbox, &session.hook("start web")).lines().next().unwrap().to_owned();
    insta::assert_snapshot!(refused(), @"mcp-hook: could not start web: /home/.config/mcp-hook/config.json: line 1, column 0: EOF while parsing a value (invalid-definition)");
    fs::write(&source, [0xff, 0xfe, 0, 1]).unwrap();
    insta::assert_snapshot!(refused(), @"mcp-hook: could not start web: /home/.config/mcp-hook/config.json: it is not valid UTF-8 at byte 0 (invalid-definition)");
    File::create(&source).unwrap().set_len(2 << 20).unwrap();
    insta::assert_snapshot!(refused(), @"mcp-hook: could not start web: /home/.config/mcp-hook/config.json: it has more than 1048576 bytes (invalid-definition)");
    fs::remove_file(&source).unwrap();
    nix::unistd::mkfifo(&source, nix::sys::stat::Mode::S_IRWXU).unwrap();
    insta::assert_snapshot!(refused(), @"mcp-hook: could not start web: /home/.config/mcp-hook/config.json: it is not a regular file (invalid-definition)");
    fs::remove_file(&source).unwrap();
    insta::assert_snapshot!(refused(), @"mcp-hook: could not start web: /home/.config/mcp-hook/config.json: there is no such file (invalid-definition)");
    fs::write(&source, "{}").unwrap();
    fs::set_permissions(&source, fs::Permissions::from_mode(0o0)).unwrap();
    if nix::unistd::geteuid().is_root() {
        skip("a source that may not be read", "root may read all");
    } else {
        assert!(refused().ends_with("config.json: it may not be read"), "{}", refused());
    }
    assert!(!session.copy().exists());
    session.end();
}

#[test]
fn a_link_is_followed_to_the_source_and_never_to_the_copy() {
    let sandbox = Sandbox::new();
    let source = define_with(&sandbox, r#"{"a": 0}"#);
    let real = sandbox.path("dotfiles.json");
    fs::rename(&source, &real).unwrap();
    symlink(&real, &source).unwrap();
    let session = DefinedSession::open(&sandbox);
    let victim = sandbox.write("victim.json", r#"{"a": "victim"}"#);
    symlink(&victim, session.copy()).unwrap();
    let refused = session.hook("start web").expect_code(1);
    assert!(refused.stderr.contains("it is a symbolic link") && refused.stderr.contains("--fresh"), "{refused}");
    session.hook("start web --fresh").ok();
    assert_eq!(session.told("config"), r#"{"a": 0}"#);
    assert_eq!(fs::read_to_string(victim).unwrap(), r#"{"a": "victim"}"#, "what the link led to is as it was");
    assert!(!session.copy().is_symlink());
    session.end();
}

/// Ends the other thread however this one leaves.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whatever moment the source is replaced in: what was checked is what is copied, and that is one or the other, whole.
#[test]
fn a_source_that_is_replaced_meanwhile_is_copied_whole() {
    let sandbox = Sandbox::new();
    let good: Vec<String> = ["x", "y"].map(|it| json!({ "a": it.repeat(100_000) }).to_string()).into();
    let bad = json!({ "b": "z".repeat(100_000) }).to_string();
    let source = define_with(&sandbox, &good[0]);
    let session = DefinedSession::open(&sandbox);
    let is_over = AtomicBool::new(false);
    let draft = sandbox.path("draft.json");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for content in good.iter().chain([&bad]).cycle().take_while(|_| !is_over.load(Ordering::Relaxed)) {
                fs::write(&draft, content).unwrap();
                fs::rename(&draft, &source).unwrap();
            }
        });
        let _over = Over(&is_over);
        let (mut started, mut refused) = (0, 0);
        while started < 10 || refused < 3 {
            let output = session.hook("start web --fresh");
            if output.code() == 0 {
                started += 1;
                let copy = fs::read_to_string(session.copy()).unwrap();
                assert!(good.contains(&copy), "torn, or never checked: {} bytes", copy.len());
                session.hook("stop web").ok();
            } else {
                refused += 1;
                assert!(output.stderr.contains("config.json: a is missing"), "{output}");
            }
        }
    });
    session.end();
}
