//! What `doctor` found, a line each.

use std::fmt::Write;

use super::columns::{LABEL, label};
use super::style::{self, paint};
use crate::app::doctor::{Finding, Grade};
use crate::text::plain;

/// A line for each finding, and one for each hint.
pub fn findings(findings: &[Finding]) -> String {
    findings.iter().map(line).collect()
}

/// The same as plain text, for tests.
#[cfg(test)]
pub fn unpainted(all: &[Finding]) -> String {
    anstream::adapter::strip_str(&findings(all)).to_string()
}

fn line(finding: &Finding) -> String {
    let (sign, style) = match finding.grade {
        Grade::Good => ("✓", style::GOOD),
        Grade::Warning => ("!", style::WARNING),
        Grade::Problem => ("✗", style::ERROR),
    };
    let mut text = format!("{} {} {}\n", paint(style, sign), label(finding.about), plain(&finding.text));
    if let Some(hint) = &finding.hint {
        let _ = writeln!(text, "{:HINT$}{} {}", "", paint(style::HINT, "hint:"), plain(hint));
    }
    text
}

/// Below the text: behind the sign, the label and a space after each.
const HINT: usize = LABEL + 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_a_line_and_a_hint_another() {
        let all = [
            Finding::good("session", "this shell owns pts3-4800-k7f2"),
            Finding::warning("clients", "\"web\" of /p/.mcp.json is not run by mcp-hook", "one way\nor another"),
            Finding::problem("root", "/tmp/x: others may\nenter it", "chmod 700 /tmp/x"),
        ];
        insta::assert_snapshot!(unpainted(&all), @r#"
        ✓ session      this shell owns pts3-4800-k7f2
        ! clients      "web" of /p/.mcp.json is not run by mcp-hook
                       hint: one way\nor another
        ✗ root         /tmp/x: others may\nenter it
                       hint: chmod 700 /tmp/x
        "#);
    }
}
