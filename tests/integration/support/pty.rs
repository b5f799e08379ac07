//! A terminal with a shell in it, as a terminal emulator makes one: the test holds the master side, types lines, reads what
//! appears and may close the window.
//!
//! Unlike the expect crates this signals nobody when it is dropped before the master is closed: the kernel's own hang-up is
//! what the shells have to live with.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::termios::{LocalFlags, tcgetattr};

use super::output::{Output, listing};
use super::process::Process;
use super::sandbox::Sandbox;
use super::shell::Shell;
use super::teletype::{open_pty, plain, spawn_on};
use super::wait::{self, Deadline};

/// A terminal and the shell that leads its session.
pub struct Terminal<'s> {
    sandbox: &'s Sandbox,
    shell: Shell,
    master: Option<File>,
    child: Child,
    process: Process,
    /// Everything that has appeared.
    screen: String,
    /// Up to where the test has looked.
    seen: usize,
    commands: u32,
}

impl<'s> Terminal<'s> {
    /// A window with an interactive shell that has the hook in its rc file; the session is open when this returns.
    #[track_caller]
    pub fn open(sandbox: &'s Sandbox, shell: Shell) -> Self {
        Self::open_with_rc(sandbox, shell, "", "")
    }

    /// The same with lines in the rc file before and after the hook.
    #[track_caller]
    pub fn open_with_rc(sandbox: &'s Sandbox, shell: Shell, before: &str, after: &str) -> Self {
        shell.write_rc(sandbox, before, after);
        Self::open_command(sandbox, shell, &mut sandbox.command(shell.name()))
    }

    /// A window with any command in it that ends up as an interactive `shell`.
    #[track_caller]
    pub fn open_command(sandbox: &'s Sandbox, shell: Shell, command: &mut Command) -> Self {
        let (master, slave) = open_pty();
        let child = spawn_on(command, &slave);
        drop(slave);
        let process = Process::with_pid(child.id().cast_signed()).expect("the shell runs");
        let master = Some(master);
        let mut terminal = Self { sandbox, shell, master, child, process, screen: String::new(), seen: 0, commands: 0 };
        terminal.run(":");
        terminal
    }

    /// The shell, which is the session's owner.
    pub fn process(&self) -> Process {
        self.process
    }

    /// Which shell it is.
    pub fn shell(&self) -> Shell {
        self.shell
    }

    /// Types a line and the return key.
    #[track_caller]
    pub fn send_line(&mut self, line: &str) {
        self.send(&format!("{line}\n"));
    }

    /// Types exactly this: `"\x04"` is Ctrl-D.
    #[track_caller]
    pub fn send(&mut self, keys: &str) {
        self.master.as_mut().expect("the window is open").write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until `marker` appears behind what was looked at before and returns what came with it. The terminal echoes what
    /// is typed: choose a marker that the typed line does not contain.
    #[track_caller]
    pub fn wait_for(&mut self, marker: &str) -> String {
        let deadline = Deadline::usual();
        loop {
            if let Some(at) = self.screen[self.seen..].find(marker) {
                let end = self.seen + at + marker.len();
                let text = self.screen[self.seen..end].to_owned();
                self.seen = end;
                return text;
            }
            assert!(self.read_some(deadline), "{marker:?} did not appear\n{self}");
        }
    }

    /// Types a command, waits for its end and returns what it said and its status. stderr is part of what a terminal shows
    /// and stands in `stdout`.
    #[track_caller]
    pub fn run(&mut self, line: &str) -> Output {
        self.commands += 1;
        let number = self.commands;
        // The markers are put together by printf, so that the echo of the line does not contain them.
        let status = self.shell.status();
        self.wait_prompt();
        self.send_line(&format!("printf '<<%s>>' {number}; {line}; printf '<<%s:%s>>\\n' {number} {status}"));
        self.wait_for(&format!("<<{number}>>"));
        let stdout = self.wait_for(&format!("<<{number}:"));
        let code: i32 = self.wait_for(">>").trim_end_matches(">>").parse().expect("a number");
        Output {
            command: line.to_owned(),
            cwd: self.sandbox.home(),
            root: self.sandbox.root().to_owned(),
            status: ExitStatus::from_raw(code << 8),
            stdout: plain(stdout.trim_end_matches(&format!("<<{number}:"))),
            stderr: String::new(),
        }
    }

    /// Waits until the shell reads a line: its editor has taken the terminal out of canonical mode (termios(3)) and sleeps. Keys
    /// that come earlier would be echoed twice, and a Ctrl-D be lost; a hang-up that reaches bash between its last look at
    /// its signals and its read is not acted on before the next key, with or without a hook.
    #[track_caller]
    pub fn wait_prompt(&mut self) {
        let deadline = Deadline::usual();
        while self.canonical() || !self.process.asleep() {
            assert!(deadline.left().is_some() && self.process.alive(), "no prompt appeared\n{self}");
            self.read_some(Deadline::after(Duration::from_millis(3)));
        }
    }

    fn canonical(&self) -> bool {
        let master = self.master.as_ref().expect("the window is open");
        tcgetattr(master).unwrap().local_flags.contains(LocalFlags::ICANON)
    }

    /// The value of a variable in the shell, empty if unset.
    #[track_caller]
    pub fn variable(&mut self, name: &str) -> String {
        self.commands += 1;
        let number = self.commands;
        self.wait_prompt();
        self.send_line(&format!("printf '<[%s:%s]>' {number} \"${name}\""));
        self.wait_for(&format!("<[{number}:"));
        self.wait_for("]>").trim_end_matches("]>").to_owned()
    }

    /// Gives the window another size; the kernel tells whoever is in the foreground.
    pub fn resize(&self, rows: u16, columns: u16) {
        super::teletype::resize(self.master.as_ref().expect("the window is open"), rows, columns);
    }

    /// Closes the window: the kernel hangs up the terminal.
    pub fn close_window(&mut self) {
        self.master = None;
    }

    /// Sends a signal to the shell.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits until the shell has ended; what it still says is read, lest it wait for a reader.
    #[track_caller]
    pub fn wait_exit(&mut self) -> ExitStatus {
        let deadline = Deadline::usual();
        while let Some(pidfd) = self.process.pidfd() {
            let ended = match &self.master {
                None => wait::one_readable(&pidfd, deadline),
                Some(master) => {
                    let ready = wait::readable(&[pidfd.as_fd(), master.as_fd()], deadline);
                    if ready[1] && !ready[0] && !self.read_some(deadline) {
                        // Nobody has the terminal open any more: only the end is left to wait for.
                        self.master = None;
                    }
                    ready[0] || ready[1]
                }
            };
            assert!(ended, "the shell did not end\n{self}");
        }
        let status = self.child.wait().unwrap();
        // The kernel hands over what was written a little later than it reports the end; the end of the file is EIO, which
        // does not come while another process has the terminal open.
        while self.master.is_some() && self.read_some(Deadline::after(Duration::from_secs(1))) {}
        status
    }

    /// All that has appeared so far, as text: without control sequences and carriage returns.
    pub fn screen(&self) -> String {
        plain(&self.screen)
    }

    /// Reads what is there; `false` at the deadline or when the other side is closed.
    fn read_some(&mut self, deadline: Deadline) -> bool {
        let Some(master) = &mut self.master else {
            return false;
        };
        if !wait::one_readable(master, deadline) {
            return false;
        }
        let mut chunk = [0; 8192];
        // EIO: nobody has the terminal open any more (pty(7)).
        let Ok(length @ 1..) = master.read(&mut chunk) else {
            return false;
        };
        self.screen.push_str(&String::from_utf8_lossy(&chunk[..length]));
        true
    }
}

impl std::fmt::Display for Terminal<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "--- shell: {}\n--- screen\n{}", self.process, self.screen)?;
        write!(out, "--- sandbox\n{}", listing(self.sandbox.root()))
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{self}");
        }
        self.process.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
