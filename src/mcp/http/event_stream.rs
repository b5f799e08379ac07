//! Server-sent events (WHATWG HTML, "Server-sent events"), as far as MCP uses them.

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// `message` if it has no other name.
    pub name: String,
    pub data: String,
}

/// The events that stand whole in the beginning of a stream.
pub fn events(stream: &[u8]) -> Vec<Event> {
    let text = String::from_utf8_lossy(stream).replace("\r\n", "\n").replace('\r', "\n");
    let mut events = Vec::new();
    let mut blocks: Vec<&str> = text.split("\n\n").collect();
    // Behind the last blank line an event has not ended.
    blocks.pop();
    for block in blocks {
        let mut event = Event { name: "message".to_owned(), data: String::new() };
        let mut data: Vec<&str> = Vec::new();
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut event.name),
                "data" => data.push(value),
                _ => {}
            }
        }
        if !data.is_empty() {
            event.data = data.join("\n");
            events.push(event);
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_events_are_read_whatever_ends_their_lines() {
        let event = |name: &str, data: &str| Event { name: name.to_owned(), data: data.to_owned() };
        for (stream, expected) in [
            ("event: endpoint\ndata: /m?id=1\n\n", vec![event("endpoint", "/m?id=1")]),
            (
                ": hello\r\n\r\nid: 7\r\ndata: {\"a\":\r\ndata:1}\r\n\r\ndata: part",
                vec![event("message", "{\"a\":\n1}")],
            ),
            ("data: a\n", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(events(stream.as_bytes()), expected, "{stream:?}");
        }
    }
}
