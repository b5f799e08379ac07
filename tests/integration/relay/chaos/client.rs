//! The client: says what it likes, and looks at each line that it hears.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::judge::{Answer, Request, Story};
use crate::support::random::Random;
use crate::support::wait::HANG;
use crate::support::{PipedClient, Process, Sandbox, output};

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/chaos_server.py");
/// How many calls may wait for their answers, but for those that never have one.
const MOST_OPEN: usize = 80;
/// How often a server may fail before it is restarted: five times in a minute are too often for `run`.
const FAILURES: u32 = 2;
/// How many calls in a row tell that there is no server any more: a restart that fell into a pause excused no failure.
const REFUSED: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    Handshake,
    Stateless,
}

pub struct Client<'s> {
    sandbox: &'s Sandbox,
    era: Era,
    random: Random,
    pipes: PipedClient<'s>,
    lines: Receiver<Vec<u8>>,
    reader: JoinHandle<()>,
    story: Story,
    next: u64,
    /// Requests of servers that are to be answered, by the id that the client knows: their secrets.
    asked: BTreeMap<String, Value>,
    was_asked: BTreeSet<String>,
    /// Of lives that have ended: they are answered all the same, once the next one is there.
    stale: Vec<Stale>,
    failures: u32,
    restarts: Vec<Child>,
}

struct Stale {
    id: String,
    secret: Value,
    life: u64,
}

impl<'s> Client<'s> {
    pub fn connect(sandbox: &'s Sandbox, era: Era, seed: u64) -> Self {
        let python = sandbox.run(sandbox.command("python3").args(["-c", "import sys; print(sys.executable)"])).ok();
        let kind = if era == Era::Handshake { "handshake" } else { "stateless" };
        let command = [python.stdout.trim(), "-S", SERVER, kind];
        let mut pipes = PipedClient::run(sandbox, &[], &command);
        let output = BufReader::new(pipes.output.take().unwrap());
        let (sender, lines) = channel();
        let reader = thread::spawn(move || {
            for line in output.split(b'\n') {
                let _ = sender.send(line.unwrap());
            }
        });
        let mut it = Self {
            sandbox,
            era,
            random: Random::seeded(seed),
            pipes,
            lines,
            reader,
            story: Story::default(),
            next: 1,
            asked: BTreeMap::new(),
            was_asked: BTreeSet::new(),
            stale: Vec::new(),
            failures: 0,
            restarts: Vec::new(),
        };
        it.begin();
        it
    }

    fn begin(&mut self) {
        match self.era {
            Era::Handshake => {
                let version = json!({ "protocolVersion": "2025-11-25", "capabilities": {} });
                self.request("initialize", version);
                self.wait_for_all();
                self.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
            }
            Era::Stateless => {
                self.request("server/discover", json!({}));
                self.wait_for_all();
                let listen = json!({ "notifications": { "toolsListChanged": true } });
                self.say(
                    &json!({ "jsonrpc": "2.0", "id": "listen:0", "method": "subscriptions/listen", "params": listen }),
                );
            }
        }
    }

    fn say(&mut self, message: &Value) {
        let line = message.to_string();
        self.pipes.say(format!("{line}\n"));
        self.story.sent.push(line);
    }

    /// Says a request and returns its number.
    fn request(&mut self, method: &str, mut params: Value) -> u64 {
        let id = self.next;
        self.next += 1;
        let nonce = format!("{:x}", self.random.below(1 << 30));
        params["nonce"] = json!(nonce);
        let how = params["how"].as_str().unwrap_or("now").to_owned();
        self.story.requests.insert(id, Request { nonce, how, ..Request::default() });
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    fn call(&mut self, how: &str) {
        let mut params = json!({ "how": how });
        if how == "progress" {
            params["_meta"] = json!({ "progressToken": self.next });
        }
        self.request("tools/call", params);
    }

    /// Says one message, or ends the server.
    pub fn step(&mut self) {
        match self.random.below(200) {
            0 => self.end_server(),
            1..=15 => self.cancel(),
            16..=30 => {
                let params = json!({ "number": self.story.sent.len() });
                self.say(&json!({ "jsonrpc": "2.0", "method": "notifications/roots/list_changed", "params": params }));
            }
            31..=33 if self.era == Era::Handshake => {
                self.request("logging/setLevel", json!({ "level": "info" }));
            }
            34..=80 if !self.asked.is_empty() => {
                let ids: Vec<String> = self.asked.keys().cloned().collect();
                let id = self.random.pick(&ids).unwrap();
                let secret = self.asked.remove(&id).unwrap();
                self.answer(&id, &secret);
            }
            _ => {
                let hows = ["now", "now", "late", "late", "twice", "progress", "ask", "ask", "never"];
                let how = self.random.pick(&hows).unwrap();
                let is_odd = how == "ask" && self.era == Era::Stateless || how == "never" && !self.random.one_in(4);
                self.call(if is_odd { "now" } else { how });
            }
        }
        while let Ok(line) = self.lines.try_recv() {
            self.hear(&line);
        }
        let life = self.story.life();
        if let Some(place) = self.stale.iter().position(|stale| stale.life < life) {
            let Stale { id, secret, .. } = self.stale.remove(place);
            self.answer(&id, &secret);
        }
        if self.story.refused > REFUSED {
            self.story.refused = 0;
            self.restart();
        }
        if self.story.open().count() > MOST_OPEN {
            let least = self.random.below(MOST_OPEN);
            self.wait_until(|story| story.open().count() <= least);
        }
    }

    fn answer(&mut self, id: &str, secret: &Value) {
        let id: Value = serde_json::from_str(id).unwrap();
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "result": { "secret": secret } }));
    }

    fn cancel(&mut self) {
        let open: Vec<u64> = self.story.requests.iter().filter(|(_, it)| it.is_open()).map(|(id, _)| *id).collect();
        let Some(id) = self.random.pick(&open) else { return };
        self.story.requests.get_mut(&id).unwrap().is_cancelled = true;
        self.say(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } }));
    }

    fn end_server(&mut self) {
        let kinds = ["exit", "exit", "restart", "fail", "half", "kill", "signal", "signal"];
        let kind = self.random.pick(&kinds).unwrap();
        match kind {
            "exit" => return self.call("exit"),
            kind if kind == "restart" || self.failures == FAILURES => return self.restart(),
            "signal" => self.pid().and_then(Process::with_pid).into_iter().for_each(|it| it.signal(Signal::SIGKILL)),
            how => self.call(how),
        }
        self.failures += 1;
    }

    /// The process that the server's log named last.
    fn pid(&self) -> Option<i32> {
        let log = std::fs::read_to_string(self.sandbox.home().join("log")).ok()?;
        let began = log.lines().rev().find(|line| line.contains("\"began\""))?;
        let pid = serde_json::from_str::<Value>(began).ok()?["pid"].as_i64()?;
        i32::try_from(pid).ok()
    }

    /// Asks for a restart, and goes on meanwhile.
    fn restart(&mut self) {
        self.end_restarts();
        let sessions = std::fs::read_dir(self.sandbox.runtime().join("pids")).unwrap();
        let session = sessions.map(|entry| entry.unwrap().file_name()).next().unwrap();
        let mut command: Command = self.sandbox.command(env!("CARGO_BIN_EXE_mcp-hook"));
        command.args(["restart", "server", "--session"]).arg(session).stdout(Stdio::null()).stderr(Stdio::null());
        self.restarts.push(command.spawn().unwrap());
        self.failures = 0;
    }

    fn end_restarts(&mut self) {
        for mut restart in self.restarts.drain(..) {
            restart.wait().unwrap();
        }
    }

    fn wait_for_all(&mut self) {
        self.wait_until(|story| story.open().next().is_none());
    }

    #[track_caller]
    fn wait_until(&mut self, is_over: impl Fn(&Story) -> bool) {
        while !is_over(&self.story) {
            let Ok(line) = self.lines.recv_timeout(HANG) else {
                let open: Vec<_> = self.story.open().collect();
                panic!("no answer to {open:?}\n{}", output::listing(self.sandbox.root()));
            };
            self.hear(&line);
        }
    }

    fn hear(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let message: Value = serde_json::from_slice(line).unwrap_or_else(|error| panic!("{error}: {text}"));
        self.story.note_number(&message);
        let (method, id) = (message["method"].as_str(), &message["id"]);
        match method {
            Some(_) if !id.is_null() => {
                let id = id.to_string();
                let is_stale = self.stale.iter().any(|stale| stale.id == id);
                self.was_asked.insert(id.clone());
                let is_new = self.asked.insert(id, message["params"]["secret"].clone()).is_none();
                assert!(is_new && !is_stale, "an id is used twice: {text}");
                self.story.note_question(&message);
            }
            Some("notifications/cancelled") => {
                let id = message["params"]["requestId"].to_string();
                assert!(self.was_asked.contains(&id), "never asked: {text}");
                if let Some(secret) = self.asked.remove(&id).filter(|_| self.random.one_in(2)) {
                    self.stale.push(Stale { id, secret, life: self.story.life() });
                }
            }
            Some("notifications/progress") => {
                let id = message["params"]["progressToken"].as_u64().unwrap();
                assert!(self.story.requests[&id].answer.is_none(), "progress of what was answered: {text}");
            }
            Some("notifications/tools/list_changed") => self.story.list_changes += 1,
            Some("notifications/subscriptions/acknowledged") => self.story.acknowledgements += 1,
            Some(_) => {}
            None => self.story.note_answer(&message),
        }
    }

    /// Has everything answered that is open, by the end of a server if by nothing else, and by a new one.
    pub fn finish(mut self) -> Story {
        self.restart();
        self.end_restarts();
        self.call("exit");
        self.wait_until(|story| story.requests.values().all(|it| !it.is_open()));
        self.call("now");
        self.wait_for_all();
        let last = &self.story.requests[&(self.next - 1)].answer;
        let is_answered = matches!(last, Some(Answer::Result { .. }));
        assert!(is_answered, "the last call: {last:?}\n{}", output::listing(self.sandbox.root()));
        self.pipes.input = None;
        while let Ok(line) = self.lines.recv() {
            self.hear(&line);
        }
        self.reader.join().unwrap();
        assert_eq!(self.pipes.hear_all().status, Some(0));
        self.story.is_stateless = self.era == Era::Stateless;
        self.story
    }
}
