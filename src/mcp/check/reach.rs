//! In which clients a server works, by all that was found of it.

use serde::Serialize;

use super::clients::Measured;
use super::finding::{Finding, Level};

/// Where a server works and where not, if that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reach {
    pub works: Vec<Measured>,
    pub fails: Vec<Measured>,
}

/// What the findings say together; `None` if no client, or every client, is stopped as far as is known.
pub fn reach(findings: &[Finding]) -> Option<Reach> {
    let stops_all = |finding: &Finding| finding.level == Level::Error && finding.works_in.is_empty();
    if findings.iter().any(stops_all) {
        return None;
    }
    let fails: Vec<Measured> =
        Measured::ALL.into_iter().filter(|client| findings.iter().any(|it| it.fails_in.contains(client))).collect();
    let hurdles = || findings.iter().filter(|finding| !finding.fails_in.is_empty());
    let works: Vec<Measured> =
        Measured::ALL.into_iter().filter(|client| hurdles().all(|it| it.works_in.contains(client))).collect();
    (!fails.is_empty()).then_some(Reach { works, fails })
}

#[cfg(test)]
mod tests {
    use super::super::clients::Hurdle;
    use super::super::finding::Code;
    use super::*;

    #[test]
    fn faults_together_stop_whom_each_of_them_stops() {
        use Measured::{ClaudeCode, Codex, Gemini, Inspector, Mcporter, PythonSdk};
        let finding = |code, hurdle: Option<Hurdle>| {
            let finding = Finding::new(code, "");
            if let Some(hurdle) = hurdle { finding.hurdle(hurdle) } else { finding }
        };
        let mark = || finding(Code::ByteOrderMark, Some(Hurdle::ByteOrderMark));
        let large = || finding(Code::LargeList, Some(Hurdle::LargeMessage));
        let invalid = || finding(Code::InvalidTool, Some(Hurdle::InvalidTool));
        for (findings, expected) in [
            (vec![], None),
            (vec![finding(Code::StdoutText, None)], None),
            (vec![mark()], Some((vec![ClaudeCode, Codex], vec![Gemini, Mcporter, Inspector, PythonSdk]))),
            (vec![large()], Some((vec![ClaudeCode, PythonSdk], vec![Gemini, Mcporter, Inspector]))),
            (vec![mark(), large()], Some((vec![ClaudeCode], vec![Gemini, Mcporter, Inspector, PythonSdk]))),
            (vec![invalid()], Some((vec![Inspector], vec![ClaudeCode, Codex, Gemini, PythonSdk]))),
            (vec![invalid(), large()], Some((vec![], Measured::ALL.to_vec()))),
            (vec![mark(), finding(Code::Exited, None)], None),
        ] {
            let expected = expected.map(|(works, fails)| Reach { works, fails });
            assert_eq!(reach(&findings), expected, "{findings:?}");
        }
    }
}
