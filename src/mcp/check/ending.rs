//! What the end of a server shows.

use std::time::Duration;

use super::finding::{Code, Finding};

/// How long a server may take to end after its input did, before it is told to.
pub const AFTER_EOF: Duration = Duration::from_secs(2);
/// How long it may take after SIGTERM, before it is killed.
pub const AFTER_SIGTERM: Duration = Duration::from_secs(3);
/// What takes longer is pointed out.
const SLOW: Duration = Duration::from_millis(500);

/// How the end went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Whether the end of its input means something to it: not to one that listens on a port.
    pub reads_input: bool,
    /// How long its first process took to end after its input had; `None` if it was still there.
    pub by_eof: Option<Duration>,
    /// The same after SIGTERM, if that was needed.
    pub by_sigterm: Option<Duration>,
    /// The processes that were there after the first one had ended, and after a while.
    pub left: Vec<String>,
    /// What is to be said of its container, and what would end it.
    pub container: Option<(String, String)>,
}

impl Default for Course {
    fn default() -> Self {
        Self { reads_input: true, by_eof: None, by_sigterm: None, left: Vec::new(), container: None }
    }
}

pub fn examine(course: &Course) -> Vec<Finding> {
    let mut findings = Vec::new();
    match (course.by_eof, course.by_sigterm) {
        (Some(took), _) if took > SLOW => findings.push(slow(took, "its input ended")),
        (Some(_), _) => {}
        (None, by_sigterm) => {
            findings.extend(course.reads_input.then(ignores_eof));
            match by_sigterm {
                Some(took) if took > SLOW => findings.push(slow(took, "SIGTERM")),
                Some(_) => {}
                None => findings.push(
                    Finding::new(Code::IgnoresSigterm, format!("it was there {} s after SIGTERM, and was killed", AFTER_SIGTERM.as_secs()))
                        .hint("another signal (\"stop\": {\"signal\": \"INT\"}) or more time (\"stop\": {\"grace\": \"10s\"}) may let it end well"),
                ),
            }
        }
    }
    if !course.left.is_empty() {
        let message = format!("it left processes behind, which were ended: {}", course.left.join(", "));
        findings.push(
            Finding::new(Code::LeavesProcesses, message)
                .hint("mcp-hook run ends them with it; under a client alone they would go on"),
        );
    }
    if let Some((what, remedy)) = &course.container {
        findings.push(Finding::new(Code::LeavesContainer, what.clone()).hint(remedy.clone()));
    }
    findings
}

/// That names are new in the server's working directory.
pub fn writes_files(directory: &str, names: &[String]) -> Finding {
    const MOST: usize = 5;
    let more = names.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let shown = names[..names.len().min(MOST)].join(", ");
    Finding::new(Code::WritesFiles, format!("it leaves files in its working directory, {directory}: {shown}{more}"))
        .hint("\"cwd\" gives it a directory of its own")
}

fn ignores_eof() -> Finding {
    let seconds = AFTER_EOF.as_secs();
    Finding::new(Code::IgnoresEof, format!("it was there {seconds} s after its input had ended"))
        .hint("end when standard input ends: clients have no other way to say that they are gone")
}

fn slow(took: Duration, after: &str) -> Finding {
    Finding::new(Code::SlowStop, format!("it took {:.1} s to end after {after}", took.as_secs_f64()))
        .hint("clients kill two seconds after they have closed its input; under mcp-hook run \"stop\": {\"grace\": \"5s\"} gives it more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_end_has_its_findings() {
        let millis = |time| Some(Duration::from_millis(time));
        let course = |by_eof, by_sigterm| Course { by_eof, by_sigterm, ..Course::default() };
        for (course, codes) in [
            (course(millis(100), None), &[][..]),
            (course(millis(900), None), &[Code::SlowStop]),
            (course(None, millis(10)), &[Code::IgnoresEof]),
            (course(None, millis(1000)), &[Code::IgnoresEof, Code::SlowStop]),
            (course(None, None), &[Code::IgnoresEof, Code::IgnoresSigterm]),
            (Course { reads_input: false, ..course(None, None) }, &[Code::IgnoresSigterm]),
            (Course { reads_input: false, ..course(None, millis(10)) }, &[]),
            (Course { left: vec!["node (pid 7)".to_owned()], ..course(millis(10), None) }, &[Code::LeavesProcesses]),
            (
                Course {
                    container: Some(("its container is there".to_owned(), "docker rm".to_owned())),
                    ..course(millis(10), None)
                },
                &[Code::LeavesContainer],
            ),
        ] {
            let found: Vec<Code> = examine(&course).into_iter().map(|finding| finding.code).collect();
            assert_eq!(found, codes, "{course:?}");
        }
    }
}
