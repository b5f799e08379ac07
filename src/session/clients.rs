//! What is odd about servers and their clients: pure decisions, for `status` and `doctor`.

use std::collections::BTreeMap;

use crate::disk::names::{ServerName, SessionId};
use crate::server::record::{ServerRecord, ServerState};
use crate::units::time::duration;

/// Without a message for so long, a server is in nobody's way but on the machine, in milliseconds.
const LONG: u64 = 2 * 60 * 60 * 1000;

/// Something odd about a server, and what can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOddity {
    pub server: ServerName,
    pub text: String,
    is_silent: bool,
}

impl ClientOddity {
    /// What can be done. Who is not in the session has to name it.
    pub fn hint(&self, session: Option<&SessionId>) -> String {
        let session = session.map(|session| format!(" --session {session}")).unwrap_or_default();
        let stop = format!("mcp-hook stop {}{session} ends it", self.server);
        if self.is_silent { format!("run --idle 30m ends it until it is needed again; {stop}") } else { stop }
    }
}

/// What is odd about these servers of one session at a time in milliseconds since the epoch.
pub fn oddities<'r>(records: impl IntoIterator<Item = &'r ServerRecord>, now: u64) -> Vec<ClientOddity> {
    let running: Vec<_> = records.into_iter().filter_map(RunningServer::of).collect();
    let mut namesakes: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for server in &running {
        namesakes.entry((server.client, server.wanted)).or_default().push(server);
    }
    let mut oddities: Vec<_> = namesakes.values().filter(|them| them.len() > 1).map(|them| duplicate(them)).collect();
    oddities.extend(running.iter().filter_map(|server| silent(server, now)));
    oddities
}

/// A server that runs for a client.
struct RunningServer<'r> {
    record: &'r ServerRecord,
    client: i32,
    /// What the client calls it.
    wanted: &'r ServerName,
    /// When it heard or said something last, or was started.
    heard: u64,
}

impl<'r> RunningServer<'r> {
    fn of(record: &'r ServerRecord) -> Option<Self> {
        let ServerState::Running { since, .. } = record.state else { return None };
        let heard = record.traffic.as_ref()?.last.unwrap_or(since);
        let wanted = record.wanted.as_ref().unwrap_or(&record.name);
        Some(Self { record, client: record.client.as_ref()?.pid, wanted, heard })
    }
}

fn duplicate(servers: &[&RunningServer<'_>]) -> ClientOddity {
    let names: Vec<&str> = servers.iter().map(|server| server.record.name.as_str()).collect();
    let forgotten = servers.iter().min_by_key(|server| server.heard).map_or(servers[0], |server| server);
    let text = format!(
        "{} runs {} servers that it calls {} ({}); this one has been silent for longest",
        client(forgotten),
        names.len(),
        forgotten.wanted,
        names.join(", "),
    );
    ClientOddity { server: forgotten.record.name.clone(), text, is_silent: false }
}

#[expect(clippy::cast_precision_loss, reason = "hours are shown")]
fn silent(server: &RunningServer<'_>, now: u64) -> Option<ClientOddity> {
    let quiet = now.saturating_sub(server.heard);
    let is_busy = server.record.traffic.as_ref().is_some_and(|traffic| traffic.in_flight > 0);
    let rests_by_itself = server.record.settings.idle_ms.is_some();
    if quiet < LONG || is_busy || rests_by_itself {
        return None;
    }
    let text = format!("no message of {} has passed for {}", client(server), duration(quiet as f64 / 1000.0));
    Some(ClientOddity { server: server.record.name.clone(), text, is_silent: true })
}

fn client(server: &RunningServer<'_>) -> String {
    let name = server.record.client.as_ref().map_or("its client", |client| &client.name);
    format!("{name} (pid {})", server.client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::traffic::Traffic;
    use crate::server::client::ClientProcess;
    use crate::sys::Identity;

    const VERSION_1: &str = include_str!("../../tests/fixtures/record-v1.json");
    const NOW: u64 = 1_790_000_000_000;
    const MINUTE: u64 = 60_000;

    /// A server by its name, what its client calls it, its client and the minutes since its last message.
    fn record(name: &str, wanted: &str, client: i32, minutes: Option<u64>) -> ServerRecord {
        let mut record: ServerRecord = serde_json::from_str(VERSION_1).expect("version 1");
        let server = Identity { pid: 1, start: 1, serial: None };
        record.state = ServerState::Running { server, since: NOW - 300 * MINUTE, ready: true };
        record.name = name.parse().expect("a name");
        record.wanted = (name != wanted).then(|| wanted.parse().expect("a name"));
        record.client = Some(ClientProcess { pid: client, name: "claude-code".to_owned() });
        let last = minutes.map(|minutes| NOW - minutes * MINUTE);
        record.traffic = Some(Traffic { last, ..Traffic::default() });
        record
    }

    fn told(records: &[ServerRecord]) -> String {
        let session: SessionId = "pts3-48213-k7f2".parse().expect("an id");
        let line = |it: &ClientOddity| format!("{}: {}\n  {}", it.server, it.text, it.hint(Some(&session)));
        oddities(records, NOW).iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn several_of_one_name_under_one_client_and_long_silence_are_told() {
        let records = [
            record("web", "web", 7, Some(90)),
            record("web.2", "web", 7, Some(1)),
            record("web.3", "web", 8, Some(2)),
            record("old", "old", 7, Some(121)),
            record("unused", "unused", 7, None),
        ];
        insta::assert_snapshot!(told(&records), @r"
        web: claude-code (pid 7) runs 2 servers that it calls web (web, web.2); this one has been silent for longest
          mcp-hook stop web --session pts3-48213-k7f2 ends it
        old: no message of claude-code (pid 7) has passed for 2h 01m
          run --idle 30m ends it until it is needed again; mcp-hook stop old --session pts3-48213-k7f2 ends it
        unused: no message of claude-code (pid 7) has passed for 5h 00m
          run --idle 30m ends it until it is needed again; mcp-hook stop unused --session pts3-48213-k7f2 ends it
        ");
    }

    #[test]
    fn what_is_as_it_should_be_is_not_told() {
        let mut busy = record("busy", "busy", 7, Some(300));
        busy.traffic = busy.traffic.map(|traffic| Traffic { in_flight: 1, ..traffic });
        let mut direct = record("direct", "direct", 7, None);
        direct.traffic = None;
        let mut resting = record("web.2", "web", 7, Some(300));
        resting.state = ServerState::Starting;
        let like = [record("python3.11", "python3.11", 7, Some(1)), record("python3.12", "python3.12", 7, Some(1))];
        let records: Vec<_> =
            like.into_iter().chain([busy, direct, resting, record("web", "web", 7, Some(119))]).collect();
        assert_eq!(told(&records), "");
    }
}
