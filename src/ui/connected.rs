//! `check --connect` for people: the verdict first, then what was seen, the server's last words, and what helps.

use std::fmt::Write;
use std::io::{self, IsTerminal};

use super::columns::cut;
use super::style::{self, paint};
use crate::app::check::connect::Connected;
use crate::context;
use crate::mcp::check::clients::Measured;
use crate::mcp::check::finding::{Code, Finding, Level, Stage};
use crate::mcp::check::reach::Reach;
use crate::server::launch::Launch;
use crate::supervisor::trial::report::{Outcome, TrialReport};
use crate::supervisor::trial::watch::Trial;
use crate::sys::terminal;
use crate::text::{plain, tame};
use crate::units::{size, time};

/// How many servers are shown that are not done: more would not fit on a small terminal.
const MOST_WAITING: usize = 12;
const USUAL_WIDTH: usize = 80;
/// How many of a server's last lines are shown.
const MOST_LINES: usize = 10;

/// The servers, each with what was found.
pub fn servers(servers: &[Connected]) -> String {
    if servers.is_empty() {
        return "no servers are defined; mcp-hook add NAME -- COMMAND defines one\n".to_owned();
    }
    servers.iter().map(server).collect()
}

fn server(server: &Connected) -> String {
    let is_unasked = server.report.findings.iter().any(|finding| finding.code == Code::NotAsked);
    let (sign, style) = match server.state {
        Outcome::Ok if is_unasked => ("○", style::FAINT),
        Outcome::Ok => ("✓", style::GOOD),
        Outcome::Warning => ("!", style::WARNING),
        Outcome::Failed => ("✗", style::ERROR),
    };
    let report = &server.report;
    let mut text = format!("{} {}{}\n", paint(style, sign), plain(&server.name), summary(report));
    text.extend(report.launch.as_ref().map(launch));
    // What it failed by stands first.
    let (errors, others): (Vec<_>, Vec<_>) = report.findings.iter().partition(|it| it.level == Level::Error);
    for (index, error) in errors.into_iter().enumerate() {
        let said = if index == 0 { last_words(&report.stderr) } else { String::new() };
        text += &finding(error, &said);
    }
    text.extend(others.into_iter().map(|other| finding(other, "")));
    text.extend(server.clients.as_ref().map(reach));
    text
}

fn launch(launch: &Launch) -> String {
    let saved = launch.saved().map(|saved| format!(" (saves {})", saved.text())).unwrap_or_default();
    format!("    {} {}{saved}\n", paint(style::FAINT, "started:"), plain(&launch.text()))
}

fn reach(reach: &Reach) -> String {
    let list = |clients: &[Measured]| clients.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let works = if reach.works.is_empty() { String::new() } else { format!("works in {}; ", list(&reach.works)) };
    let text = format!("{works}not in {}", list(&reach.fails));
    format!("    {} {text}\n", paint(style::FAINT, "clients:"))
}

/// What is known of a server in a line.
fn summary(report: &TrialReport) -> String {
    let mut parts = Vec::new();
    if let Some(server) = &report.server {
        let words = [server.name.as_deref(), server.version.as_deref()];
        parts.push(words.into_iter().flatten().map(plain).collect::<Vec<_>>().join(" "));
    }
    parts.extend(report.protocol.as_deref().map(plain));
    if report.skipped.is_empty() {
        let counts = [(report.tools, "tool"), (report.prompts, "prompt"), (report.resources, "resource")];
        let shown = counts.into_iter().filter_map(|(count, what)| Some((count?, what)));
        let shown = shown.filter(|&(count, what)| count > 0 || what == "tool");
        parts.extend(shown.map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" })));
        parts.extend(report.timings_ms.handshake.map(|millis| format!("answers after {millis} ms")));
        parts.extend(report.memory.map(size::bytes));
    } else {
        parts.extend(failed_stage(report).map(|stage| format!("fails at {}", stage.name())));
    }
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() { String::new() } else { format!("  {}", paint(style::FAINT, &parts.join(" · "))) }
}

fn failed_stage(report: &TrialReport) -> Option<Stage> {
    report.findings.iter().find(|finding| finding.level == Level::Error).map(|finding| finding.stage)
}

/// What was seen, what was `said`, and what helps.
fn finding(finding: &Finding, said: &str) -> String {
    let style = match finding.level {
        Level::Error => style::ERROR,
        Level::Warning => style::WARNING,
        Level::Info => style::FAINT,
    };
    let code = paint(style, &format!("{}:", finding.code));
    let mut text = format!("    {code} {}\n{said}", plain(&finding.message));
    if let Some(hint) = &finding.hint {
        let _ = writeln!(text, "    {} {}", paint(style::HINT, "hint:"), plain(hint));
    }
    text
}

fn last_words(lines: &[String]) -> String {
    let shown = &lines[lines.len().saturating_sub(MOST_LINES)..];
    let line = |line: &String| {
        format!(
            "      {} {}
",
            paint(style::FAINT, "│"),
            tame(line.as_bytes())
        )
    };
    shown.iter().map(line).collect()
}

/// The lines that show on a terminal how far servers are, in the place of those before.
#[derive(Default)]
pub struct Meanwhile {
    drawn: usize,
}

impl Meanwhile {
    /// Draws a line for each server that is not done; none at the end.
    pub fn draw(&mut self, trials: &[Trial]) {
        let is_dumb = context::text_variable("TERM").is_none_or(|term| term == "dumb");
        if is_dumb || !io::stderr().is_terminal() {
            return;
        }
        let waiting: Vec<&Trial> = trials.iter().filter(|trial| trial.report.is_none()).collect();
        let width = terminal::width(io::stderr()).unwrap_or(USUAL_WIDTH);
        let mut lines: Vec<String> = waiting.iter().take(MOST_WAITING).map(|trial| meanwhile(trial)).collect();
        if waiting.len() > MOST_WAITING {
            lines.push(format!("  … and {} more", waiting.len() - MOST_WAITING));
        }
        let mut text = "\x1b[A\x1b[2K".repeat(self.drawn);
        // A line that is broken would be drawn over.
        text.extend(lines.iter().map(|line| format!("{}\n", cut(line, width.saturating_sub(2)))));
        self.drawn = lines.len();
        let _ = io::Write::write_all(&mut io::stderr(), text.as_bytes());
    }
}

fn meanwhile(trial: &Trial) -> String {
    let elapsed = time::duration(context::now().duration_since(trial.began).as_secs_f64());
    let doing = trial.doing.as_ref().map(|doing| format!(": it {}", plain(doing))).unwrap_or_default();
    format!("  checking {} ({elapsed}){doing}", plain(&trial.name))
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::*;
    use crate::supervisor::trial::report::{ServerInfo, Timings};

    #[test]
    fn the_verdict_comes_first_then_what_was_seen_and_what_helps() {
        let info = |name: &str| Some(ServerInfo { name: Some(name.to_owned()), version: Some("1.2.3".to_owned()) });
        let good = TrialReport {
            protocol: Some("2025-11-25".to_owned()),
            server: info("everything"),
            tools: Some(12),
            prompts: Some(1),
            resources: Some(0),
            timings_ms: Timings { handshake: Some(420), ..Timings::default() },
            memory: Some(84 << 20),
            ..TrialReport::default()
        };
        let slow = TrialReport {
            findings: vec![Finding::new(Code::SlowStop, "it took 0.9 s to end").hint("give it more")],
            ..good.clone()
        };
        let finding =
            Finding::new(Code::Exited, "it ended before it answered (exit status 1)").hint("the cause is its own");
        let failed =
            TrialReport { stderr: vec!["no\ttoken \x1b[2J".to_owned()], ..TrialReport::unstarted(vec![finding]) };
        let all = [("good", good), ("slow", slow), ("bad\n", failed)]
            .map(|(name, report)| Connected::from((name.to_owned(), report)));
        insta::assert_snapshot!(strip_str(&servers(&all)).to_string(), @r"
        ✓ good  everything 1.2.3 · 2025-11-25 · 12 tools · 1 prompt · answers after 420 ms · 84.0 MiB
        ! slow  everything 1.2.3 · 2025-11-25 · 12 tools · 1 prompt · answers after 420 ms · 84.0 MiB
            slow-stop: it took 0.9 s to end
            hint: give it more
        ✗ bad\n  fails at handshake
            exited: it ended before it answered (exit status 1)
              │ no	token \u{1b}[2J
            hint: the cause is its own
        ");
    }
}
