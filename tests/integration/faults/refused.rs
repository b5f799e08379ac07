//! A place for records that cannot be used by now: what is in it is not gone.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::support::Sandbox;
use crate::support::WindowSession;

#[test]
fn a_runtime_directory_that_others_may_change_hides_no_session_in_silence() {
    let sandbox = Sandbox::new();
    sandbox.unset("MCP_HOOK_DIR");
    fs::create_dir(sandbox.path("xdg")).unwrap();
    sandbox.env("XDG_RUNTIME_DIR", sandbox.path("xdg"));
    let allow = |mode| fs::set_permissions(sandbox.path("xdg"), Permissions::from_mode(mode)).unwrap();
    allow(0o700);
    let mut session = WindowSession::open(&sandbox);
    let tree = session.start(&[]);
    allow(0o777);
    for (command, code) in [("status", 1), ("stop web", 1), ("start web -- true", 1), ("doctor", 1)] {
        let output = session.hook(command);
        let path = sandbox.path("xdg").display().to_string();
        assert!(output.code() == code && output.stdout.contains(&format!("could not use {path}")), "{output}");
    }
    let doctor = session.hook("doctor").stdout;
    assert!(
        doctor.contains(&format!("its session {} is in a place that cannot be used by now", session.id)),
        "{doctor}"
    );
    assert!(doctor.contains("hint: its sessions live on: make that directory yours alone again"), "{doctor}");
    let output = session.hook("run other -- echo served").ok();
    assert!(output.stdout.contains("\nserved\n"), "{output}");
    allow(0o700);
    assert!(session.hook("status").ok().stdout.contains("web "));
    tree.assert_alive();
    session.end();
}
