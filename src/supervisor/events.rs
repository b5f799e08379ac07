//! What a supervisor waits for, what has happened, and which of that is a reason to end the server.

use nix::sys::signal::Signal;

use super::client::Client;
use super::connection::ConnectionEnd;
use super::file_watch::FileWatch;
use super::lifeline::SupervisorEnd;
use super::plan::{Party, Watched};
use super::renewal::Renewal;
use crate::context;
use crate::log::Stream;
use crate::server::end::Reason;
use crate::sys::poll::Poller;
use crate::sys::signals::Inbox;

/// The sources that live as long as the supervisor. To add one: a field, its registration, its reading.
pub struct Sources {
    pub inbox: Inbox,
    /// `None` once the keeper has ended.
    pub lifeline: Option<SupervisorEnd>,
    pub watched: Watched,
    /// For `run`.
    pub client: Option<Client>,
    /// What the server is started again for.
    pub files: Option<FileWatch>,
    /// The launcher that is asked in the background.
    pub renewal: Option<Renewal>,
}

/// Where an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The client's standard error, for which something waits.
    ClientError,
    /// What a server prints.
    Output(Stream),
    /// A connection to the server on which it is asked something.
    Asked,
    ClientInput,
    /// One end of the connection between client and server.
    Connection(ConnectionEnd),
    Party(Party),
    Signals,
    /// The pipe from the keeper.
    Lifeline,
    Files,
    Renewal,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The client takes more of its standard error.
    ClientReads,
    /// The server has printed something.
    Printed(Stream),
    /// Bytes can be moved at an end of the connection between client and server.
    Connection(ConnectionEnd),
    /// The client has closed the server's input.
    InputClosed,
    Ended(Party),
    /// Somebody asks the supervisor for something, or a child has ended.
    Signals(Vec<Signal>),
    /// The client sends these to `run`, for the server.
    Forwarded(Vec<Signal>),
    KeeperEnded,
    /// Watched files have changed, and do not go on doing so.
    FilesChanged,
    /// What a launcher would run now is known, in words, or why it is not.
    Renewed(String),
}

impl Sources {
    pub fn register<'fd>(&'fd self, poller: &mut Poller<'fd, Source>) {
        if let Some(client) = &self.client {
            if let Some(error) = client.as_poll_fd() {
                poller.writable(Source::ClientError, error);
            }
            if let Some(input) = client.input() {
                poller.hang_up(Source::ClientInput, input);
            }
            if let Some(link) = &client.link {
                link.register(poller, Source::Connection);
            }
        }
        self.watched.register(poller, Source::Party);
        poller.readable(Source::Signals, self.inbox.as_poll_fd());
        if let Some(lifeline) = &self.lifeline {
            poller.readable(Source::Lifeline, lifeline.as_poll_fd());
        }
        if let Some(files) = &self.files {
            poller.readable(Source::Files, files.as_poll_fd());
            if let Some(limit) = files.due_in(context::now()) {
                poller.within(limit);
            }
        }
        if let Some(renewal) = &self.renewal {
            poller.readable(Source::Renewal, renewal.as_poll_fd());
        }
    }

    /// What has happened where the poller said that something has. What ends is reported once.
    pub fn read(&mut self, source: Source) -> Option<Event> {
        match source {
            Source::ClientError => Some(Event::ClientReads),
            Source::Output(stream) => Some(Event::Printed(stream)),
            // What is looked at anyway.
            Source::Asked => None,
            Source::ClientInput => self.client.as_mut()?.has_closed_input().then_some(Event::InputClosed),
            Source::Connection(end) => Some(Event::Connection(end)),
            Source::Party(party) => self.watched.has_ended(party).then_some(Event::Ended(party)),
            Source::Signals => Some(Event::Signals(self.inbox.drain())),
            Source::Lifeline => {
                let signals = self.lifeline.as_mut().and_then(SupervisorEnd::read);
                if signals.is_none() {
                    self.lifeline = None;
                }
                Some(signals.map_or(Event::KeeperEnded, Event::Forwarded))
            }
            Source::Files => {
                self.files.as_mut()?.read(context::now());
                None
            }
            Source::Renewal => self.renewal.take_if(Renewal::read).map(|renewal| Event::Renewed(renewal.finish())),
        }
    }
}

/// Why the server is to be ended, if one of these events is a reason. Of several at once the one with the highest weight
/// decides.
pub fn reason_to_end(events: &[Event], is_restartable: bool) -> Option<Reason> {
    let reasons = events.iter().filter_map(|event| weigh(event, is_restartable));
    reasons.max_by_key(|&(weight, _)| weight).map(|(_, reason)| reason)
}

/// The reason that an event is, and its weight.
fn weigh(event: &Event, is_restartable: bool) -> Option<(u8, Reason)> {
    match event {
        Event::ClientReads | Event::Printed(_) | Event::Connection(_) | Event::Renewed(_) => None,
        Event::FilesChanged => Some((0, Reason::FileChanged)),
        Event::InputClosed => Some((1, Reason::ClientGone)),
        Event::Ended(Party::Client) => Some((2, Reason::ClientGone)),
        Event::Ended(Party::Owner) => Some((3, Reason::SessionEnded)),
        Event::Signals(signals) => asked_for(signals, is_restartable).map(|reason| (4, reason)),
        Event::Forwarded(signals) => {
            let ends = signals.contains(&Signal::SIGTERM) || signals.contains(&Signal::SIGHUP);
            ends.then_some((5, Reason::ClientSignal))
        }
        Event::KeeperEnded => Some((6, Reason::KeeperLost)),
    }
}

/// What the signals ask for; the first of this list decides. A server that has the streams of its client is not restarted.
fn asked_for(signals: &[Signal], is_restartable: bool) -> Option<Reason> {
    let requests = [
        (Signal::SIGTERM, Reason::Stopped),
        (Signal::SIGINT, Reason::Stopped),
        (Signal::SIGQUIT, Reason::SessionEnded),
        (Signal::SIGUSR1, Reason::Restarted),
    ];
    let (_, reason) = requests
        .into_iter()
        .find(|(signal, reason)| signals.contains(signal) && (is_restartable || *reason != Reason::Restarted))?;
    Some(reason)
}

/// Asks a supervisor to write its files again.
pub const REWRITE: Signal = Signal::SIGUSR2;

/// What a supervisor listens for: its children, `stop` (and people), the end of the session, `restart`, and whoever
/// misses its files.
pub const REQUESTS: [Signal; 6] =
    [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGUSR1, REWRITE];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_events_at_once_the_weightiest_decides_in_whatever_order_they_are_read() {
        let in_order = [
            (Event::Printed(Stream::Out), None),
            (Event::FilesChanged, Some(Reason::FileChanged)),
            (Event::InputClosed, Some(Reason::ClientGone)),
            (Event::Ended(Party::Client), Some(Reason::ClientGone)),
            (Event::Ended(Party::Owner), Some(Reason::SessionEnded)),
            (Event::Signals(vec![Signal::SIGCHLD, Signal::SIGTERM]), Some(Reason::Stopped)),
            (Event::Forwarded(vec![Signal::SIGINT, Signal::SIGHUP]), Some(Reason::ClientSignal)),
            (Event::KeeperEnded, Some(Reason::KeeperLost)),
        ];
        for (number, (later, reason)) in in_order.iter().enumerate() {
            for (earlier, _) in &in_order[..=number] {
                for events in [[earlier.clone(), later.clone()], [later.clone(), earlier.clone()]] {
                    assert_eq!(reason_to_end(&events, true), *reason, "{events:?}");
                }
            }
        }
    }

    #[test]
    fn the_first_request_decides_and_what_asks_for_nothing_is_no_reason() {
        use Signal::{SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGWINCH};
        for (signals, mode, reason) in [
            (&[SIGCHLD, REWRITE][..], true, None),
            (&[SIGUSR1, SIGQUIT, SIGTERM], true, Some(Reason::Stopped)),
            (&[SIGUSR1, SIGQUIT], true, Some(Reason::SessionEnded)),
            (&[SIGINT, SIGQUIT], true, Some(Reason::Stopped)),
            (&[SIGUSR1], true, Some(Reason::Restarted)),
            (&[SIGUSR1], false, None),
        ] {
            assert_eq!(reason_to_end(&[Event::Signals(signals.to_vec())], mode), reason, "{signals:?} {mode:?}");
        }
        assert_eq!(reason_to_end(&[Event::Forwarded(vec![SIGINT, SIGWINCH])], false), None);
        // What is no reason hides none.
        let both = [Event::Signals(vec![SIGCHLD]), Event::InputClosed];
        assert_eq!(reason_to_end(&both, false), Some(Reason::ClientGone));
    }
}
