//! A shell in namespaces of its own: process numbers that a test may choose, a first process that it brings along, mounts
//! that nobody else sees.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

use super::output::{listing, skip};
use super::sandbox::Sandbox;
use super::tree::Tree;
use super::wait::{self, Deadline};

/// bash, driven by the test line by line. Everything in the namespace ends when this is dropped.
pub struct Namespace<'s> {
    sandbox: &'s Sandbox,
    child: Child,
    stdin: File,
    stdout: File,
    text: String,
    commands: u32,
}

impl<'s> Namespace<'s> {
    /// With bash as the first process, which collects what becomes its child. `None`, said aloud, where namespaces cannot be
    /// had.
    pub fn open(sandbox: &'s Sandbox, test: &str) -> Option<Self> {
        Self::open_with(sandbox, test, &["bash"], None)
    }

    /// With a first process that never collects anything.
    pub fn open_with_zombies(sandbox: &'s Sandbox, test: &str) -> Option<Self> {
        Self::open_with(sandbox, test, &[Tree::program().to_str().unwrap(), "--spawn", "bash"], None)
    }

    /// With a network of its own, in which nobody else has a port and those that are handed out are chosen by the test.
    pub fn open_network(sandbox: &'s Sandbox, test: &str) -> Option<Self> {
        Self::open_with(sandbox, test, &["bash"], Some("--net"))
    }

    /// On a machine that the test may rename.
    pub fn open_renamable(sandbox: &'s Sandbox, test: &str) -> Option<Self> {
        Self::open_with(sandbox, test, &["bash"], Some("--uts"))
    }

    fn open_with(sandbox: &'s Sandbox, test: &str, first: &[&str], more: Option<&str>) -> Option<Self> {
        const UNSHARE: [&str; 7] =
            ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
        let able = sandbox
            .command("unshare")
            .args(UNSHARE)
            .args(more)
            .args(["sh", "-c", "test -w /proc/sys/kernel/ns_last_pid"])
            .output();
        if !able.is_ok_and(|output| output.status.success()) {
            skip(test, "needs namespaces of its own (unshare)");
            return None;
        }
        let mut command = sandbox.command("unshare");
        command.args(UNSHARE).args(more).args(first).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = OwnedFd::from(child.stdin.take().unwrap()).into();
        let stdout = OwnedFd::from(child.stdout.take().unwrap()).into();
        Some(Self { sandbox, child, stdin, stdout, text: String::new(), commands: 0 })
    }

    /// The number of its first process outside.
    pub fn outer_pid(&mut self) -> i32 {
        // It is there once it has answered.
        self.run("true");
        let unshare = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).unwrap();
        children.trim().parse().unwrap()
    }

    /// Runs a line and returns its status and what it said on both streams.
    #[track_caller]
    pub fn try_run(&mut self, line: &str) -> (i32, String) {
        self.commands += 1;
        let marker = format!("<<{}:", self.commands);
        writeln!(self.stdin, "{{ {line}\n}} </dev/null 2>&1; printf '\\n{marker}%s>>\\n' \"$?\"").unwrap();
        let deadline = Deadline::usual();
        loop {
            if let Some((said, code)) = self.text.split_once(&format!("\n{marker}"))
                && let Some((code, _)) = code.split_once(">>\n")
            {
                let answer = (code.parse().unwrap(), said.to_owned());
                self.text.clear();
                return answer;
            }
            let mut chunk = [0; 4096];
            let length =
                if wait::one_readable(&self.stdout, deadline) { self.stdout.read(&mut chunk).unwrap() } else { 0 };
            assert!(length > 0, "{line:?} did not end\n{}\n{}", self.text, listing(self.sandbox.root()));
            self.text.push_str(&String::from_utf8_lossy(&chunk[..length]));
        }
    }

    /// The same for a line that succeeds.
    #[track_caller]
    pub fn run(&mut self, line: &str) -> String {
        let (code, text) = self.try_run(line);
        assert_eq!(code, 0, "{line}\n{text}\n{}", listing(self.sandbox.root()));
        text
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
