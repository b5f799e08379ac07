//! Several at once: each in its turn, and then with what is still to be done. Who waits has the lock file open, which `/proc` shows.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Stdio};

use super::{DIRECT, WRAPPED, cursor, hook};
use crate::support::{Sandbox, wait};

const LOCK: &str = "home/.config/mcp-hook/.clients.lock";

/// `mcp-hook wrap --yes` that waits for its turn.
fn waiting(sandbox: &Sandbox) -> Child {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
    command.args(["wrap", "--yes"]).current_dir(sandbox.path("home/shop"));
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lock = fs::canonicalize(sandbox.path(LOCK)).unwrap();
    wait::until("it waits for its turn", || opened(child.id(), &lock).then_some(()));
    child
}

fn opened(pid: u32, file: &Path) -> bool {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    descriptors.filter_map(|it| fs::read_link(it.path()).ok()).any(|path| path == file)
}

#[test]
fn one_that_waited_does_what_is_still_to_be_done() {
    let sandbox = Sandbox::new();
    let file = cursor(&sandbox, DIRECT);
    hook(&sandbox, "wrap --yes").ok();
    let other = |text: &str| text.replace("npx", "uvx");
    for (left, expected, said) in [
        (WRAPPED.to_owned(), WRAPPED.to_owned(), "web: mcp-hook stands in front already"),
        (other(DIRECT), other(WRAPPED), "wrapped web"),
    ] {
        fs::write(&file, DIRECT).unwrap();
        let lock = File::open(sandbox.path(LOCK)).unwrap();
        lock.lock().unwrap();
        let child = waiting(&sandbox);
        fs::write(&file, &left).unwrap();
        drop(lock);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() && text.contains(said), "{text}");
        assert_eq!(fs::read_to_string(&file).unwrap(), expected);
    }
}
