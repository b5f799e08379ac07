//! Logs: many writers, many readers, logs that nobody needs any more.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use super::stuck_disk::writer;
use crate::support::WindowSession;
use crate::support::output::redact;
use crate::support::{Sandbox, wait};

/// The lines of a central log and of what was put aside of it.
fn lines(path: &Path) -> Vec<String> {
    let aside = PathBuf::from(format!("{}.1", path.display()));
    let text: String = [path.to_owned(), aside].iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn case_33_twenty_processes_write_while_the_logs_are_put_aside() {
    const WRITERS: usize = 20;
    const LINES: usize = 12;
    let sandbox = Sandbox::new();
    sandbox.hook(["status", "--all"]).ok();
    let logs = sandbox.runtime().join("logs");
    let old = "2026-01-01T00:00:00.000Z info  - - of old\n";
    let nearly_full = old.repeat((10 << 20) / old.len() - 5);
    for name in ["main.log", "error.log"] {
        fs::write(logs.join(name), &nearly_full).unwrap();
    }
    let text = |writer: usize, number: usize| format!("{writer}-{number}-{}", "x".repeat(2000 + number));
    let script = |writer: usize| {
        let line = |number| format!("mcp-hook log error w{writer} {} || exit 1\n", text(writer, number));
        (0..LINES).map(line).collect::<String>()
    };
    let start = |writer| sandbox.command("sh").args(["-c", &script(writer)]).spawn().unwrap();
    let writers: Vec<_> = (0..WRITERS).map(start).collect();
    assert!(writers.into_iter().all(|mut writer| writer.wait().unwrap().success()));
    let expected: BTreeSet<String> = (0..WRITERS)
        .flat_map(|writer| (0..LINES).map(move |number| format!("w{writer} {}", text(writer, number))))
        .collect();
    for name in ["main.log", "error.log"] {
        let lines = lines(&logs.join(name));
        assert!(logs.join(format!("{name}.1")).exists(), "{name} was put aside");
        let (olds, news): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line == old.trim_end());
        assert_eq!(olds.len(), nearly_full.len() / old.len());
        assert_eq!(news.len(), WRITERS * LINES);
        let news = news.iter().map(|line| line.split_once("Z error - ").unwrap().1.to_owned());
        assert_eq!(news.collect::<BTreeSet<_>>(), expected, "{name}");
    }
}

#[test]
fn followed_log_is_shown_whole_over_rotations_and_a_directory_made_anew() {
    let sandbox = Sandbox::new();
    let say = |text: &str| sandbox.hook(["log", "info", "web", text]).ok();
    say("0");
    let mut command = sandbox.command("mcp-hook");
    command.args(["logs", "-f", "-n", "1", "--json"]).stdout(Stdio::piped());
    let mut follower = command.spawn().unwrap();
    let mut shown = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || {
        let line: serde_json::Value = serde_json::from_str(&shown.next().unwrap().unwrap()).unwrap();
        assert_eq!((line["version"].as_u64(), line["server"].as_str()), (Some(1), Some("web")), "{line}");
        line["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(next(), "0");
    let logs = sandbox.runtime().join("logs");
    let aside = |number: u32| logs.join(format!("main.log.{number}"));
    for round in 0..3 {
        say(&format!("{round} before"));
        fs::rename(logs.join("main.log"), aside(1)).unwrap();
        say(&format!("{round} between"));
        fs::rename(aside(1), aside(2)).unwrap();
        fs::rename(logs.join("main.log"), aside(1)).unwrap();
        say(&format!("{round} after"));
        for when in ["before", "between", "after"] {
            assert_eq!(next(), format!("{round} {when}"));
        }
    }
    fs::remove_dir_all(&logs).unwrap();
    say("anew");
    assert_eq!(next(), "anew");
    follower.kill().unwrap();
    follower.wait().unwrap();
}

/// The log of a session that has ended, of this size and age.
fn bury(sandbox: &Sandbox, id: &str, bytes: u64, hours: u64) -> PathBuf {
    let directory = sandbox.runtime().join("logs").join(id);
    fs::create_dir_all(&directory).unwrap();
    let file = File::create(directory.join("web.log")).unwrap();
    // Holes do not count.
    #[cfg(target_os = "linux")]
    nix::fcntl::fallocate(&file, nix::fcntl::FallocateFlags::empty(), 0, bytes.try_into().unwrap()).unwrap();
    let written = SystemTime::now() - Duration::from_secs(hours * 3600);
    file.set_modified(written).unwrap();
    File::open(&directory).unwrap().set_modified(written).unwrap();
    directory
}

#[test]
fn logs_of_ended_sessions_go_by_age_and_size_and_those_of_living_ones_stay() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    session.hook("start web -- true").expect_code(1);
    let living = bury(&sandbox, &session.id, 300 << 20, 1000);
    // A session whose files are gone, but not its shell.
    let robbed = bury(&sandbox, &format!("notty-{}-aaaa", std::process::id()), 300 << 20, 1000);
    let buried = [
        ("notty-999999999-aaaa", 1, 169),
        ("notty-999999999-bbbb", 150 << 20, 3),
        ("notty-999999999-cccc", 100 << 20, 2),
    ];
    let buried = buried.map(|(id, bytes, hours)| bury(&sandbox, id, bytes, hours));
    let said = sandbox.hook(["cleanup", "--dry-run"]).ok();
    insta::assert_snapshot!(said.stdout, @r"
    notty-999999999-aaaa: would remove its logs (its session ended more than 7 days ago)
    notty-999999999-bbbb: would remove its logs (the logs of ended sessions took more than 200 MiB)
    ");
    assert!(buried.iter().all(|directory| directory.exists()));
    let said = sandbox.hook(["cleanup"]).ok();
    insta::assert_snapshot!(said.stdout, @r"
    notty-999999999-aaaa: removed its logs (its session ended more than 7 days ago)
    notty-999999999-bbbb: removed its logs (the logs of ended sessions took more than 200 MiB)
    ");
    assert_eq!(buried.map(|directory| directory.exists()), [false, false, true]);
    assert!(living.exists() && robbed.exists());
    let told = sandbox.hook(["logs", "-n", "1"]).ok().stdout;
    assert!(told.contains(" info  notty-999999999-bbbb - removed its logs (the logs of"), "{told}");
    assert_eq!(sandbox.hook(["cleanup"]).ok().stdout, "nothing to clean up\n");
    session.end();
}

#[test]
fn open_removes_old_logs_in_the_background_once_in_a_while() {
    let sandbox = Sandbox::new();
    let open = || sandbox.hook(["open"]).ok();
    open();
    let old = bury(&sandbox, "notty-999999999-aaaa", 1, 1000);
    open();
    assert!(old.exists(), "not so soon");
    let stamp = File::options().write(true).open(sandbox.runtime().join("logs/.last-look")).unwrap();
    stamp.set_modified(SystemTime::now() - Duration::from_secs(3601)).unwrap();
    open();
    wait::until("the end of the old logs", || (!old.exists()).then_some(()));
    sandbox.assert_clean();
}

#[test]
fn end_of_a_server_that_lost_its_watchers_and_what_is_cleaned_up_is_told() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    session.hook("start web --restart no -- sleep 1000").ok();
    let (supervisor, _) = writer(&sandbox);
    crate::support::Process::with_pid(supervisor).unwrap().signal(nix::sys::signal::Signal::SIGKILL);
    let told = || sandbox.hook(["logs", "--errors"]).ok().stdout;
    wait::until("the keeper's word", || told().contains("web ended because its supervisor was killed").then_some(()));
    let id = session.id.clone();
    session.hook(&format!("logs web --session {id}")).ok();
    session.end();
    sandbox.hook(["cleanup"]).ok();
    wait::until("what was removed", || {
        let told = sandbox.hook(["logs"]).ok().stdout;
        told.contains(&format!("{id} - removed the session's files (its shell is gone)")).then_some(())
    });
    let log = sandbox.hook(["logs", "web", "--session", &id]).ok();
    assert!(log.stdout.contains("hook started, pid"), "the log outlives its session\n{log}");
}

#[test]
fn terminal_obeys_nothing_but_colours_of_what_servers_print() {
    let sandbox = Sandbox::new();
    let mut session = WindowSession::open(&sandbox);
    let program = sandbox.write("print", b"\x1b[31mred\x1b]0;title\x07\x1b[2J\0end\xff\n");
    session.hook(&format!("start web -- sh -c 'cat {}; exec sleep 1000'", program.display())).ok();
    wait::until("the line", || {
        fs::read(session.log_path()).unwrap().windows(5).any(|it| it == b"end\xff\n").then_some(())
    });
    let shown = session.hook("logs web").ok().stdout;
    assert!(shown.contains(r"out red\u{1b}]0;title\u{7}\u{1b}[2J\u{0}end"), "{shown:?}");
    let mut command = sandbox.command("mcp-hook");
    command.args(["logs", "web", "--session", &session.id]);
    let raw = command.output().unwrap().stdout;
    let line = b" out \x1b[31mred\x1b]0;title\x07\x1b[2J\0end\xff\n";
    assert!(raw.windows(line.len()).any(|it| it == line), "byte for byte elsewhere");
    session.end();
}

#[test]
fn run_that_fails_says_where_the_log_is() {
    let sandbox = Sandbox::new();
    let said = sandbox.hook(["run", "web", "--", "sh", "-c", "echo boom >&2; exit 3"]).expect_code(3);
    insta::assert_snapshot!(redact(&sandbox, &said.stderr), @r"
    boom
    mcp-hook: web ended because it ended by itself: exit status 3 (exited); its log is ROOT/run/logs/ID/web.log
    ");
}

#[test]
fn what_cannot_be_logged_is_refused_in_words() {
    let sandbox = Sandbox::new();
    let mut said = String::new();
    for words in [
        &["log", "info", "session", "text"][..],
        &["log", "info", "--session", "notty-1-none", "web", "text"],
        &["logs", "web"],
        &["logs", "--since", "soon"],
    ] {
        let output = sandbox.hook(words);
        assert_ne!(output.code(), 0, "{output}");
        said += &redact(&sandbox, output.stderr.split("\n\n").next().unwrap());
        said += "\n";
    }
    fs::create_dir(sandbox.runtime().join("logs/main.log")).unwrap();
    said += &redact(&sandbox, &sandbox.hook(["log", "info", "web", "text"]).expect_code(1).stderr);
    insta::assert_snapshot!(said, @r#"
    error: invalid value 'session' for '<NAME>': the server name "session" is taken by mcp-hook itself
    mcp-hook: could not use the session ID: there is none of this id
    hint: mcp-hook status --all shows the sessions there are
    mcp-hook: could not find a session: this shell has none
    hint: open one with eval "$(mcp-hook open)", or put the hook into the shell's rc file (mcp-hook init)
    error: invalid value 'soon' for '--since <TIME>': it is neither a time span like 10m nor a time like 2026-11-22T15:18:08Z
    mcp-hook: could not write ROOT/run/logs/main.log: Is a directory (os error 21)
    "#);
}

#[test]
fn reader_that_leaves_ends_a_followed_log() {
    let sandbox = Sandbox::new();
    let say = |text: &str| sandbox.hook(["log", "info", "web", text]).ok();
    say("0");
    let mut command = sandbox.command("mcp-hook");
    let mut follower = command.args(["logs", "-f", "-n", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut shown = BufReader::new(follower.stdout.take().unwrap());
    shown.read_line(&mut String::new()).unwrap();
    drop(shown);
    say("1");
    assert!(follower.wait().unwrap().success());
    let _ = std::io::stderr().flush();
}
