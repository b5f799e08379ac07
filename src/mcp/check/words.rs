//! What was found, in words, and what helps.

use super::clients::Hurdle;
use super::doing::{Doing, Seen};
use super::finding::{Code, Finding};
use super::reading::Clue;
use crate::text::excerpt::excerpt;

/// An answer that no client understands.
pub fn clue(clue: &Clue) -> Finding {
    match clue {
        Clue::ContentLength => Finding::new(
            Code::ContentLength,
            "it writes Content-Length headers in front of its messages, as language servers do: clients wait for ever",
        )
        .hint("MCP ends each message with a newline and has no headers: use its SDK's stdio transport for MCP"),
        Clue::MultiLine => {
            Finding::new(Code::MultiLineJson, "it writes a message over several lines: clients wait for ever")
                .hint("write each message in one line: JSON without indentation, and a newline")
        }
        Clue::NoNewline => {
            Finding::new(Code::NoNewline, "it writes no newline behind its message: clients wait for ever")
                .hint("end each message with a newline, and flush")
        }
        Clue::NoJsonrpc => Finding::new(Code::NoJsonrpc, "its answer has no \"jsonrpc\": \"2.0\": clients drop it")
            .hint("each message is JSON-RPC 2.0: add \"jsonrpc\": \"2.0\""),
        Clue::WrongId(id) => Finding::new(
            Code::WrongId,
            format!("it answers with the id {}, which nobody asked with: clients drop that", excerpt(id)),
        )
        .hint("an answer has the id of its request, as it came: a number stays a number"),
        Clue::Echo(method) => {
            Finding::new(Code::Echo, format!("it sends back what it is sent: our own {} came from it", excerpt(method)))
                .hint("it is no MCP server, or a terminal that echoes stands between: look at the command")
        }
    }
}

/// That it answers with the text of an id that is a number.
pub fn text_id() -> Finding {
    Finding::new(Code::WrongId, "it answers with its ids as texts: clients that compare strictly drop that")
        .lenient()
        .hint("an answer has the id of its request, as it came: a number stays a number")
}

pub fn byte_order_mark() -> Finding {
    Finding::new(
        Code::ByteOrderMark,
        "it writes a byte order mark in front of its first message: Claude Code and Codex connect, most others wait for ever",
    )
    .hurdle(Hurdle::ByteOrderMark)
    .hint("write UTF-8 without a byte order mark (Windows PowerShell: a new UTF8Encoding($false))")
}

pub fn stdout_text(count: usize, first: &str) -> Finding {
    let what =
        if count == 1 { "a line that is no message".to_owned() } else { format!("{count} lines that are no messages") };
    let shown: String = first.chars().take(80).collect();
    Finding::new(Code::StdoutText, format!("it prints {what} on standard output: {shown:?}"))
        .hint("have it log to standard error; mcp-hook run keeps such lines from the client meanwhile")
}

/// The end of the server's first process, in words.
pub struct Exited<'a> {
    /// As "exit status 1".
    pub exit: &'a str,
    pub last_words: &'a [String],
}

pub fn exited(exited: &Exited<'_>, before: &str) -> Finding {
    let Exited { exit, last_words } = exited;
    let silence = if last_words.is_empty() { ", and printed nothing on standard error" } else { "" };
    Finding::new(Code::Exited, format!("it ended {before} ({exit}){silence}")).hint(remedy(last_words))
}

/// The same of a server in the background, which counts as started only later. What helps is said only if that is known.
pub fn ended_at_once(exited: &Exited<'_>) -> Finding {
    let hint = known_remedy(exited.last_words).map(str::to_owned);
    Finding { hint, ..Finding::new(Code::Exited, format!("it ended at once with {}", exited.exit)) }
}

/// That the system refuses to start a program in which nothing wrong is to be seen; `error` is the system's.
pub fn unstartable(error: &str) -> Finding {
    Finding::new(Code::NotExecutable, format!("the system does not start it: {error}"))
        .hint("run its command in a terminal: the file system may forbid programs, or the file is for another machine")
}

/// That there is no answer after `seconds`.
pub fn no_answer(seconds: u64, seen: &Seen, has_said_anything: bool) -> Finding {
    let said = if has_said_anything { "understandable " } else { "" };
    Finding::new(Code::NoAnswer, format!("there is no {said}answer after {seconds} s{}", seen.clause()))
        .hint(known_remedy(&seen.last_words).map_or_else(|| seen.doing.hint(has_said_anything), str::to_owned))
}

/// That a server with a port does not listen there after `seconds`.
pub fn does_not_listen(port: u16, seconds: u64, seen: &Seen) -> Finding {
    let what = match seen.doing {
        Doing::Listens => "; it waits for connections elsewhere".to_owned(),
        _ => seen.clause(),
    };
    Finding::new(Code::NoAnswer, format!("it does not listen on its port {port} after {seconds} s{what}"))
        .hint("give it its port: ${MCP_PORT} in its arguments, or \"port\": {\"env\": NAME}; --timeout 2m waits longer")
}

pub fn port_taken(port: u16) -> Finding {
    Finding::new(Code::Refused, format!("another program listens on its port {port}"))
        .hint("give it another one, or auto; mcp-hook status --all shows the ports of servers")
}

/// That nobody could be asked on the port; `error` is the system's.
pub fn unreachable(error: &str) -> Finding {
    Finding::new(Code::Refused, format!("it could not be asked on its port: {error}"))
        .hint("see \"url\" in its definition")
}

/// That it closed its output and did not end.
pub fn closed_output() -> Finding {
    Finding::new(Code::Exited, "it closed its standard output before it answered, and did not end")
        .hint("standard output is the connection: it stays open until standard input ends")
}

/// What helps by what it said last.
fn remedy(last_words: &[String]) -> String {
    if let Some(remedy) = known_remedy(last_words) {
        remedy.to_owned()
    } else if last_words.is_empty() {
        "run its command in a terminal: it may want a file, a variable or an option that is missing".to_owned()
    } else {
        "the cause is its own, and in its last lines".to_owned()
    }
}

fn known_remedy(last_words: &[String]) -> Option<&'static str> {
    let says = |text: &str| last_words.iter().any(|line| line.contains(text));
    REMEDIES.iter().find(|(text, _)| says(text)).map(|(_, remedy)| *remedy)
}

const REMEDIES: &[(&str, &str)] = &[
    (
        "ModuleNotFoundError",
        "install that module into the Python that runs it, or run it by uvx or with its virtual environment's Python",
    ),
    (
        "ImportError",
        "the modules that it found do not fit together: install what it asks for into the Python that runs it",
    ),
    ("Cannot find module", "install what it needs (npm install), or correct the path in its command"),
    ("ERR_MODULE_NOT_FOUND", "install what it needs (npm install), or correct the path in its command"),
    ("E404", "the registry has no such package: see how its name is written"),
    ("ENOTEMPTY", "npm's cache was left half-written: remove the directory that it names"),
    ("/dev/tty", "clients have no terminal: give it what it asks for in a variable, a file or an option"),
    ("EADDRINUSE", "another program has its port: mcp-hook status --all"),
    ("Address already in use", "another program has its port: mcp-hook status --all"),
    ("can't open file", "correct the path in its command; it is relative to the server's directory (\"cwd\")"),
    ("No such file or directory", "correct the path that it names; it is relative to the server's directory (\"cwd\")"),
    ("Permission denied", "give yourself the right that it lacks, or another path"),
    ("ECONNREFUSED", "start the service that it connects to"),
    ("unrecognized arguments", "see its own --help: it does not know that option"),
    ("unknown option", "see its own --help: it does not know that option"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_said_last_tells_what_helps() {
        for (line, begins) in [
            ("ModuleNotFoundError: No module named 'mcp'", "install that module"),
            ("npm error code E404", "the registry has no such package"),
            ("sh: 1: cannot open /dev/tty: No such device or address", "clients have no terminal"),
            ("something else", "the cause is its own"),
        ] {
            let hint = exited(&Exited { exit: "exit status 1", last_words: &[line.to_owned()] }, "before it answered")
                .hint
                .expect("a hint");
            assert!(hint.starts_with(begins), "{line}: {hint}");
        }
    }
}
