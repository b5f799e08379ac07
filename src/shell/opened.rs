//! The hook of a shell whose session has been opened already.

use std::path::Path;

use super::Shell;
use super::syntax::Variable;

/// What the words in the hooks begin with in whose places that stands which is told here.
const PLACE: &str = "OPENED_";

/// A session, and the only process that is to believe in it.
pub struct Opened<'session> {
    pub shell: i32,
    /// When that started, as in `proc_pid_stat(5)`.
    pub start: u64,
    /// Where the session's record is.
    pub directory: &'session Path,
    pub variables: &'session [Variable],
}

impl Shell {
    /// The hook that has to open no session, in this very shell.
    pub fn hook_with(&self, opened: &Opened<'_>) -> String {
        let Opened { shell, start, directory, variables } = opened;
        let directory = (self.syntax.quote)(&directory.to_string_lossy());
        let told = [
            ("FOR", shell.to_string()),
            ("AT", start.to_string()),
            ("IN", directory),
            ("LINE", self.syntax.export(*variables)),
        ];
        let read = self.hook.lines().map(str::trim_ascii_start);
        read.filter(|line| !is_for_people(line)).map(|line| filled(line, &told) + "\n").collect()
    }
}

/// What a shell need not read: it takes longer the more it reads.
fn is_for_people(line: &str) -> bool {
    line.is_empty() || line.starts_with('#')
}

/// A line of a hook in which what was opened stands in the place of the words for it.
fn filled(line: &str, told: &[(&str, String)]) -> String {
    let mut pieces = line.split(PLACE);
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let found = told.iter().find_map(|(word, text)| Some((text, piece.strip_prefix(word)?)));
        let (text, rest) = found.map_or((PLACE, piece), |(text, rest)| (text.as_str(), rest));
        filled.extend([text, rest]);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_a_place_is_not_read_for_places() {
        let told = [("FOR", "OPENED_IN".to_owned()), ("IN", "/OPENED_FOR".to_owned())];
        assert_eq!(filled("a OPENED_FOR b OPENED_IN/c OPENED_ d", &told), "a OPENED_IN b /OPENED_FOR/c OPENED_ d");
    }

    #[test]
    fn every_hook_has_places_for_what_was_opened() {
        let variables = [("MCP_SESSION_ID".to_owned(), "pts0-1-it's".to_owned())];
        let opened = Opened { shell: 1, start: 2, directory: Path::new("/run/it's"), variables: &variables };
        let told = Shell::ALL.map(|shell| {
            let text = shell.hook_with(&opened);
            let is_new = |line: &&str| !shell.hook.lines().any(|old| old.trim_start() == *line);
            text.lines().filter(is_new).collect::<Vec<_>>().join("\n")
        });
        insta::assert_snapshot!(told.join("\n"), @r#"
        if [[ $$ == 1 && -e '/run/it'\''s'/session.json ]] &&
        IFS='' \builtin read -r __mcp_hook_line <"/proc/$$/stat" && [[ $__mcp_hook_line == *" 0 2 "* ]]; then
        \builtin export MCP_SESSION_ID='pts0-1-it'\''s'
        if [[ $$ == 1 && -e '/run/it'\''s'/session.json && "$(<"/proc/$$/stat")" == *" 0 2 "* ]]; then
        \builtin export MCP_SESSION_ID='pts0-1-it'\''s'
        if builtin test 1 = $fish_pid -a -e '/run/it\'s'/session.json
        and builtin string match -q -- "* 0 2 *" $line
        set -gx MCP_SESSION_ID 'pts0-1-it\'s'
        "#);
    }
}
