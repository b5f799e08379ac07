//! Commands that are longer than what a record may hold.

use crate::support::Sandbox;
use crate::trees::session::Session;

/// Arguments that the kernel takes and a record does not: each is shorter than 128 KiB (`MAX_ARG_STRLEN`, `execve(2)`).
fn arguments() -> Vec<String> {
    vec!["x".repeat(100_000); 12]
}

#[test]
fn a_command_that_is_too_long_to_be_recorded_is_refused_before_anything_is_started() {
    let sandbox = Sandbox::new();
    let session = Session::open(&sandbox);
    for verb in ["start", "run"] {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        command.args([verb, "--session", &session.id, "long", "--", "sh", "-c", "sleep 1000", "sh"]).args(arguments());
        let said = sandbox.run(&mut command).expect_code(1);
        assert!(said.stderr.contains(&format!("could not {verb} long: its record would have 1200")), "{said}");
        assert!(said.stderr.contains("hint: put long arguments into a file"), "{said}");
        session.assert_only_shell_left();
        assert!(session.record("long").is_none(), "something was recorded");
    }
}
