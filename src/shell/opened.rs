//! The hook of a shell whose session has been opened already.

use std::path::Path;

use super::Shell;
use super::syntax::Variable;

/// The hooks' variable for what is told here, and nothing of which stands in them as they are.
const NAME: &str = "__mcp_hook_opened";

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
        let directory = directory.to_string_lossy().into_owned();
        let told = [shell.to_string(), start.to_string(), directory, self.syntax.export(*variables)];
        let list = |words: &[String]| (self.syntax.list)(NAME, words);
        filled(self.hook, &list(&[]), &list(&told))
    }
}

/// A hook with another line in the `place` of one, and without what only people read: this one is for a shell, which
/// takes longer the more it reads.
fn filled(hook: &str, place: &str, line: &str) -> String {
    let mut filled = String::with_capacity(hook.len());
    for read in hook.lines().map(str::trim_ascii_start).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        filled.push_str(if read == place { line } else { read });
        filled.push('\n');
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hook_has_one_place_for_what_was_opened() {
        let variables = [("MCP_SESSION_ID".to_owned(), "pts0-1-it's".to_owned())];
        let opened = Opened { shell: 1, start: 2, directory: Path::new("/run/it's"), variables: &variables };
        let told = Shell::ALL.map(|shell| {
            let text = shell.hook_with(&opened);
            let is_new = |line: &&str| !shell.hook.lines().any(|old| old.trim_start() == *line);
            text.lines().filter(is_new).collect::<Vec<_>>().join("\n")
        });
        insta::assert_snapshot!(told.join("\n"), @r"
        __mcp_hook_opened=('1' '2' '/run/it'\''s' 'export MCP_SESSION_ID='\''pts0-1-it'\''\'\'''\''s'\''')
        __mcp_hook_opened=('1' '2' '/run/it'\''s' 'export MCP_SESSION_ID='\''pts0-1-it'\''\'\'''\''s'\''')
        builtin set -l __mcp_hook_opened '1' '2' '/run/it\'s' 'set -gx MCP_SESSION_ID \'pts0-1-it\\\'s\''
        ");
    }
}
