//! Who listens on a port: `/proc/net/tcp` and `tcp6` (`proc_net(5)`), and whose the sockets are.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::{IpAddr, Ipv6Addr};

use nix::unistd::Pid;

pub use crate::sys::listener::Listener;

/// Everything that listens on `port` in this network namespace.
pub fn on(port: u16) -> io::Result<Vec<Listener>> {
    let mut found = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        match File::open(table) {
            Ok(file) => read(BufReader::new(file), port, &mut found)?,
            // A kernel without IPv6.
            Err(error) if error.kind() == io::ErrorKind::NotFound && table.ends_with('6') => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Reads the part of the table in front that lists listeners; behind it stand connections, of which there may be many.
///
/// A socket may be listed twice: at the end of the table the kernel counts its entries again from the front (`tcp_seq_start`
/// in Linux' `net/ipv4/tcp_ipv4.c`), and shows the last one once more if another was added meanwhile.
fn read(table: impl BufRead, port: u16, found: &mut Vec<Listener>) -> io::Result<()> {
    for line in table.lines().skip(1) {
        match parse(&line?) {
            Some((number, listener)) if number == port && !found.contains(&listener) => found.push(listener),
            Some(_) => {}
            None => break,
        }
    }
    Ok(())
}

/// The port and the listener of a line; `None` for a connection.
fn parse(line: &str) -> Option<(u16, Listener)> {
    /// `TCP_LISTEN` of `net/tcp_states.h`.
    const LISTENING: &str = "0A";
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (address, port) = fields.next()?.split_once(':')?;
    let state = fields.nth(1)?;
    let user = fields.nth(3)?.parse().ok()?;
    let socket = fields.nth(1)?.parse().ok()?;
    let listener = Listener { address: parse_address(address)?, user, socket };
    (state == LISTENING).then_some((u16::from_str_radix(port, 16).ok()?, listener))
}

/// One or four words, each printed as the number that its bytes make on this machine.
fn parse_address(text: &str) -> Option<IpAddr> {
    let word = |at: usize| Some(u32::from_str_radix(text.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    if text.len() == 8 {
        return Some(IpAddr::from(word(0)?));
    }
    let mut bytes = [0; 16];
    for (index, four) in bytes.chunks_exact_mut(4).enumerate() {
        four.copy_from_slice(&word(index * 8)?);
    }
    Some(IpAddr::V6(Ipv6Addr::from(bytes)))
}

impl Listener {
    /// Whether `pid` has this socket.
    ///
    /// # Errors
    /// When its descriptors may not be seen: it belongs to another user, or has more privileges.
    pub fn is_of(&self, pid: Pid) -> io::Result<bool> {
        let wanted = format!("socket:[{}]", self.socket);
        let descriptors = match fs::read_dir(format!("/proc/{pid}/fd")) {
            // It has ended meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other?,
        };
        let mut targets = descriptors.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
        Ok(targets.any(|target| target.as_os_str() == wanted.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    const TABLE: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 100
   1: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 100
   2: 0100007F:1F90 0100007F:A2C8 01 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0000000000000000 100
   3: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4714 1 0000000000000000 100
";

    #[test]
    fn each_listener_is_read_once_up_to_the_first_connection() {
        let mut found = Vec::new();
        read(TABLE.as_bytes(), 8080, &mut found).expect("read");
        if cfg!(target_endian = "little") {
            assert_eq!(found, [Listener { address: Ipv4Addr::LOCALHOST.into(), user: 1000, socket: 4711 }]);
        }
        assert_eq!(parse_address("00000000000000000000000000000000"), Some(Ipv6Addr::UNSPECIFIED.into()));
        assert_eq!(parse_address("0000000"), None);
        assert_eq!(parse("   0: nonsense"), None);
    }

    #[test]
    fn a_listener_and_its_process_are_found() {
        for address in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0"] {
            let listener = TcpListener::bind(address).expect("a server");
            let bound = listener.local_addr().expect("bound");
            let found = on(bound.port()).expect("a table");
            assert_eq!(found.iter().map(|it| it.address).collect::<Vec<_>>(), [bound.ip()]);
            assert!(found[0].is_of(Pid::this()).expect("our own"));
            assert!(!found[0].is_of(Pid::from_raw(i32::MAX)).expect("nobody"));
            drop(listener);
            // A process that another test forks may have a copy for a moment.
            while !on(bound.port()).expect("a table").is_empty() {
                std::thread::yield_now();
            }
        }
    }
}
