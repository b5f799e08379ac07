//! The numbers that `status` shows.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Sandbox, Shell, Terminal, Tree, wait};

/// What the kernel says of one process: threads and open files.
fn threads_and_files(pid: i64) -> Option<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let threads = status.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()?;
    let files = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
    Some((threads, files as u64))
}

fn record_of(sandbox: &Sandbox, session: &str, name: &str) -> PathBuf {
    sandbox.runtime().join("pids").join(session).join(format!("{name}.json"))
}

/// Puts an hour of samples into the record of a server that runs, as its supervisor would have: memory grows by
/// `per_minute` bytes.
fn remember(record: &PathBuf, per_minute: u64) {
    let mut value: Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let now = u64::try_from(now).unwrap();
    let sample = |minute: u64| json!({"at": now - (60 - minute) * 60_000, "memory": minute * per_minute, "cpu_ms": 0});
    let samples: Vec<Value> = (1..60).map(sample).collect();
    value["history"] = json!({"peak": 3_u64 << 30, "samples": samples});
    fs::write(record, value.to_string()).unwrap();
}

#[test]
fn threads_and_open_files_of_a_tree_are_what_the_kernel_says() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    let mut tree = Tree::new(&sandbox, "nasty");
    terminal.run(&format!("mcp-hook start nasty -- {}", tree.nasty_line())).ok();
    tree.wait_nasty();
    terminal.run("mcp-hook start node -- node -e 'setInterval(() => {}, 1000)'").ok();
    // What a process has open changes while it starts.
    let agreed = wait::try_until(|| {
        let said: Vec<Value> = ["nasty", "node"].iter().filter_map(|name| sandbox.server(name)).collect();
        let is_true = |server: &Value| {
            let pids = server["pids"].as_array().unwrap().iter().filter_map(Value::as_i64);
            let counted: Vec<_> = pids.filter_map(threads_and_files).collect();
            let sum = counted.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            (server["threads"].as_u64(), server["open_files"].as_u64()) == (Some(sum.0), Some(sum.1))
        };
        (said.len() == 2 && said.iter().all(is_true)).then_some(said)
    });
    let [nasty, node] = agreed.expect("they agree").try_into().expect("two");
    assert_eq!((nasty["processes"].as_u64(), nasty["threads"].as_u64()), (Some(6), Some(6)), "{nasty}");
    assert!(node["threads"].as_u64() > Some(1) && node["open_files"].as_u64() > Some(3), "{node}");
    let sum = &sandbox.status()["sessions"][0]["sum"];
    assert_eq!((&sum["running"], &sum["processes"]), (&2.into(), &7.into()), "{sum}");
    let shown = terminal.run("mcp-hook status").ok();
    assert!(shown.stdout.contains("2 running"), "{shown}");
    assert!(shown.stdout.contains("PID"), "{shown}");
    let narrow = terminal.run("stty columns 40; mcp-hook status; stty columns 2000").ok();
    assert!(narrow.stdout.contains("2 running") && !narrow.stdout.contains("PID"), "{narrow}");
    let piped = terminal.run("stty columns 40; mcp-hook status | cat; stty columns 2000").ok();
    assert!(piped.stdout.contains("PID"), "a program that reads it has no width\n{piped}");
    terminal.run("mcp-hook stop --all").ok();
}

#[test]
fn peak_and_trend_come_from_the_record_and_from_what_is_seen_now() {
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::open(&sandbox, Shell::Bash);
    terminal.run("mcp-hook start web -- sleep 1000").ok();
    let young = sandbox.server("web").expect("it runs");
    assert_eq!(young["memory_peak_bytes"], young["memory_bytes"], "{young}");
    assert_eq!(young["memory_trend_bytes_per_hour"], Value::Null, "{young}");
    let shown = terminal.run("mcp-hook status").ok();
    assert!(!shown.stdout.contains("TREND") && !shown.stdout.contains("PEAK"), "{shown}");

    let session = terminal.variable("MCP_SESSION_ID");
    remember(&record_of(&sandbox, &session, "web"), 1 << 20);
    let old = sandbox.server("web").expect("it runs");
    assert_eq!(old["memory_peak_bytes"].as_u64(), Some(3 << 30), "{old}");
    let trend = old["memory_trend_bytes_per_hour"].as_f64().expect("a trend");
    assert!((trend / f64::from(60 << 20) - 1.0).abs() < 0.01, "{old}");
    let shown = terminal.run("mcp-hook status").ok();
    let has = |what: &str| shown.stdout.contains(what);
    assert!(has("TREND") && has("+60.0 MiB/h") && has("PEAK") && has("3.0 GiB"), "{shown}");
    let details = terminal.run("mcp-hook status web").ok();
    assert!(details.stdout.contains("peak 3.0 GiB, +60.0 MiB/h"), "{details}");
    terminal.run("mcp-hook stop web").ok();
}
