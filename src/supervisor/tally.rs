//! What passes between a client and its server, counted as it passes, and when that is to be written down.

use std::time::{Duration, Instant};

use crate::mcp::edit;
use crate::mcp::framer::Piece;
use crate::mcp::message::{Head, Kind, Message};
use crate::mcp::relay::Call;
use crate::mcp::traffic::Traffic;
use crate::units::time;

/// How long what has changed may stay unwritten: a record is rewritten whole, and messages are many.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest name of a client that is kept, in characters.
const LONGEST_NAME: usize = 64;

#[derive(Default)]
pub struct Tally {
    traffic: Traffic,
    /// What the client calls itself.
    client: Option<String>,
    /// Since when there is something that is not written down.
    unsaved_since: Option<Instant>,
}

impl Tally {
    /// Something has come from the client. `wall` is the time of day, in milliseconds since the epoch.
    pub fn note_client(&mut self, piece: &Piece, now: Instant, wall: u64) {
        if let Piece::Whole(bytes, Message::Single(head)) = piece
            && matches!(head.method.as_deref(), Some("initialize" | "server/discover"))
        {
            self.client = client_name(bytes).or(self.client.take());
        }
        for head in heads(piece).iter().filter(|head| head.kind() == Kind::Request) {
            self.traffic.ask(head.method.as_deref().unwrap_or_default());
        }
        self.passed(now, wall);
    }

    /// The same for what has come from the server.
    pub fn note_server(&mut self, piece: &Piece, now: Instant, wall: u64) {
        match piece {
            Piece::Whole(_, Message::Stray) => {
                self.traffic.stray_lines += 1;
                self.unsaved_since.get_or_insert(now);
            }
            _ => self.passed(now, wall),
        }
    }

    /// A request came to its end.
    pub fn end(&mut self, call: &Call) {
        self.traffic.end(call);
    }

    fn passed(&mut self, now: Instant, wall: u64) {
        self.traffic.last = Some(wall);
        self.unsaved_since.get_or_insert(now);
    }

    /// How long until it is to be written down; `None` if there is nothing new.
    pub fn due(&self, now: Instant) -> Option<Duration> {
        Some((self.unsaved_since? + PATIENCE).saturating_duration_since(now))
    }

    /// The numbers, to be written down now, with how many requests are open and since when; and the client's name.
    pub fn save(&mut self, open: (usize, Option<Instant>), now: Instant, wall: u64) -> (Traffic, Option<&str>) {
        self.unsaved_since = None;
        let (in_flight, since) = open;
        let open_since = since.map(|since| wall.saturating_sub(time::millis(now.saturating_duration_since(since))));
        (Traffic { in_flight, open_since, ..self.traffic.clone() }, self.client.as_deref())
    }
}

fn heads(piece: &Piece) -> &[Head] {
    match piece {
        Piece::Whole(_, message) | Piece::End(_, message) => message.heads(),
        Piece::Begin(..) | Piece::Part(_) => &[],
    }
}

/// What a client calls itself in its first request, in either era.
fn client_name(request: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(request).ok()?;
    let paths =
        [&["params", "clientInfo", "name"][..], &["params", "_meta", "io.modelcontextprotocol/clientInfo", "name"]];
    let place = paths.iter().find_map(|path| edit::at(text, path))?;
    let name: String = serde_json::from_str(&text[place]).ok()?;
    let name: String = name.trim().chars().filter(|it| !it.is_control()).take(LONGEST_NAME).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;
    use crate::mcp::framer::Framer;

    fn pieces(text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        Framer::of_client().push(format!("{text}\n").as_bytes(), &mut |piece| pieces.push(piece));
        pieces
    }

    fn asked(tally: &mut Tally, text: &str, now: Instant) {
        for piece in pieces(text) {
            tally.note_client(&piece, now, 7);
        }
    }

    #[test]
    fn requests_count_once_whether_alone_or_in_an_array_and_nothing_else_does() {
        let (mut tally, now) = (Tally::default(), context::now());
        for text in [
            r#"{"id":1,"method":"tools/call"}"#,
            r#"[{"id":2,"method":"tools/call"},{"method":"notifications/x"},{"id":3,"method":"ping"}]"#,
            r#"{"method":"notifications/initialized"}"#,
            r#"{"id":9,"result":{}}"#,
            "no message",
        ] {
            asked(&mut tally, text, now);
        }
        for text in [r#"{"id":1,"result":{}}"#, "[INFO] up"] {
            for piece in pieces(text) {
                tally.note_server(&piece, now, 8);
            }
        }
        let (traffic, _) = tally.save((2, Some(now)), now + Duration::from_millis(300), 1000);
        let counts: Vec<_> = traffic.methods.iter().map(|(name, method)| (name.as_str(), method.count)).collect();
        assert_eq!(counts, [("ping", 1), ("tools/call", 2)]);
        assert_eq!((traffic.requests, traffic.stray_lines, traffic.last), (3, 1, Some(8)));
        assert_eq!((traffic.in_flight, traffic.open_since), (2, Some(700)));
    }

    #[test]
    fn what_is_new_is_written_within_a_second_and_then_nothing_is_due() {
        let (mut tally, now) = (Tally::default(), context::now());
        assert_eq!(tally.due(now), None);
        asked(&mut tally, r#"{"id":1,"method":"ping"}"#, now);
        asked(&mut tally, r#"{"id":2,"method":"ping"}"#, now + PATIENCE / 2);
        assert_eq!(tally.due(now + PATIENCE / 2), Some(PATIENCE / 2), "the first one counts");
        assert_eq!(tally.due(now + 2 * PATIENCE), Some(Duration::ZERO));
        tally.save((0, None), now, 0);
        assert_eq!(tally.due(now + PATIENCE), None);
    }

    #[test]
    fn a_client_is_called_what_it_calls_itself_in_both_eras() {
        for (request, name) in [
            (
                r#"{"id":0,"method":"initialize","params":{"clientInfo":{"version":"1","name":"claude-code"}}}"#,
                Some("claude-code"),
            ),
            (
                r#"{"id":0,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/clientInfo":{"name":"a\u001b[1mb"}}}}"#,
                Some("a[1mb"),
            ),
            (r#"{"id":0,"method":"initialize","params":{"clientInfo":{"name":"  "}}}"#, None),
            (r#"{"id":0,"method":"initialize","params":{"clientInfo":{"name":7}}}"#, None),
            (r#"{"id":0,"method":"initialize"}"#, None),
            (r#"{"id":0,"method":"tools/call","params":{"clientInfo":{"name":"no"}}}"#, None),
        ] {
            let (mut tally, now) = (Tally::default(), context::now());
            asked(&mut tally, request, now);
            assert_eq!(tally.save((0, None), now, 0).1, name, "{request}");
        }
    }
}
