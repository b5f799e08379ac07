//! The bytes in and out of the four ends of a connection.

use std::os::fd::AsFd;
use std::time::Instant;

use super::pipes::Reading;
use super::{Connection, ConnectionEnd, ConnectionOutcome, ENOUGH};
use crate::context;
use crate::sys::{fork, ready};

/// How often a long message is read from before anything else is looked at.
const IN_A_ROW: usize = 16;

impl Connection {
    /// Moves what can be moved at an end of which the poller has told.
    pub fn serve(&mut self, end: ConnectionEnd, now: Instant) -> Vec<ConnectionOutcome> {
        let mut outcomes = Vec::new();
        // In the middle of a long message the next wait is spared, if not too often: others are to be heard as well.
        match end {
            ConnectionEnd::ClientInput => {
                let mut left = IN_A_ROW;
                while self.read_client(now, &mut outcomes) == Reading::Some
                    && self.from_client.is_passing()
                    && self.to_server.bytes == 0
                    && left > 0
                {
                    left -= 1;
                }
            }
            ConnectionEnd::ServerOutput => {
                let mut left = IN_A_ROW;
                while self.read_server(now, &mut outcomes) == Reading::Some
                    && self.from_server.is_passing()
                    && self.to_client.bytes == 0
                    && left > 0
                {
                    left -= 1;
                }
            }
            ConnectionEnd::ClientOutput => self.write_client(),
            ConnectionEnd::ServerInput => self.write_server(now),
        }
        self.give_back_memory();
        outcomes
    }

    fn read_client(&mut self, now: Instant, outcomes: &mut Vec<ConnectionOutcome>) -> Reading {
        let (relay, framer, tally, mut actions) = (&mut self.relay, &mut self.from_client, &mut self.tally, Vec::new());
        let mut take_in = |piece| {
            tally.note_client(&piece, now, context::wall_millis());
            actions.extend(relay.client(piece, now));
        };
        let mut hand_in = |bytes: &[u8]| framer.push(bytes, &mut take_in);
        let reading = self.intake.read(self.client_input.as_mut(), &mut hand_in);
        match reading {
            Reading::Nothing => return reading,
            Reading::Some => self.last = Some(now),
            Reading::End => {
                // A line without an end is the server's to judge.
                framer.end(&mut take_in);
                self.client_input = None;
            }
        }
        outcomes.extend(self.carry_out(actions, now));
        reading
    }

    fn read_server(&mut self, now: Instant, outcomes: &mut Vec<ConnectionOutcome>) -> Reading {
        let (relay, framer, tally, mut actions) = (&mut self.relay, &mut self.from_server, &mut self.tally, Vec::new());
        let mut take_in = |piece| {
            tally.note_server(&piece, now, context::wall_millis());
            actions.extend(relay.server(piece, now));
        };
        let mut hand_in = |bytes: &[u8]| framer.push(bytes, &mut take_in);
        let reading = self.intake.read(self.server_output.as_mut(), &mut hand_in);
        match reading {
            Reading::Nothing => return reading,
            Reading::Some => self.last = Some(now),
            Reading::End => {
                self.server_output = None;
                self.suspicion.closed("output", now);
            }
        }
        outcomes.extend(self.carry_out(actions, now));
        reading
    }

    /// Hands on what a server has said that has ended. Does not wait for the end of input: an escaped process may hold it.
    pub fn drain(&mut self, now: Instant) -> Vec<ConnectionOutcome> {
        let mut outcomes = Vec::new();
        while let Some(output) = &self.server_output
            && ready::is_readable(output.as_fd())
        {
            self.read_server(now, &mut outcomes);
        }
        self.read_client_ahead(now, &mut outcomes);
        if self.client_input.is_none() {
            // No successor will say anything behind it.
            let (mut actions, relay, tally) = (Vec::new(), &mut self.relay, &mut self.tally);
            self.from_server.end(&mut |piece| {
                tally.note_server(&piece, now, context::wall_millis());
                actions.extend(relay.server(piece, now));
            });
            outcomes.extend(self.carry_out(actions, now));
        }
        outcomes
    }

    /// Takes what the client has said by now: it may have ended its input before its server ended.
    fn read_client_ahead(&mut self, now: Instant, outcomes: &mut Vec<ConnectionOutcome>) {
        while let Some(input) = &self.client_input
            && self.to_server.bytes < ENOUGH
            && ready::is_readable(input.as_fd())
        {
            self.read_client(now, outcomes);
        }
    }

    /// Gives back the memory that a large message has needed, once it is through.
    fn give_back_memory(&mut self) {
        let is_within = self.from_client.is_within() || self.from_server.is_within();
        let is_underway = self.to_client.bytes > 0 || self.to_server.bytes > 0;
        if self.has_grown && !is_within && !is_underway {
            self.has_grown = false;
            self.intake.release();
            fork::trim_memory();
        }
    }

    pub(super) fn write_client(&mut self) {
        let Some(output) = &self.client_output else { return self.to_client.clear() };
        if !self.to_client.flush(|bytes| output.write(bytes)) {
            // Nobody reads any more: the server is to notice that at its next write.
            (self.client_output, self.server_output) = (None, None);
            self.to_client.clear();
        }
    }

    pub(super) fn write_server(&mut self, now: Instant) {
        let Some(input) = &self.server_input else { return };
        let is_open = self.to_server.flush(|bytes| nix::unistd::write(input, bytes));
        let is_all_said = self.client_input.is_none() && self.to_server.bytes == 0 && !self.relay.is_replaying();
        // What it has not taken is kept for its successor.
        if !is_open || is_all_said {
            self.server_input = None;
        }
        if !is_open && self.client_input.is_some() {
            self.suspicion.closed("input", now);
        }
    }
}
