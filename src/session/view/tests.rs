//! The form of `status --json`, pinned for each state.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::anyhow;

use super::{ServerView, StateView, TreeView};
use crate::disk::directory::temporary;
use crate::disk::layout::SessionPaths;
use crate::disk::lock;
use crate::disk::names::ServerName;
use crate::mcp::relay::Call;
use crate::mcp::traffic::Traffic;
use crate::server::client::ClientProcess;
use crate::server::end::{End, Reason};
use crate::server::endpoint::Endpoint;
use crate::server::history::{Sample, UsageHistory};
use crate::server::record::{Mode, ServerRecord, ServerState, Watchers};
use crate::sys::handle::ProcessHandle;
use crate::sys::host::Host;
use crate::sys::wait::Exit;
use crate::sys::{Identity, Pid};

const VERSION_1: &str = include_str!("../../../tests/fixtures/record-v1.json");

fn record(state: ServerState) -> ServerRecord {
    let mut record: ServerRecord = serde_json::from_str(VERSION_1).expect("version 1");
    record.state = state;
    record
}

fn end(reason: Reason, early: bool) -> End {
    let exit = Some(Exit::Code(3));
    End {
        reason,
        exit,
        at: 1_790_000_000_000,
        took: 5,
        killed: false,
        early,
        changed: None,
        complaint: None,
        finding: None,
        kept: Vec::new(),
        escaped: Vec::new(),
    }
}

/// The JSON of servers that do not live, one a line.
fn json(records: impl IntoIterator<Item = ServerRecord>, is_held: bool) -> String {
    let (directory, _) = temporary();
    let paths = SessionPaths::alone_in(directory.path().to_owned());
    paths.pids.make().expect("made");
    let file = lock::open(&paths.server(&"web".parse().expect("a name")).lock).expect("a lock");
    assert!(!is_held || lock::try_lock(&file).expect("locked"));
    let line = |record| serde_json::to_string(&ServerView::of(&paths, record)).expect("JSON") + "\n";
    let text: String = records.into_iter().map(line).collect();
    text.replace(&directory.path().display().to_string(), "ROOT")
}

#[test]
fn what_somebody_answers_for_is_told_by_its_state() {
    let server = Identity { pid: 102, start: 5001, serial: Some(13) };
    let running = |ready| ServerState::Running { server, since: 1_790_000_000_000, ready };
    let mut again = record(running(true));
    (again.restarts, again.last_end, again.settings.memory) = (2, Some(end(Reason::OverMemory, false)), Some(1 << 30));
    again.source = Some("/home/user/servers.json".into());
    again.port = Some(Endpoint {
        number: 3001,
        url: Some("http://127.0.0.1:3001/mcp".to_owned()),
        shown: Some("not in JSON".to_owned()),
        address: Some("::1".parse().expect("an address")),
        public: true,
    });
    again.history = UsageHistory { peak: 9, samples: vec![Sample { at: 1, memory: 9, cpu_ms: 1 }] };
    let records = [
        record(ServerState::Starting),
        record(running(false)),
        again,
        record(ServerState::Stopping { server, reason: Reason::Restarted }),
        record(ServerState::Waiting { end: end(Reason::Exited, true), until: 1_790_000_009_000 }),
        record(ServerState::Unkillable { pids: vec![1 << 29], refused: Vec::new(), reason: Reason::Stopped }),
        record(ServerState::Unknown),
    ];
    insta::assert_snapshot!(json(records, true), @r#"
    {"name":"web","state":"starting","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":null,"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":null,"warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"starting","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":null,"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":null,"warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"running","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":3001,"url":"http://[::1]:3001/mcp","address":"::1","public":true,"container":null,"uptime_seconds":null,"restarts":2,"last_exit":{"exit":{"code":3},"reason":"over-memory","at":1790000000000},"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":9,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":1073741824,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":null,"warnings":[],"log":"ROOT/logs/web.log","source":"/home/user/servers.json","command":["npx","-y","a-server"]}
    {"name":"web","state":"stopping","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":null,"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":"it was restarted","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"waiting","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":{"exit":{"code":3},"reason":"exited","at":1790000000000},"next_attempt":1790000009000,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":"it ended by itself","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"unkillable","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":null,"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":"not even SIGKILL ends [536870912]; it was stopped","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"unknown","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":null,"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":"its record is of another version","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    "#);
}

#[test]
fn what_passes_between_a_client_and_its_server_is_told_in_numbers() {
    let mut traffic =
        Traffic { in_flight: 1, open_since: Some(7), last: Some(1_790_000_000_000), ..Traffic::default() };
    for (method, millis, is_error) in [("initialize", 8, false), ("tools/call", 3, true)] {
        traffic.ask(method);
        let took = Some(Duration::from_millis(millis));
        traffic.end(&Call { method: method.to_owned(), took, is_error });
    }
    traffic.ask("ping");
    let mut record = record(ServerState::Idle { end: end(Reason::Exited, false), cause: None });
    record.mode = Mode::Run;
    record.client = Some(ClientProcess { pid: 7, name: "claude-code".to_owned() });
    record.traffic = Some(traffic);
    record.differences = vec!["it no longer has tools".to_owned()];
    let value =
        |record: ServerRecord| -> serde_json::Value { serde_json::from_str(&json([record], true)).expect("JSON") };
    let idle = value(record.clone());
    insta::assert_snapshot!(format!("{}\n{}", idle["client"], idle["traffic"]), @r#"
    {"name":"claude-code","pid":7}
    {"errors":1,"in_flight":1,"last":1790000000000,"methods":{"initialize":{"count":1,"errors":0,"max_ms":8.0,"median_ms":8.0},"ping":{"count":1,"errors":0,"max_ms":null,"median_ms":null},"tools/call":{"count":1,"errors":1,"max_ms":3.0,"median_ms":3.0}},"requests":3,"stray_lines":0}
    "#);
    assert_eq!((&idle["state"], &idle["warnings"]), (&"idle".into(), &serde_json::json!(["it no longer has tools"])));
    record.state = ServerState::Ended(end(Reason::ClientGone, false));
    assert_eq!(value(record)["traffic"]["in_flight"], 0, "nobody waits any more");
}

#[test]
fn what_has_ended_is_told_by_how_it_did() {
    let records = [
        record(ServerState::Ended(end(Reason::Stopped, false))),
        record(ServerState::Ended(end(Reason::Exited, false))),
        record(ServerState::Ended(end(Reason::Exited, true))),
        record(ServerState::Ended(end(Reason::NotReady, true))),
        record(ServerState::Ended(end(Reason::OverMemory, false))),
        record(ServerState::Failed {
            cause: "there is no such program".to_owned(),
            code: 127,
            given_up: false,
            finding: None,
        }),
    ];
    insta::assert_snapshot!(json(records, false), @r#"
    {"name":"web","state":"stopped","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":{"exit":{"code":3},"reason":"stopped","at":1790000000000},"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":{"code":3},"reason":"it was stopped","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"exited","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":{"exit":{"code":3},"reason":"exited","at":1790000000000},"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":{"code":3},"reason":"it ended by itself","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"failed","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":{"exit":{"code":3},"reason":"exited","at":1790000000000},"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":{"code":3},"reason":"it ended by itself","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"failed","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":{"exit":{"code":3},"reason":"not-ready","at":1790000000000},"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":{"code":3},"reason":"it was not ready within 30 s","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"failed","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":{"exit":{"code":3},"reason":"over-memory","at":1790000000000},"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":{"code":3},"reason":"its memory stayed above the limit","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"failed","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":null,"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":"there is no such program","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    "#);
}

#[test]
fn what_nobody_answers_for_is_lost() {
    let mut waiting = record(ServerState::Waiting { end: end(Reason::Exited, true), until: 1_790_000_009_000 });
    waiting.host = Host::current().clone();
    insta::assert_snapshot!(json([record(ServerState::Starting), waiting], false), @r#"
    {"name":"web","state":"lost","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":null,"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":"nobody answers for it","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    {"name":"web","state":"lost","managed":true,"mode":"start","client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":{"exit":{"code":3},"reason":"exited","at":1790000000000},"next_attempt":1790000009000,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":"nobody answers for it","warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}
    "#);
}

#[test]
fn what_has_no_record_of_ours_is_told_by_what_is_known() {
    let name = || "web".parse::<ServerName>().expect("a name");
    let unreadable = ServerView::unreadable(name(), &anyhow!("a cause").context("could not read it"));
    insta::assert_snapshot!(serde_json::to_string(&unreadable).expect("JSON"), @r#"{"name":"web","state":"unreadable","managed":true,"mode":null,"client":null,"pid":null,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":null,"restarts":0,"last_exit":null,"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[],"exit":null,"reason":"could not read it: a cause","warnings":[],"log":null,"source":null,"command":null}"#);
    let (tree, process) = with_child();
    let unmanaged = ServerView::unmanaged(name(), &process);
    insta::assert_snapshot!(without_numbers(&unmanaged), @r#"{"name":"web","state":"unmanaged","managed":false,"mode":null,"client":null,"pid":0,"supervisor_pid":null,"keeper_pid":null,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":0.0,"restarts":0,"last_exit":null,"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":null,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[0,0],"exit":null,"reason":null,"warnings":[],"log":null,"source":null,"command":["sh","-c","exec 0<&0; cat <&0 >/dev/null & echo; wait"]}"#);
    drop(tree);
}

#[test]
fn what_lives_is_told_with_what_it_uses() {
    let (directory, _) = temporary();
    let paths = SessionPaths::alone_in(directory.path().to_owned());
    let (tree, process) = with_child();
    let server = process.identity();
    let mut record = record(ServerState::Running { server, since: 1_790_000_000_000, ready: true });
    record.host = Host::current().clone();
    record.watchers = Some(Watchers { supervisor: server, keeper: server });
    let mut view = ServerView::of(&paths, record);
    view.look_closer();
    let text = without_numbers(&view).replace(&without_digits(&directory.path().display().to_string()), "ROOT");
    insta::assert_snapshot!(text, @r#"{"name":"web","state":"running","managed":true,"mode":"start","client":null,"pid":0,"supervisor_pid":0,"keeper_pid":0,"port":null,"url":null,"address":null,"public":false,"container":null,"uptime_seconds":0.0,"restarts":0,"last_exit":null,"next_attempt":null,"traffic":null,"health":null,"cpu_seconds":0.0,"cpu_percent":0.0,"cpu_percent_now":0.0,"memory_bytes":0,"memory_peak_bytes":0,"memory_trend_bytes_per_hour":null,"memory_limit_bytes":null,"processes":0,"threads":0,"open_files":0,"pids":[0],"exit":null,"reason":null,"warnings":[],"log":"ROOT/logs/web.log","source":null,"command":["npx","-y","a-server"]}"#);
    drop(tree);
}

#[test]
fn what_is_not_known_of_every_server_stands_in_its_place_or_not_at_all() {
    let failed = StateView::Failed { reason: "it ended".to_owned(), exit: None, last_words: vec!["no".to_owned()] };
    let mut view = ServerView::new("web".parse().expect("a name"), failed);
    view.tree = Some(TreeView { memory_proportional_bytes: Some(7), ..TreeView::default() });
    let text = serde_json::to_string(&view).expect("JSON");
    assert!(text.contains(r#""memory_bytes":0,"memory_proportional_bytes":7,"memory_peak_bytes":null"#), "{text}");
    assert!(text.contains(r#""warnings":[],"last_words":["no"],"log":null"#), "{text}");
}

/// A shell with a child, until it is dropped, and a handle on it.
struct Tree(Child);

impl Drop for Tree {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn with_child() -> (Tree, ProcessHandle) {
    let mut command = Command::new("sh");
    command.args(["-c", "exec 3<&0; cat <&3 >/dev/null & echo; wait"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
    let mut said = [0];
    child.stdout.take().expect("piped").read_exact(&mut said).expect("said");
    let pid = Pid::from_raw(child.id().cast_signed());
    (Tree(child), ProcessHandle::open(pid).expect("it lives"))
}

fn without_numbers(view: &ServerView) -> String {
    without_digits(&serde_json::to_string(view).expect("JSON"))
}

/// The text with 0 for each number.
fn without_digits(text: &str) -> String {
    let mut short = String::new();
    for it in text.chars() {
        match it {
            '0'..='9' if short.ends_with('0') => {}
            '0'..='9' => short.push('0'),
            it => short.push(it),
        }
    }
    short
}
