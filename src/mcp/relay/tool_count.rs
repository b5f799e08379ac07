//! How many tools the lives of a server have: that a successor has fewer is worth a line.

use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Debug, Default)]
pub struct ToolCount {
    /// How many its predecessor had, until that was compared.
    before: Option<usize>,
    /// How many this life has.
    now: Option<usize>,
    /// How many have come of a list that is being read, page by page.
    listed: Option<usize>,
}

#[derive(Deserialize)]
struct Answer {
    result: Page,
}

#[derive(Deserialize)]
struct Page {
    tools: Vec<IgnoredAny>,
    #[serde(rename = "nextCursor")]
    next: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Request {
    params: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    cursor: Option<IgnoredAny>,
}

impl ToolCount {
    /// The client has asked for a page of the list.
    pub fn asked(&mut self, request: &[u8]) {
        let request: Option<Request> = serde_json::from_slice(request).ok();
        if request.and_then(|request| request.params?.cursor).is_none() {
            self.listed = Some(0);
        }
    }

    /// The server has answered that, unless it was too long to be looked at; that they are fewer than before, in words.
    pub fn answered(&mut self, answer: Option<&[u8]>) -> Option<String> {
        let listed = self.listed.take()?;
        let Page { tools, next } = serde_json::from_slice::<Answer>(answer?).ok()?.result;
        let listed = listed + tools.len();
        if next.is_some() {
            self.listed = Some(listed);
            return None;
        }
        self.now = Some(listed);
        let before = self.before.take().filter(|&before| listed < before)?;
        Some(format!("it has {listed} tools, its predecessor had {before}"))
    }

    pub fn life_ended(&mut self) {
        self.listed = None;
        self.before = self.now.take().or(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &[u8] = br#"{"method":"tools/list"}"#;
    const NEXT: &[u8] = br#"{"method":"tools/list","params":{"cursor":"c"}}"#;

    fn page(tools: usize, next: &str) -> Vec<u8> {
        format!(r#"{{"result":{{"tools":[{}]{next}}}}}"#, vec!["{}"; tools].join(",")).into_bytes()
    }

    #[test]
    fn fewer_tools_than_before_are_told_once_and_more_are_not() {
        let mut count = ToolCount::default();
        let list = |count: &mut ToolCount, pages: &[usize]| {
            let mut told = None;
            for (index, tools) in pages.iter().enumerate() {
                count.asked(if index == 0 { FIRST } else { NEXT });
                let next = if index + 1 < pages.len() { r#","nextCursor":"c""# } else { "" };
                told = count.answered(Some(&page(*tools, next)));
            }
            told
        };
        assert_eq!(list(&mut count, &[2, 3]), None, "there is no predecessor");
        count.life_ended();
        count.life_ended();
        assert_eq!(list(&mut count, &[1, 2]).as_deref(), Some("it has 3 tools, its predecessor had 5"));
        assert_eq!(list(&mut count, &[1]), None, "the same life");
        count.life_ended();
        assert_eq!(list(&mut count, &[7]), None);
    }

    #[test]
    fn what_cannot_be_counted_is_not_compared() {
        let mut count = ToolCount::default();
        count.asked(FIRST);
        count.asked(FIRST);
        assert_eq!((count.answered(Some(&page(5, ""))), count.answered(Some(&page(5, "")))), (None, None));
        count.life_ended();
        count.asked(FIRST);
        assert_eq!((count.answered(None), count.answered(Some(&page(1, "")))), (None, None), "too long");
        count.asked(FIRST);
        assert_eq!(count.answered(Some(br#"{"error":{"code":-32601}}"#)), None);
        count.asked(FIRST);
        assert!(count.answered(Some(&page(4, ""))).is_some());
    }
}
