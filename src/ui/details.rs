//! One server in detail: what `status NAME` says below its row.

use std::fmt::Write;
use std::net::SocketAddr;

use super::columns::label;
use super::table::ending;
use super::traffic;
use crate::context;
use crate::server::endpoint::Endpoint;
use crate::server::health::HealthState;
use crate::server::launch::Launch;
use crate::server::launch_cost::Saved;
use crate::session::view::{ContainerView, HealthView, LastExit, RecordView, ServerView, TreeView};
use crate::text::{plain, tame};
use crate::units::size::{bytes, trend};
use crate::units::time::duration;
use crate::units::{count, percent};

/// A line for each thing that is known of a server, and for each of its last words.
pub fn details(server: &ServerView) -> String {
    let mut text = String::new();
    for (name, lines) in rows(server, context::wall_millis()) {
        for (index, line) in lines.iter().enumerate() {
            let _ = writeln!(text, "    {}{line}", label(if index == 0 { name } else { "" }));
        }
    }
    text
}

fn rows(server: &ServerView, now: u64) -> Vec<(&'static str, Vec<String>)> {
    let (record, tree, passed) = (server.record.as_ref(), server.tree.as_ref(), server.traffic());
    let rows = [
        ("command", line(server.command().map(|words| words.join(" ")))),
        ("defined in", line(record.and_then(|it| it.source.as_ref()).map(|path| path.display().to_string()))),
        ("started", line(record.and_then(|it| it.launch.as_ref()).map(Launch::text))),
        ("saved", line(record.and_then(|it| it.launch.as_ref()).and_then(Launch::saved).map(Saved::text))),
        ("address", line(server.endpoint().map(address))),
        ("client", line(record.and_then(|it| it.client.as_ref()).map(traffic::client))),
        ("requests", line(passed.map(|it| traffic::requests(it, now)))),
        ("methods", passed.map(traffic::methods).unwrap_or_default()),
        ("messages", line(passed.and_then(|it| traffic::last(it, now)).map(|ago| format!("the last one {ago}")))),
        ("stray lines", line(passed.map(|it| it.stray_lines).filter(|&lines| lines > 0).map(|it| it.to_string()))),
        (
            "restarts",
            line(passed.map(|_| server.restarts()).filter(|&it| it > 0).map(|it| format!("{it} under this client"))),
        ),
        ("health", line(record.and_then(|it| it.health.as_ref()).map(|it| health(it, now)))),
        ("container", line(record.and_then(|it| it.container.as_ref()).map(container))),
        ("processor", line(tree.map(processor))),
        ("memory", line(memory(server))),
        ("open files", line(tree.map(|it| it.open_files.to_string()))),
        ("threads", line(tree.map(|it| it.threads.to_string()))),
        ("tree", line(tree.map(|it| it.pids.iter().map(i32::to_string).collect::<Vec<_>>().join(" ")))),
        ("last exit", line(server.last_exit().map(|last| last_exit(last, server.restarts(), now)))),
        ("last words", server.state.last_words().iter().map(|words| tame(words.as_bytes())).collect()),
        ("log", line(record.map(|it| it.log.display().to_string()))),
        ("watched by", line(record.and_then(watchers))),
    ];
    rows.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

fn line(value: Option<String>) -> Vec<String> {
    value.into_iter().map(|value| plain(&value)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "seconds are shown")]
fn health(health: &HealthView, now: u64) -> String {
    let time = health.since.map(|since| duration(now.saturating_sub(since) as f64 / 1000.0)).unwrap_or_default();
    match (health.state, &health.complaint) {
        (HealthState::Unknown, _) => "not asked yet".to_owned(),
        (HealthState::Ok, _) => format!("ok for {time}"),
        (HealthState::Failing, complaint) => {
            format!("failing for {time}: {}", complaint.as_deref().unwrap_or_default())
        }
    }
}

fn container(container: &ContainerView) -> String {
    let id = container.id.as_ref().map_or("not made yet", |id| id.get(..12).unwrap_or(id));
    container.complaint.clone().unwrap_or_else(|| format!("{id} ({})", container.engine))
}

fn address(endpoint: &Endpoint) -> String {
    let port = endpoint.number;
    let seen = endpoint.address.map(|address| SocketAddr::new(address, port).to_string());
    let place = endpoint.shown_url().or(seen).unwrap_or_else(|| format!("port {port}"));
    if endpoint.public { place + ", open to other machines" } else { place }
}

fn processor(tree: &TreeView) -> String {
    let (now, life) = (percent(tree.cpu_percent_now), percent(tree.cpu_percent));
    format!("{now} of one now, {life} since its start, {:.1} s in all", tree.cpu_seconds)
}

fn memory(server: &ServerView) -> Option<String> {
    let now = server.tree.as_ref().map(|tree| {
        let shared = tree.memory_proportional_bytes.map_or(String::new(), |pss| format!(" (PSS {})", bytes(pss)));
        bytes(tree.memory_bytes) + &shared
    });
    let peak = server.memory_peak_bytes().map(|peak| format!("peak {}", bytes(peak)));
    let growth = server.tree.as_ref().and_then(|tree| tree.memory_trend_bytes_per_hour).map(trend);
    let limit = server.record.as_ref().and_then(|it| it.memory_limit_bytes);
    let limit = limit.map(|limit| format!("limit {}", bytes(limit)));
    let parts: Vec<String> = [now, peak, growth, limit].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[expect(clippy::cast_precision_loss, reason = "seconds are shown")]
fn last_exit(last: &LastExit, restarts: u32, now: u64) -> String {
    let how = last.exit.map_or(String::new(), |exit| format!(", {}", ending(exit)));
    let ago = duration(now.saturating_sub(last.at) as f64 / 1000.0);
    let again = match restarts {
        0 => String::new(),
        times => format!("; started again {}", count(times.into(), "time", "times")),
    };
    let why = last.changed.as_ref().or(last.finding.as_ref().map(|finding| &finding.message));
    let why = why.map_or(String::new(), |why| format!(" ({why})"));
    format!("{ago} ago: {}{why}{how}{again}", last.reason.text())
}

fn watchers(record: &RecordView) -> Option<String> {
    let supervisor = record.supervisor_pid?;
    let keeper = record.keeper_pid.map_or("-".to_owned(), |keeper| keeper.to_string());
    Some(format!("supervisor {supervisor}, keeper {keeper}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::client::ClientProcess;
    use crate::server::end::Reason;
    use crate::session::view::{MethodView, StateView, TrafficView};
    use crate::sys::wait::Exit;

    fn shown(server: &ServerView) -> String {
        rows(server, 60_000)
            .iter()
            .fold(String::new(), |text, (name, value)| text + name + ": " + &value.join("\n") + "\n")
    }

    #[test]
    fn what_passes_between_it_and_its_client_is_said() {
        let method = |count, errors, median_ms, max_ms| MethodView { count, errors, median_ms, max_ms };
        let methods = [
            ("initialize", method(1, 0, Some(210.2), Some(210.2))),
            ("tools/call", method(30, 3, Some(0.75), Some(1234.0))),
            ("ping\n", method(1, 0, None, None)),
        ];
        let traffic = TrafficView {
            requests: 32,
            errors: 3,
            in_flight: 1,
            open_since: Some(48_000),
            stray_lines: 4,
            last: Some(59_000),
            methods: methods.map(|(name, method)| (name.to_owned(), method)).into(),
        };
        let client = Some(ClientProcess { pid: 48200, name: "claude-code".to_owned() });
        let record = RecordView {
            client,
            traffic: Some(traffic),
            restarts: 2,
            command: ["a-server", "--token", "kept to yourself"].map(str::to_owned).to_vec(),
            log: "/logs/web.log".into(),
            ..RecordView::blank()
        };
        let state = StateView::Running;
        let server = ServerView { record: Some(record), ..ServerView::new("web".parse().expect("a name"), state) };
        insta::assert_snapshot!(shown(&server), @r"
        command: a-server --token ***
        client: claude-code, pid 48200
        requests: 32, 3 errors, 1 open for 12s
        methods: tools/call  30, median 0.75 ms, worst 1.2 s, 3 errors
        initialize  1, median 210 ms, worst 210 ms
        ping\n      1
        messages: the last one 1s ago
        stray lines: 4
        restarts: 2 under this client
        log: /logs/web.log
        ");
    }

    #[test]
    fn what_is_known_of_a_server_is_said_and_nothing_else() {
        let state = StateView::Stopped { reason: "it was stopped".to_owned(), exit: None };
        let blank = ServerView::new("web".parse().expect("a name"), state);
        assert_eq!(shown(&blank), "");
        let tree = TreeView {
            cpu_percent: 0.4,
            cpu_percent_now: 2.0,
            cpu_seconds: 75.0,
            memory_bytes: 304 << 20,
            memory_proportional_bytes: Some(231 << 20),
            memory_trend_bytes_per_hour: Some(-25e6),
            threads: 33,
            open_files: 71,
            pids: vec![7, 8],
            ..TreeView::default()
        };
        let url = Some("http://127.0.0.1:3001/mcp".to_owned());
        let record = RecordView {
            command: vec!["npx".to_owned(), "-y".to_owned(), "a-server".to_owned()],
            source: Some("/home/me/.config/mcp-hook/servers.json".into()),
            endpoint: Some(Endpoint { number: 3001, url, shown: None, address: None, public: true }),
            memory_peak_bytes: Some(700 << 20),
            memory_limit_bytes: Some(2 << 30),
            restarts: 1,
            last_exit: Some(LastExit {
                exit: Some(Exit::Code(1)),
                reason: Reason::Exited,
                changed: None,
                finding: None,
                at: 0,
            }),
            supervisor_pid: Some(6),
            keeper_pid: Some(5),
            log: "/logs/web.log".into(),
            ..RecordView::blank()
        };
        let server = ServerView { tree: Some(tree), record: Some(record), ..blank };
        insta::assert_snapshot!(shown(&server), @r"
        command: npx -y a-server
        defined in: /home/me/.config/mcp-hook/servers.json
        address: http://127.0.0.1:3001/mcp, open to other machines
        processor: 2.0% of one now, 0.4% since its start, 75.0 s in all
        memory: 304 MiB (PSS 231 MiB), peak 700 MiB, -23.8 MiB/h, limit 2.0 GiB
        open files: 71
        threads: 33
        tree: 7 8
        last exit: 1m 00s ago: it ended by itself, exit status 1; started again 1 time
        log: /logs/web.log
        watched by: supervisor 6, keeper 5
        ");
    }
}
