//! A program that has nothing to do with mcp-hook and listens on a port. A process of its own: a socket of the test itself would
//! for a moment also be that of any process which another test is about to start.

use std::process::Child;

use super::{Sandbox, Tree, wait};

/// Somebody who listens. Ended when dropped.
pub struct Stranger {
    child: Child,
}

impl Stranger {
    /// Listens on `port` of `address`, sharing it with whoever does not listen there.
    #[track_caller]
    pub fn listen(sandbox: &Sandbox, address: &str, port: u16) -> Self {
        let listens = sandbox.path("stranger.listens");
        let mut command = sandbox.command(Tree::program());
        command.env_clear().args(["--listen", &format!("{port}@{address}"), "--show"]).arg(&listens);
        let child = command.spawn().unwrap();
        wait::until("the stranger listens", || listens.exists().then_some(()));
        Self { child }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
