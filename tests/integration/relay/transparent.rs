//! While a server lives the relay changes nothing: every byte both ways and in order, and the ends of both streams.

use std::fs;

use crate::support::piped_client::{Heard, memory};
use crate::support::random::Random;
use crate::support::{PipedClient, Sandbox, wait};

pub const KIB: usize = 1 << 10;
pub const MIB: usize = 1 << 20;

/// How much more memory than before the relay may take for whatever passes through it.
pub const BOUND: usize = 8 * MIB;
/// How much may be on its way between client and server: four pipes and what the relay holds.
pub const ON_ITS_WAY: usize = 4 * MIB;

/// A server that prints the file `said`, and writes what it is told to the file `heard`, both at once.
const BOTH: &str = "exec 3<&0; cat <&3 >heard & cat said; wait";

/// Runs `script` as the server and says `input` to it, all at once. The input ends once the server has said so many bytes.
fn talk(sandbox: &Sandbox, options: &[&str], script: &str, input: &[u8], length: usize) -> Heard {
    let mut client = PipedClient::run(sandbox, options, &["sh", "-c", script]);
    let saying = client.say_all(input.to_vec());
    client.hear(length);
    client.input = Some(saying.join().unwrap());
    client.finish()
}

/// What a client and a server of [`BOTH`] hear of each other, through the relay and without it.
fn assert_same(input: &[u8], output: &[u8]) {
    let found = [&["--direct"][..], &[]].map(|options| {
        let sandbox = Sandbox::new();
        sandbox.write("home/said", output);
        let lines = output.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let client = talk(&sandbox, options, BOTH, input, lines);
        let server = fs::read(sandbox.home().join("heard")).unwrap();
        sandbox.assert_clean();
        (client, server)
    });
    let [(direct, direct_server), (relayed, relayed_server)] = found;
    assert_eq!(direct.status, relayed.status);
    assert_bytes(&relayed.output, &direct.output);
    assert_bytes(&relayed_server, &direct_server);
    assert_eq!((direct.output.len(), direct_server.len()), (output.len(), input.len()));
    assert_eq!(String::from_utf8_lossy(&relayed.errors), String::from_utf8_lossy(&direct.errors));
}

/// Says where two texts part, instead of printing megabytes.
#[track_caller]
pub fn assert_bytes(found: &[u8], expected: &[u8]) {
    if found == expected {
        return;
    }
    let at = found.iter().zip(expected).take_while(|(one, other)| one == other).count();
    let near =
        |bytes: &[u8]| String::from_utf8_lossy(&bytes[at.saturating_sub(40)..bytes.len().min(at + 40)]).into_owned();
    panic!(
        "{} bytes instead of {}, different from byte {at} on: {:?} instead of {:?}",
        found.len(),
        expected.len(),
        near(found),
        near(expected)
    );
}

/// A message of about this length, with its newline: any bytes that a text may hold, UTF-8 or not.
fn message(random: &mut Random, id: usize, length: usize) -> Vec<u8> {
    let head = match random.below(6) {
        0 => format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\"x\":\""),
        1 => format!("{{\"result\":{{\"content\":[{{\"text\":\"\\u00e9\"}}]}},\"id\":\"{id}\",\"x\":{{\"y\":\""),
        2 => "{\"method\":\"notifications/message\",\"params\":{\"data\":\"".to_owned(),
        3 => format!("[{{\"id\":{id},\"method\":\"ping\"}},{{\"x\":\""),
        4 => format!(" {{\t\"id\" : {id} , \"error\":{{\"code\":-1,\"message\":\""),
        _ => "[[[{\"x\":\"".to_owned(),
    };
    let mut bytes = head.clone().into_bytes();
    while bytes.len() < length {
        match random.below(8) {
            0 => bytes.extend(b"\\\""),
            1 => bytes.extend("é€😀".as_bytes()),
            2 => bytes.extend([0xff, 0xc0, 0x80]),
            3 => bytes.extend(b"\\ud800"),
            4 => bytes.extend(b"{[\xe2\x80\xa8]},:"),
            _ => bytes.extend(std::iter::repeat_n(b'x', 1 + random.below(200))),
        }
    }
    bytes.push(b'"');
    let open: Vec<u8> = brackets(&head);
    bytes.extend(open.iter().rev());
    bytes.extend(if random.below(4) == 0 { &b" \r\n"[..] } else { b"\n" });
    bytes
}

/// What ends the brackets that are open at the end of a text whose strings hold none.
fn brackets(text: &str) -> Vec<u8> {
    let mut open = Vec::new();
    for byte in text.bytes() {
        match byte {
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => drop(open.pop()),
            _ => {}
        }
    }
    open
}

/// Messages of all lengths up to about `longest`, most of them short.
pub fn stream(random: &mut Random, first_id: usize, count: usize, longest: usize) -> Vec<u8> {
    let lengths: Vec<usize> = (0..count).map(|_| 1 << random.below(longest.ilog2() as usize + 1)).collect();
    let messages = lengths.into_iter().enumerate();
    messages.flat_map(|(number, length)| message(random, first_id + number, length)).collect()
}

#[test]
fn random_messages_of_all_lengths_and_bytes_pass_both_ways_as_they_do_without_the_relay() {
    for seed in 1..=3 {
        let mut random = Random::seeded(seed);
        // Above what is held of a message, too.
        let input = stream(&mut random, 1_000, 30, 2 * MIB);
        let output = stream(&mut random, 5_000, 30, 2 * MIB);
        assert_same(&input, &output);
    }
}

#[test]
fn whatever_a_client_says_reaches_the_server_message_or_not() {
    let mut random = Random::seeded(7);
    let mut input =
        b"\xef\xbb\xbf\n\r\n  \n{\"id\":1,\"method\":\"x\"}\r\n[INFO] none\n{broken\n\0\n[]\n[1]\n\"x\"\n7\n".to_vec();
    let mut long = vec![0; 3 * MIB];
    long.iter_mut().for_each(|byte| *byte = u8::try_from(random.below(256)).unwrap());
    input.extend(long);
    input.extend(b"and no newline at the end");
    assert_same(&input, b"");
}

#[test]
fn what_a_server_has_not_ended_when_its_client_has_gone_reaches_it_as_well() {
    assert_same(b"{\"id\":1,\"method\":\"x\"}\n", b"{\"id\":1,\"result\":{}}\n{\"id\":2,\"result\":{}}");
}

#[test]
fn nothing_said_is_nothing_heard() {
    assert_same(b"", b"");
    assert_same(b"", b"{\"method\":\"x\"}\n");
}

#[test]
fn one_byte_at_a_time_arrives_whole() {
    let (sandbox, mut random) = (Sandbox::new(), Random::seeded(8));
    let mut client = PipedClient::run(&sandbox, &[], &["python3", "-c", ONE_BYTE_AT_A_TIME]);
    for number in 1..40 {
        let line = message(&mut random, number, 120);
        for byte in &line {
            client.say([*byte]);
        }
        assert_bytes(&client.hear_line(), &line);
    }
    assert_eq!(client.finish().status, Some(0));
    sandbox.assert_clean();
}

/// Gives back all that it reads.
const ONE_BYTE_AT_A_TIME: &str = "
import os
while byte := os.read(0, 1):
    os.write(1, byte)
";

#[test]
fn a_message_of_64_mib_takes_no_memory_of_that_size_in_either_direction() {
    let sandbox = Sandbox::new();
    let mut client = PipedClient::run(&sandbox, &[], &["cat"]);
    client.say(b"{\"id\":1,\"method\":\"x\"}\n");
    client.hear_line();
    let supervisor = client.supervisor();
    let before = memory(supervisor, "VmHWM");
    let mut long = b"{\"id\":2,\"method\":\"tools/call\",\"params\":{\"text\":\"".to_vec();
    long.resize(64 * MIB, b'x');
    long.extend(b"\"}}\n");
    let saying = client.say_all(long.clone());
    assert_bytes(&client.hear_line(), &long);
    client.input = Some(saying.join().unwrap());
    let grown = memory(supervisor, "VmHWM") - before;
    assert!(grown < BOUND, "{} KiB more", grown / KIB);
    client.finish();
    sandbox.assert_clean();
}

#[test]
fn the_memory_that_a_long_message_takes_is_given_back() {
    let sandbox = Sandbox::new();
    let mut client = PipedClient::run(&sandbox, &[], &["cat"]);
    client.say(b"{\"id\":1,\"method\":\"x\"}\n");
    client.hear_line();
    let supervisor = client.supervisor();
    let before = memory(supervisor, "RssAnon");
    for (length, part) in [(100 * KIB, &b"x"[..]), (900 * KIB, b"\\n"), (8 * MIB, b"x")] {
        let mut long = b"{\"method\":\"notifications/message\",\"params\":{\"text\":\"".to_vec();
        long.extend(part.repeat(length / part.len()));
        long.extend(b"\"}}\n");
        let saying = client.say_all(long.clone());
        assert_bytes(&client.hear_line(), &long);
        client.input = Some(saying.join().unwrap());
        wait::until("the memory", || (memory(supervisor, "RssAnon") <= before + 64 * KIB).then_some(()));
    }
    client.finish();
    sandbox.assert_clean();
}

#[test]
fn after_the_end_of_its_input_a_server_may_answer_as_long_as_it_likes() {
    let sandbox = Sandbox::new();
    let script = r#"while read -r line; do :; done; echo '{"id":1,"result":{}}'; echo '{"id":2,"result":{}}'; exit 7"#;
    let mut client = PipedClient::run(&sandbox, &[], &["sh", "-c", script]);
    client.say(b"{\"id\":1,\"method\":\"x\"}\n{\"id\":2,\"method\":\"x\"}\n");
    let heard = client.finish();
    assert_bytes(&heard.output, b"{\"id\":1,\"result\":{}}\n{\"id\":2,\"result\":{}}\n");
    assert_eq!(heard.status, Some(7));
    sandbox.assert_clean();
}

#[test]
fn a_server_whose_client_has_closed_its_end_of_the_output_hears_of_it_when_it_prints() {
    for options in [&["--direct"][..], &[]] {
        let sandbox = Sandbox::new();
        let mut client = PipedClient::run(&sandbox, options, &["python3", "-c", PRINTS_UNTIL_NOBODY_READS]);
        client.hear_line();
        client.output = None;
        assert_eq!(client.hear_all().status, Some(5), "{options:?}");
        let reasons = fs::read_to_string(sandbox.home().join("reasons")).unwrap();
        assert_eq!(reasons, "EPIPE\n", "{options:?}");
        sandbox.assert_clean();
    }
}

/// Prints messages until that fails, and writes down why.
const PRINTS_UNTIL_NOBODY_READS: &str = "
import errno, os, signal
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
try:
    while True:
        os.write(1, b'{\"method\":\"x\"}\\n')
except OSError as error:
    open('reasons', 'a').write(errno.errorcode[error.errno] + '\\n')
    os._exit(5)
";

#[test]
fn lines_that_are_no_messages_come_out_on_standard_error_in_their_order_and_nothing_else_is_touched() {
    let (sandbox, mut random) = (Sandbox::new(), Random::seeded(11));
    let (mut said, mut messages, mut strays) = (b"\xef\xbb\xbf\n \r\n".to_vec(), Vec::new(), Vec::new());
    for number in 0..300 {
        let (line, kept) = match random.below(6) {
            0 => (format!("[INFO] up {number}\n").into_bytes(), Some(&mut strays)),
            1 => (format!("{{broken {number}\n").into_bytes(), Some(&mut strays)),
            2 => (format!("\"{number}\"\r\n").into_bytes(), Some(&mut strays)),
            3 => (b"\t \r\n".to_vec(), None),
            _ => (message(&mut random, number, 90), Some(&mut messages)),
        };
        said.extend(&line);
        kept.into_iter().for_each(|kept| kept.extend(&line));
    }
    sandbox.write("home/said", &said);
    let heard = talk(&sandbox, &[], "cat said; cat >heard", b"", messages.len());
    assert_bytes(&heard.output, &messages);
    assert_bytes(&heard.errors, &strays);
    sandbox.assert_clean();
}

#[test]
fn standard_error_keeps_its_order_beside_a_busy_output() {
    let sandbox = Sandbox::new();
    let script = r#"i=0
    while [ $i -lt 500 ]; do echo "{\"method\":\"x\",\"params\":{\"i\":$i}}"; echo "e $i" >&2; i=$((i+1)); done
    cat >heard"#;
    let lines = |line: &dyn Fn(usize) -> String| (0..500).map(line).collect::<String>();
    let expected = lines(&|i| format!("{{\"method\":\"x\",\"params\":{{\"i\":{i}}}}}\n"));
    let heard = talk(&sandbox, &[], script, b"", expected.len());
    assert_bytes(&heard.output, expected.as_bytes());
    assert_bytes(&heard.errors, lines(&|i| format!("e {i}\n")).as_bytes());
    sandbox.assert_clean();
}
