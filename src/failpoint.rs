//! Places where a test makes the program die or a system call fail, to see what the next call repairs.
//!
//! `MCP_HOOK_FAILPOINT=NAME[,NAME…]` names them. Release builds have none of it.

#[cfg(debug_assertions)]
mod armed {
    use std::io;

    use nix::errno::Errno;
    use nix::sys::signal::{Signal, raise};

    fn is_set(name: &str) -> bool {
        crate::context::variable("MCP_HOOK_FAILPOINT")
            .is_some_and(|value| value.to_str().is_some_and(|names| names.split(',').any(|point| point == name)))
    }

    /// Dies by SIGKILL here if the test asks for it.
    pub fn kill(name: &str) {
        if is_set(name) {
            let _ = raise(Signal::SIGKILL);
        }
    }

    /// Fails here if the test asks for it.
    pub fn fail_nix(name: &str) -> nix::Result<()> {
        if is_set(name) { Err(Errno::ENOSYS) } else { Ok(()) }
    }

    /// Fails here if the test asks for it.
    pub fn fail_io(name: &str) -> io::Result<()> {
        fail_nix(name).map_err(Into::into)
    }
}

#[cfg(not(debug_assertions))]
mod armed {
    pub fn kill(_: &str) {}
    pub fn fail_nix(_: &str) -> nix::Result<()> {
        Ok(())
    }
    pub fn fail_io(_: &str) -> std::io::Result<()> {
        Ok(())
    }
}

pub use armed::{fail_io, fail_nix, kill};
