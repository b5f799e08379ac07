//! When a server counts as started, whether it is started again, and what it may use.

mod client;
mod crash_loop;
mod failed_start;
mod launchers;
mod limits;
mod policy;
mod ready;
mod watch;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use nix::sys::stat::Mode;
use serde_json::Value;

use crate::support::BackgroundSession;
use crate::support::watchers::freeze;
use crate::support::{Output, Process, Sandbox, Tree, wait};

/// It is ready when it says so.
const READY: [&str; 2] = ["--ready-log", "^ready$"];
/// What leaves the server's group, and is to be gone before it is started again.
const ESCAPED: [&str; 2] = ["--member", "setsid"];

/// A server that lives until the test says how it ends, again and again.
struct Lives<'s> {
    session: &'s BackgroundSession<'s>,
    tree: Tree<'s>,
    name: &'static str,
    fifo: PathBuf,
    orders: File,
}

impl<'s> Lives<'s> {
    fn new(session: &'s BackgroundSession<'s>, sandbox: &'s Sandbox, name: &'static str) -> Self {
        let fifo = sandbox.path(format!("{name}.orders"));
        nix::unistd::mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        // Open for both, so that nobody waits for the other side.
        let orders = OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
        Self { session, tree: Tree::new(sandbox, name), name, fifo, orders }
    }

    /// The arguments of `start`.
    fn arguments(&self, options: &[&str]) -> Vec<String> {
        let says = ["--ready", "--say", "ready", "--exit-when-told", self.fifo.to_str().unwrap()];
        let options = [&["--grace", "300ms"], options].concat();
        self.session.start_arguments(&options, self.name, &self.tree.command(&[&ESCAPED[..], &says].concat()))
    }

    /// Starts it and waits until it is ready.
    #[track_caller]
    fn start(&mut self, sandbox: &Sandbox, options: &[&str]) {
        sandbox.hook(self.arguments(&[&READY, options].concat())).ok();
        self.tree.wait_for(&["leader", "setsid"]);
    }

    /// Ends this life: an exit status, or `s` and the number of a signal.
    fn end(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    /// The same, and waits until the whole tree is gone.
    #[track_caller]
    fn end_all(&mut self, order: &str) {
        self.end(order);
        self.tree.assert_gone();
        self.tree.forget();
    }

    /// Waits until it is ready in the life with this number, beginning at 0.
    #[track_caller]
    fn await_life(&mut self, number: u64) {
        self.tree.wait_for(&["leader", "setsid"]);
        self.await_record(&format!("life {number}"), |record| {
            record["restarts"] == number && record["state"]["ready"] == true
        });
    }

    /// Waits until its record is like this.
    #[track_caller]
    fn await_record(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        wait::try_until(|| self.session.record(self.name).filter(&is_so))
            .unwrap_or_else(|| panic!("waited in vain for {what}\n{}", self.tree))
    }

    /// Waits until nobody answers for it any more and returns the state in its record.
    #[track_caller]
    fn await_over(&self) -> Value {
        self.session.assert_only_shell_left();
        assert!(!self.session.is_locked(self.name), "the lock is held");
        self.session.record(self.name).expect("a record")["state"].clone()
    }

    /// Crashes it until its supervisor is caught, and stopped, while it waits to start it again.
    #[track_caller]
    fn catch_waiting(&mut self) -> Caught {
        for life in 0..4 {
            self.await_life(life);
            self.end_all("3");
            let is_waiting = |record: &Value| record["state"]["is"] == "waiting";
            let record = self.await_record("the pause", |record| is_waiting(record) || record["restarts"] != life);
            let watcher = |role: &str| {
                let pid = record["watchers"][role]["pid"].as_i64().expect("a pid");
                Process::with_pid(i32::try_from(pid).unwrap()).expect("it lives")
            };
            let [keeper, supervisor] = ["keeper", "supervisor"].map(watcher);
            freeze(supervisor);
            if self.session.record(self.name).is_some_and(|record| is_waiting(&record)) {
                return Caught { keeper, supervisor, life };
            }
            supervisor.signal(nix::sys::signal::Signal::SIGCONT);
        }
        panic!("it was never waiting\n{}", self.tree);
    }

    fn hook(&self, verb: &str) -> Output {
        self.session.hook(verb, &[self.name])
    }
}

/// The watchers of a server that is about to be started again; the supervisor is stopped.
struct Caught {
    keeper: Process,
    supervisor: Process,
    /// The number of the last life.
    life: u64,
}
