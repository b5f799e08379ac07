//! `su` and `sudo -E`: a shell of another user that has inherited everything from a session that is not its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::nasty_session::{assert_over, assert_spared, start_nasty};
use crate::support::{Sandbox, Shell, Terminal, Tree, skip};

const OTHER: &str = "nobody";

/// A sandbox that another user may look into, with copies of the programs: the build directory may be closed to them.
fn shared_sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let open = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    open(sandbox.root(), 0o755);
    for (name, source) in [("mcp-hook", Path::new(env!("CARGO_BIN_EXE_mcp-hook"))), ("tree", Tree::program())] {
        let _ = fs::remove_file(sandbox.path("bin").join(name));
        sandbox.install(source, name);
    }
    // The runtime directory of the first user: the second one inherits its name and must not touch it.
    fs::create_dir(sandbox.path("xdg")).unwrap();
    open(&sandbox.path("xdg"), 0o700);
    sandbox.unset("MCP_HOOK_DIR");
    sandbox.env("XDG_RUNTIME_DIR", sandbox.path("xdg"));
    fs::create_dir(sandbox.path("other")).unwrap();
    let id = nix::unistd::User::from_name(OTHER).unwrap().expect("the user exists");
    nix::unistd::chown(&sandbox.path("other"), Some(id.uid), Some(id.gid)).unwrap();
    let rc = format!("{}\nprintf 'other shell is %s\\n' up\n", Shell::Bash.hook_line());
    sandbox.write("other/.bashrc", rc);
    sandbox
}

/// Opens a session, becomes another user by `command`, which ends in a shell, and expects a session apart.
fn has_a_session_of_its_own(command: &str) {
    let sandbox = shared_sandbox();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let outer = start_nasty(&sandbox, &mut terminal);
    let session = terminal.variable("MCP_SESSION_ID");
    terminal.wait_prompt();
    terminal.send_line(&format!("{command}; printf 'first user is %s\\n' back"));
    terminal.wait_for("other shell is up");
    terminal.wait_prompt();
    let other = terminal.variable("MCP_SESSION_ID");
    assert!(!other.is_empty() && other != session, "{terminal}");

    let mut inner = Tree::new(&sandbox, "inner");
    fs::set_permissions(sandbox.path("inner.report"), Permissions::from_mode(0o666)).unwrap();
    let line = inner.nasty_line().replace(Tree::program().to_str().unwrap(), "tree");
    terminal.run(&format!("mcp-hook start nasty -- {line}")).ok();
    inner.wait_nasty();
    terminal.wait_prompt();
    terminal.send_line("exit");
    terminal.wait_for("first user is back");
    inner.assert_gone();
    assert_spared(&outer);
    assert_eq!(terminal.variable("MCP_SESSION_ID"), session);
    terminal.wait_prompt();
    terminal.send_line("exit");
    terminal.wait_exit();
    assert_over(&sandbox, &outer);
}

/// Whether this test can become another user by `program`.
fn can(test: &str, program: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|path| path.join(program).exists());
    let able = found && nix::unistd::geteuid().is_root();
    if !able {
        skip(test, &format!("needs root and {program}"));
    }
    able
}

#[test]
fn case_44_su_to_another_user_gets_a_session_of_its_own() {
    if can("case_44_su_to_another_user", "su") {
        has_a_session_of_its_own(&format!(
            "su -s /bin/bash {OTHER} --session-command \"PATH=$PATH HOME=$HOME/../other exec bash -i\""
        ));
    }
}

#[test]
fn case_44_sudo_e_gets_a_session_of_its_own() {
    if can("case_44_sudo_e", "sudo") {
        has_a_session_of_its_own(&format!("sudo -E -u {OTHER} env HOME=$HOME/../other PATH=$PATH bash -i"));
    }
}
