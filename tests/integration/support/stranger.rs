//! A program that has nothing to do with mcp-hook and listens on a port. A process of its own: a socket of the test itself would
//! for a moment also be that of any process which another test is about to start.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::{Sandbox, Tree, port, wait};

/// Takes a name, and listens.
const NAMED: &str = "import socket, sys, time
open('/proc/self/comm', 'w').write(sys.argv[1])
it = socket.create_server(('127.0.0.1', int(sys.argv[2])))
time.sleep(1000)";

/// Binds and listens, with `SO_REUSEADDR`.
const TRY: &str = "import socket, sys
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
it = socket.socket(family)
it.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
it.bind((sys.argv[1], int(sys.argv[2])))
it.listen()";

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

    /// The same under a name of its own choice, of at most 15 bytes.
    #[track_caller]
    pub fn listen_named(sandbox: &Sandbox, name: &str, port: u16) -> Self {
        let mut command = sandbox.command("python3");
        command.env_clear().args(["-c", NAMED, name, &port.to_string()]);
        let child = command.spawn().unwrap();
        wait::until("the stranger listens", || port::is_listened_on(port).then_some(()));
        Self { child }
    }

    /// The same as another user.
    #[track_caller]
    pub fn listen_as(sandbox: &Sandbox, user: u32, address: &str, port: u16) -> Self {
        let child = Self::other(sandbox, user, &format!("{port}@{address}")).spawn().unwrap();
        wait::until("the stranger listens", || port::is_listened_on_by(port, user).then_some(()));
        Self { child }
    }

    /// Whether another user can listen there now, as one who shares the port with others.
    #[track_caller]
    pub fn could_listen(sandbox: &Sandbox, user: u32, address: &str, port: u16) -> bool {
        let mut command = sandbox.command("python3");
        command.env_clear().uid(user).gid(user).args(["-c", TRY, address, &port.to_string()]);
        command.stderr(Stdio::null()).status().unwrap().success()
    }

    /// A copy of the program to listen with: the build directory may be closed to other users.
    fn other(sandbox: &Sandbox, user: u32, place: &str) -> Command {
        fs::set_permissions(sandbox.root(), Permissions::from_mode(0o755)).unwrap();
        if !sandbox.path("bin/stranger").exists() {
            sandbox.install(Tree::program(), "stranger");
        }
        let mut command = sandbox.command(sandbox.path("bin/stranger"));
        command.env_clear().current_dir("/").uid(user).gid(user).args(["--listen", place]);
        command
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
