//! Whether a program can be started, by a look at its file: what the system says of it is too little to go by.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::context;
use crate::mcp::check::clients::Hurdle;
use crate::mcp::check::finding::{Code, Finding};
use crate::server::program::{self, can_execute};
use crate::text::excerpt::excerpt;

/// How much of a file tells what it is, in bytes.
const BEGINNING: u64 = 256;
/// Where programs are looked for without `PATH`, in `execvp(3)`.
const USUAL_PATH: &str = "/bin:/usr/bin";
/// How the binaries begin that systems execute (ELF, Mach-O).
const BINARIES: [&[u8]; 4] = [b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ"];

/// Looks at the program that `word` would start in `directory`. `path` is its own `PATH`, if it has one.
pub fn examine(word: &str, directory: &Path, path: Option<String>) -> Option<Finding> {
    let path = path.or_else(|| context::text_variable("PATH")).unwrap_or_else(|| USUAL_PATH.to_owned());
    let search = Search { directory, path: &path };
    let file = match search.find(word) {
        Ok(file) => file,
        Err(finding) => return Some(search.split(word).unwrap_or(finding)),
    };
    let mut beginning = Vec::new();
    // A program that may not be read can be executed all the same.
    File::open(&file).ok()?.take(BEGINNING).read_to_end(&mut beginning).ok()?;
    search.examine_script(&file, &beginning)
}

struct Search<'a> {
    directory: &'a Path,
    path: &'a str,
}

impl Search<'_> {
    /// The file that `execvp(3)` would take.
    fn find(&self, word: &str) -> Result<PathBuf, Finding> {
        if word.contains('/') {
            let file = self.directory.join(word);
            return if !file.exists() {
                Err(Finding::new(Code::NotFound, format!("there is no {}", file.display()))
                    .hint(format!("correct the path; it is relative to {}", self.directory.display())))
            } else if can_execute(&file) {
                Ok(file)
            } else {
                Err(not_executable(&file))
            };
        }
        let candidates = program::candidates(word, self.path, self.directory);
        let found: Vec<PathBuf> = candidates.filter(|file| file.is_file()).collect();
        match (found.iter().find(|file| can_execute(file)), found.first()) {
            (Some(file), _) => Ok(file.clone()),
            (None, Some(file)) => Err(not_executable(file)),
            (None, None) => Err(Finding::new(Code::NotFound, format!("there is no program {} on PATH", excerpt(word)))
                .hint("install it, or give its full path; clients that have no shell have a shorter PATH")),
        }
    }

    /// That the word is a whole command line, if its first part is a program.
    fn split(&self, word: &str) -> Option<Finding> {
        let (program, rest) = word.trim().split_once(char::is_whitespace)?;
        self.find(program).ok()?;
        let message = format!("the command is a whole line, {:?}: there is no program of that name", excerpt(word));
        let arguments: Vec<String> = rest.split_whitespace().map(|it| format!("{it:?}")).collect();
        let apart = format!("\"command\": {program:?}, \"args\": [{}]", arguments.join(", "));
        Some(
            Finding::new(Code::CommandLineInCommand, message)
                .hurdle(Hurdle::CommandLine)
                .hint(format!("give the program and its arguments apart: {apart}")),
        )
    }

    fn examine_script(&self, file: &Path, beginning: &[u8]) -> Option<Finding> {
        let shown = file.display();
        let Some(rest) = beginning.strip_prefix(b"#!") else {
            let is_binary = BINARIES.iter().any(|magic| beginning.starts_with(magic)) || beginning.is_empty();
            let message =
                format!("{shown} is a script without a #! line: mcp-hook has sh run it, clients do not start it");
            let finding = Finding::new(Code::BadInterpreter, message).lenient();
            return (!is_binary).then(|| finding.hint("begin it with a line like #!/bin/sh"));
        };
        let line = String::from_utf8_lossy(rest.split(|&byte| byte == b'\n').next()?).into_owned();
        if line.ends_with('\r') {
            let message = format!("the first line of {shown} ends as lines do on Windows: no program has such a name");
            return Some(Finding::new(Code::BadInterpreter, message).hint(format!("sed -i 's/\\r$//' {shown}")));
        }
        let missing = self.missing_interpreter(&line)?;
        let message = format!("{shown} is to be run by {}, which is not there", excerpt(&missing));
        Some(Finding::new(Code::BadInterpreter, message).hint("install it, or correct the first line"))
    }

    /// The program that the line behind `#!` names, if there is none.
    fn missing_interpreter(&self, line: &str) -> Option<String> {
        let mut words = line.split_whitespace();
        let interpreter = words.next()?;
        if !can_execute(&self.directory.join(interpreter)) {
            return Some(interpreter.to_owned());
        }
        let is_env = Path::new(interpreter).file_name().is_some_and(|name| name == "env");
        let program = words.find(|word| !word.starts_with('-') && !word.contains('=')).filter(|_| is_env)?;
        self.find(program).is_err().then(|| program.to_owned())
    }
}

fn not_executable(file: &Path) -> Finding {
    let shown = file.display();
    let (what, hint) = if file.is_dir() {
        ("is a directory", "give the program in it".to_owned())
    } else {
        (
            "may not be executed",
            format!("chmod +x {shown}, or have its interpreter run it: python3 {shown}, node {shown}"),
        )
    };
    Finding::new(Code::NotExecutable, format!("{shown} {what}")).hint(hint)
}
