//! Places where a test makes the program die, a system call fail or a time pass, to see what follows.
//!
//! `MCP_HOOK_FAILPOINT=NAME[,NAME…]` names them; `NAME:N` means only the Nth time that a process and those it was split
//! from come by. Release builds have none of it.

#[cfg(debug_assertions)]
mod armed {
    use std::cell::RefCell;
    use std::io;
    use std::time::Duration;

    use nix::errno::Errno;
    use nix::sys::signal::{Signal, raise};

    thread_local! {
        /// How often each place was passed that is to fail at a certain time only.
        static PASSED: RefCell<Vec<(String, u32)>> = const { RefCell::new(Vec::new()) };
    }

    fn is_set(name: &str) -> bool {
        let wanted = crate::context::text_variable("MCP_HOOK_FAILPOINT").unwrap_or_default();
        wanted.split(',').any(|point| match point.split_once(':') {
            Some((point, time)) => point == name && time.parse() == Ok(pass(name)),
            None => point == name,
        })
    }

    fn pass(name: &str) -> u32 {
        PASSED.with_borrow_mut(|passed| {
            if let Some((_, count)) = passed.iter_mut().find(|(known, _)| known == name) {
                *count += 1;
                return *count;
            }
            passed.push((name.to_owned(), 1));
            1
        })
    }

    /// Dies by SIGKILL here if the test asks for it.
    pub fn kill(name: &str) {
        if is_set(name) {
            let _ = raise(Signal::SIGKILL);
        }
    }

    /// Panics here if the test asks for it.
    pub fn panic(name: &str) {
        assert!(!is_set(name), "the test asks for it");
    }

    /// A time that is to pass; none if the test asks for it.
    pub fn time(name: &str, usual: Duration) -> Duration {
        if is_set(name) { Duration::ZERO } else { usual }
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
    pub fn panic(_: &str) {}
    pub fn time(_: &str, usual: std::time::Duration) -> std::time::Duration {
        usual
    }
    pub fn fail_nix(_: &str) -> nix::Result<()> {
        Ok(())
    }
    pub fn fail_io(_: &str) -> std::io::Result<()> {
        Ok(())
    }
}

pub use armed::{fail_io, fail_nix, kill, panic, time};
