use super::*;
use crate::context;

const SECOND: Duration = Duration::from_secs(1);

fn readiness(when: ReadyWhen) -> (Readiness, Instant) {
    let now = context::now();
    (Readiness::begin(&Ready { when, timeout_ms: 2000 }, false, None, now).expect("a pattern"), now)
}

/// A tree in which nothing was seen that a launcher has run.
fn only(sight: Sight) -> Seen {
    Seen { sight, is_launched: false }
}

#[test]
fn a_server_is_ready_when_it_has_lived_long_enough_whatever_the_time_limit() {
    let (mut readiness, now) = readiness(ReadyWhen::Delay(5000));
    assert_eq!(readiness.ask(now, false), Answer::NotYet(5 * SECOND));
    assert_eq!(readiness.ask(now + 2 * SECOND, false), Answer::NotYet(3 * SECOND));
    assert_eq!(readiness.ask(now + 5 * SECOND, false), Answer::Ready);
    assert_eq!(readiness.ask(now + 6 * SECOND, false), Answer::Ready);
    assert!(!readiness.is_due(now + 6 * SECOND));
}

#[test]
fn a_server_without_a_sign_of_its_own_is_ready_when_it_serves_or_does_nothing_more() {
    for (sight, answer) in [
        (Sight::Serves, Answer::Ready),
        (Sight::Idle, Answer::NotYet(Duration::ZERO)),
        (Sight::Unknown, Answer::Assumed),
        (Sight::Busy, Answer::NotYet(Duration::ZERO)),
    ] {
        let (mut readiness, now) = readiness(ReadyWhen::Usual);
        assert_eq!(readiness.ask(now, false), Answer::NotYet(USUAL));
        assert!(!readiness.is_due(now) && readiness.is_due(now + USUAL));
        readiness.see(only(sight), now + USUAL);
        assert_eq!(readiness.ask(now + USUAL, false), answer);
        readiness.see(only(sight), now + USUAL);
        let again = if sight == Sight::Idle { Answer::Assumed } else { answer };
        assert_eq!(readiness.ask(now + USUAL, false), again, "rest that was seen twice is rest");
        let after = if sight == Sight::Serves { Answer::Ready } else { Answer::Assumed };
        assert_eq!(readiness.ask(now + SETTLES, false), after, "in the end it has to do");
    }
}

#[test]
fn a_server_that_is_to_answer_the_handshake_is_ready_when_it_has_and_lost_when_the_time_is_over() {
    let (mut readiness, now) = readiness(ReadyWhen::Mcp);
    assert_eq!(readiness.ask(now, true), Answer::NotYet(2 * SECOND), "to listen is not to answer");
    assert_eq!(readiness.ask(now + 2 * SECOND, true), Answer::Lost(Reason::NotReady));
    readiness.hear_answer();
    assert_eq!(readiness.ask(now, true), Answer::Ready);
}

fn by_npm(when: ReadyWhen, has_port: bool) -> (Readiness, Instant) {
    let now = context::now();
    let ready = Ready { when, timeout_ms: 2000 };
    (Readiness::begin(&ready, has_port, Some(Launcher::Npm), now).expect("a pattern"), now)
}

#[test]
fn a_launcher_is_not_ready_before_it_has_run_something_else_however_long_that_takes() {
    const NPM: Sight = Sight::Launching(Launcher::Npm);
    for (when, has_port) in [(ReadyWhen::Usual, false), (ReadyWhen::Usual, true), (ReadyWhen::Log("x".into()), false)] {
        let (mut readiness, now) = by_npm(when.clone(), has_port);
        assert!(readiness.is_due(now), "from the first moment");
        readiness.see(only(Sight::Busy), now);
        assert!(readiness.launching().is_some(), "what stands in front of it is not what it runs");
        for at in [SECOND, 5 * SECOND, 60 * SECOND] {
            readiness.see(only(NPM), now + at);
            assert!(matches!(readiness.ask(now + at, false), Answer::NotYet(_)), "{when:?}");
        }
        let late = if when == ReadyWhen::Usual && !has_port { Answer::Assumed } else { Answer::Lost(Reason::NotReady) };
        assert_eq!(readiness.ask(now + INSTALLS, false), late);
        readiness.see(only(Sight::Busy), now + 60 * SECOND);
        assert_eq!(readiness.launching(), None);
        assert!(matches!(readiness.ask(now + 61 * SECOND, false), Answer::NotYet(_)), "its time begins");
        let time = if late == Answer::Assumed { SETTLES } else { 2 * SECOND };
        assert_eq!(readiness.ask(now + 60 * SECOND + time, false), late);
    }
}

#[test]
fn a_time_limit_that_is_over_makes_for_a_look_at_what_took_so_long() {
    let (mut readiness, now) = readiness(ReadyWhen::Log("x".into()));
    assert!(!readiness.is_due(now + SECOND));
    assert!(readiness.is_due(now + 2 * SECOND));
    readiness.see(only(Sight::Launching(Launcher::Uv)), now + 2 * SECOND);
    assert!(matches!(readiness.ask(now + 2 * SECOND, false), Answer::NotYet(_)));
    readiness.see(only(Sight::Busy), now + 3 * SECOND);
    assert_eq!(readiness.ask(now + 3 * SECOND, false), Answer::NotYet(2 * SECOND));
}

#[test]
fn what_has_taken_the_place_of_its_launcher_was_run_by_it() {
    let (mut readiness, now) = by_npm(ReadyWhen::Usual, false);
    readiness.see(only(Sight::Idle), now + USUAL);
    assert!(matches!(readiness.ask(now + USUAL, false), Answer::NotYet(_)), "it may be what stands in front of it");
    readiness.see(only(Sight::Launching(Launcher::Npm)), now + SECOND);
    readiness.see(only(Sight::Idle), now + 2 * SECOND);
    readiness.see(only(Sight::Idle), now + 2 * SECOND + USUAL / 2);
    assert!(matches!(readiness.ask(now + 2 * SECOND + USUAL / 2, false), Answer::NotYet(_)), "it was run just now");
    assert_eq!(readiness.ask(now + 2 * SECOND + USUAL, false), Answer::Assumed);
    let (mut readiness, now) = by_npm(ReadyWhen::Usual, false);
    readiness.see(only(Sight::Idle), now + APPEARS);
    readiness.see(only(Sight::Idle), now + APPEARS + USUAL);
    assert_eq!(readiness.ask(now + APPEARS + USUAL, false), Answer::Assumed, "nothing was seen of one");
    let (mut readiness, now) = by_npm(ReadyWhen::Usual, false);
    readiness.see(Seen { sight: Sight::Busy, is_launched: true }, now);
    assert_eq!(readiness.launching(), None, "it was done between two looks");
    let (mut readiness, now) = by_npm(ReadyWhen::Usual, false);
    readiness.see(only(Sight::Serves), now);
    assert_eq!(readiness.launching(), None);
    assert_eq!(readiness.ask(now + USUAL, false), Answer::Ready);
}

#[test]
fn a_server_is_ready_when_a_line_matches_and_lost_when_none_did_in_time() {
    let (mut readiness, now) = readiness(ReadyWhen::Log(r"listening on .*:\d+$".to_owned()));
    readiness.read(b"listening on");
    readiness.read(b"\xff\xfe binary");
    assert_eq!(readiness.ask(now + SECOND, false), Answer::NotYet(SECOND));
    assert_eq!(readiness.ask(now + 2 * SECOND, false), Answer::Lost(Reason::NotReady));
    readiness.read(b"now listening on 127.0.0.1:8000");
    readiness.read(b"bye");
    assert!(!readiness.reads());
    assert_eq!(readiness.ask(now + 3 * SECOND, false), Answer::Ready);
}

#[test]
fn a_pattern_that_is_none_is_refused() {
    let ready = Ready { when: ReadyWhen::Log("(".to_owned()), ..Ready::default() };
    assert!(Readiness::begin(&ready, false, None, context::now()).is_err());
}

#[test]
fn a_server_with_a_port_is_ready_when_it_listens_unless_something_else_was_asked_for() {
    let now = context::now();
    let begin = |when| Readiness::begin(&Ready { when, timeout_ms: 2000 }, true, None, now).expect("a pattern");
    let mut readiness = begin(ReadyWhen::Usual);
    assert_eq!(readiness.ask(now + SECOND, false), Answer::NotYet(SECOND));
    assert_eq!(readiness.ask(now + SECOND, true), Answer::Ready);
    assert_eq!(readiness.ask(now + 2 * SECOND, false), Answer::Lost(Reason::NotReady));
    assert_eq!(begin(ReadyWhen::Delay(1500)).ask(now + SECOND, true), Answer::NotYet(SECOND / 2));
    assert_eq!(begin(ReadyWhen::Log("x".into())).ask(now + SECOND, true), Answer::NotYet(SECOND));
}

#[test]
fn whoever_looks_late_gives_a_server_time_to_answer() {
    for when in [ReadyWhen::Mcp, ReadyWhen::Log("up".into())] {
        let (mut readiness, now) = readiness(when);
        assert_eq!(readiness.ask(now + 5 * SECOND, true), Answer::NotYet(3 * SECOND), "three seconds late");
        assert!(readiness.is_due(now + 8 * SECOND));
        assert_eq!(readiness.ask(now + 8 * SECOND, true), Answer::Lost(Reason::NotReady));
    }
}
