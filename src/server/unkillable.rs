//! Processes that should have ended and have not, in words.

use crate::sys::{Pid, process};

/// What keeps these from ending: the kernel, or that those which were `refused` may not be signalled.
pub fn describe(pids: &[i32], refused: &[i32]) -> String {
    let held: Vec<i32> = pids.iter().copied().filter(|pid| !refused.contains(pid)).collect();
    let kernel = (!held.is_empty() || refused.is_empty()).then(|| format!("not even SIGKILL ends {held:?}"));
    let ours = (!refused.is_empty()).then(|| {
        let named: Vec<String> = refused.iter().map(|&pid| name(Pid::from_raw(pid))).collect();
        format!("you may not signal {}", named.join(", "))
    });
    kernel.into_iter().chain(ours).collect::<Vec<_>>().join("; ")
}

/// What can be done about it.
pub fn hint(refused: &[i32]) -> String {
    if refused.is_empty() {
        return "the kernel holds them; mcp-hook stops them once it lets go".to_owned();
    }
    let numbers: Vec<String> = refused.iter().map(ToString::to_string).collect();
    format!("it runs with other privileges: sudo kill {}; mcp-hook does the rest", numbers.join(" "))
}

/// `sudo, pid 123, of root`.
fn name(pid: Pid) -> String {
    let program = process::name(pid);
    match process::user(pid) {
        Some(0) => format!("{program} (pid {pid}, of root)"),
        Some(user) => format!("{program} (pid {pid}, of user {user})"),
        None => format!("pid {pid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_holds_is_told_from_what_may_not_be_signalled() {
        // No process has such a number: pid_max(5) is at most 4194304.
        let (held, refused) = (1 << 29, 1 << 30);
        assert_eq!(describe(&[held], &[]), "not even SIGKILL ends [536870912]");
        assert_eq!(describe(&[refused], &[refused]), "you may not signal pid 1073741824");
        let both = describe(&[held, refused], &[refused]);
        assert_eq!(both, "not even SIGKILL ends [536870912]; you may not signal pid 1073741824");
        assert!(hint(&[]).starts_with("the kernel holds them"));
        assert!(hint(&[refused]).contains("sudo kill 1073741824"));
    }
}
