use super::*;
use crate::context;
use crate::mcp::check::finding::Code;
use crate::sys::ready;

const LIMIT: Duration = Duration::from_secs(30);

/// Of a server whose name is being looked up.
fn looking_up(lookup: Lookup, now: Instant) -> Asker {
    let address = Address::parse("http://name.example:9/mcp").expect("an address");
    let mut asker = Asker::new(Place::Named, HttpConversation::begin(address, Vec::new(), LIMIT, now), now);
    (asker.lookup, asker.due) = (Some(lookup), Deadline::new(now + LIMIT));
    asker
}

#[test]
fn a_name_server_that_does_not_answer_holds_nobody_longer_than_the_server_itself_could() {
    let (lookup, _held) = Lookup::held();
    let now = context::now();
    let mut asker = looking_up(lookup, now);
    assert!(!asker.advance(now));
    assert_eq!(asker.due_in(now), LIMIT);
    assert!(asker.advance(now + LIMIT), "it is over");
    let fault = asker.fault().expect("a fault");
    assert_eq!(fault.code, Code::Refused);
    let said = "nobody takes connections at name.example:9: no name server has told within 30 s where that is";
    assert_eq!(fault.message, said);
}

#[test]
fn what_a_name_server_has_answered_counts_however_late_it_is_looked_at() {
    let (lookup, held) = Lookup::held();
    let now = context::now();
    let mut asker = looking_up(lookup, now);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a server");
    held.send(listener.local_addr().expect("bound")).expect("it is waited for");
    let lookup = asker.lookup.as_ref().expect("one");
    assert!(ready::is_readable_within(lookup.as_poll_fd(), LIMIT), "the wait for it has an end");
    assert!(!asker.advance(now + 2 * LIMIT), "the server is asked now");
    assert!(asker.exchange.is_some() && asker.fault().is_none());
    listener.accept().expect("a connection");
}
