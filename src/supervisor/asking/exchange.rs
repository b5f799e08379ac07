//! One request and its response, on a connection of its own that is never waited for.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;

use crate::mcp::check::http_fault;
use crate::mcp::check::question::{Came, Question, Wants, is_enough};
use crate::mcp::http::request::Request;
use crate::mcp::http::response::Response;
use crate::sys::poll::Poller;
use crate::sys::socket;

/// How much is read at once, in bytes, and how often before others have their turn.
const CHUNK: usize = 16 << 10;
const TURNS: usize = 8;

pub struct Exchange {
    connection: TcpStream,
    unsent: Vec<u8>,
    /// Whether anybody has taken the connection.
    is_taken: bool,
    pub response: Response,
    wants: Wants,
    /// How much of it is held, in bytes.
    most: usize,
    /// Whether more came than is held.
    pub is_cut: bool,
    /// Whether nothing more is read.
    pub is_done: bool,
}

impl Exchange {
    /// Begins to connect, and to ask.
    pub fn begin(place: SocketAddr, question: &Question, most: usize) -> io::Result<Self> {
        let request = Request {
            method: question.method,
            address: &question.address,
            headers: &question.headers,
            body: question.body.clone(),
        };
        let (connection, unsent) = (socket::connect(place)?, request.bytes());
        let (response, wants) = (Response::default(), question.wants);
        Ok(Self { connection, unsent, is_taken: false, response, wants, most, is_cut: false, is_done: false })
    }

    pub fn register<'fd, Key>(&'fd self, poller: &mut Poller<'fd, Key>, key: Key) {
        if self.is_done {
            // What is closed would wake us for ever.
        } else if self.unsent.is_empty() {
            poller.readable(key, self.connection.as_fd());
        } else {
            poller.writable(key, self.connection.as_fd());
        }
    }

    /// Goes on as far as that goes at once. Returns whether all is there that is wanted, or what came instead.
    pub fn advance(&mut self) -> Result<bool, Came> {
        self.is_done = self.is_done || self.go_on()?;
        Ok(self.is_done)
    }

    /// Waits for something else on a connection that stays open.
    pub fn want(&mut self, wants: Wants) {
        if self.wants != wants {
            self.wants = wants;
            self.is_done = self.has_enough();
        }
    }

    /// What comes of one that has not answered in time.
    pub fn give_up(&self) -> Came {
        if self.is_taken { Came::TimedOut } else { Came::Refused("it does not answer at all".to_owned()) }
    }

    fn go_on(&mut self) -> Result<bool, Came> {
        self.send()?;
        let mut chunk = [0; CHUNK];
        for _ in 0..TURNS {
            if !self.unsent.is_empty() {
                break;
            }
            match self.connection.read(&mut chunk) {
                Ok(0) if self.response.head.is_none() => return Err(Came::Broken),
                Ok(0) => {
                    self.response.close();
                    return Ok(true);
                }
                Ok(length) if self.take(&chunk[..length])? => return Ok(true),
                Ok(_) => {}
                Err(error) if is_temporary(&error) => break,
                Err(_) => return Err(Came::Broken),
            }
        }
        Ok(false)
    }

    /// Takes what has come. Returns whether that is enough.
    fn take(&mut self, bytes: &[u8]) -> Result<bool, Came> {
        self.response.push(bytes).map_err(|_| Came::Broken)?;
        self.is_cut |= self.response.held() > self.most;
        // A long event is not read anew with every piece of it: it has no line breaks within.
        let may_end = bytes.contains(&b'\n') || bytes.contains(&b'\r') || !http_fault::is_stream(&self.response);
        Ok(self.is_cut || may_end && self.has_enough())
    }

    fn send(&mut self) -> Result<(), Came> {
        while !self.unsent.is_empty() {
            match self.connection.write(&self.unsent) {
                Ok(written) => {
                    self.is_taken = true;
                    self.unsent.drain(..written);
                }
                Err(error) if is_temporary(&error) => return Ok(()),
                Err(_) if self.is_taken => return Err(Came::Broken),
                Err(error) => return Err(Came::Refused(error.to_string())),
            }
        }
        Ok(())
    }

    fn has_enough(&self) -> bool {
        // An answer to what is only posted says no more than its status.
        let is_posted = matches!(self.wants, Wants::OnStream(_))
            && self.response.head.is_some()
            && !http_fault::is_stream(&self.response);
        is_posted || is_enough(self.wants, &self.response)
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::NotConnected)
}
