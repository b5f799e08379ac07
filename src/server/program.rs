//! Which file a program's name means, and whether it can be started.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::secret_words;
use crate::mcp::check::clients::Hurdle;
use crate::mcp::check::finding::{Code, Finding};
use crate::sys::executable;
use crate::text::excerpt::excerpt;

/// How much of a file tells what it is, in bytes.
const BEGINNING: u64 = 256;
/// How the binaries begin that systems execute (ELF, Mach-O).
const BINARIES: [&[u8]; 4] = [b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ"];

/// A program that is to be started in `directory`.
pub struct Program<'a> {
    pub word: &'a str,
    /// How it is named in messages.
    pub shown: &'a str,
    pub directory: &'a Path,
    pub shown_directory: &'a Path,
    pub path: Option<&'a OsStr>,
}

impl Program<'_> {
    /// Why it cannot be started, or not by everybody.
    pub fn examine(&self) -> Option<Finding> {
        let file = match self.find(self.word) {
            Ok(file) => file,
            Err(fault) => return Some(self.split().unwrap_or_else(|| self.say(fault))),
        };
        let mut beginning = Vec::new();
        // A program that may not be read can be executed all the same.
        File::open(&file).ok()?.take(BEGINNING).read_to_end(&mut beginning).ok()?;
        self.examine_script(&file, &beginning)
    }

    /// The file that `execvp(3)` would take.
    fn find(&self, word: &str) -> Result<PathBuf, Fault> {
        if word.contains('/') {
            let file = self.directory.join(word);
            return if !file.exists() {
                Err(Fault::NoFile(file))
            } else if executable::can_execute(&file) {
                Ok(file)
            } else {
                Err(Fault::NotExecutable(file))
            };
        }
        let path = self.path.unwrap_or(OsStr::new(executable::USUAL_PATH));
        let mut found = executable::candidates(word, path, self.directory);
        found.retain(|file| file.is_file());
        match (found.iter().find(|file| executable::can_execute(file)), found.first()) {
            (Some(file), _) => Ok(file.clone()),
            (None, Some(file)) => Err(Fault::NotExecutable(file.clone())),
            (None, None) => Err(Fault::NotOnPath),
        }
    }

    fn say(&self, fault: Fault) -> Finding {
        match fault {
            Fault::NoFile(file) => Finding::new(Code::NotFound, format!("there is no {}", self.name(&file).display()))
                .hint(format!("correct the path; it is relative to {}", self.shown_directory.display())),
            Fault::NotOnPath => {
                let message = format!("there is no program {} on PATH", excerpt(self.shown));
                Finding::new(Code::NotFound, message)
                    .hint("install it, or give its full path; clients that have no shell have a shorter PATH")
            }
            Fault::NotExecutable(file) => not_executable(&file, &self.name(&file)),
        }
    }

    /// A file that was found, as messages name it.
    fn name(&self, file: &Path) -> PathBuf {
        if self.word == self.shown && !self.word.contains('/') {
            file.to_owned()
        } else if self.shown.contains('/') && !Path::new(self.word).is_absolute() {
            // Without the `.` that are in it.
            self.shown_directory.join(&*excerpt(self.shown)).components().collect()
        } else {
            excerpt(self.shown).into_owned().into()
        }
    }

    /// That the word is a whole command line, if its first part is a program.
    fn split(&self) -> Option<Finding> {
        let (program, _) = self.word.trim().split_once(char::is_whitespace)?;
        self.find(program).ok()?;
        let line = secret_words::shown_text(self.shown.trim());
        let shown = excerpt(&line);
        let message = format!("the command is a whole line, {shown:?}: there is no program of that name");
        let apart = line.split_once(char::is_whitespace).map(|(program, rest)| {
            let arguments: Vec<String> = rest.split_whitespace().map(|it| format!("{it:?}")).collect();
            format!(": \"command\": {program:?}, \"args\": [{}]", arguments.join(", "))
        });
        let hint = format!("give the program and its arguments apart{}", apart.unwrap_or_default());
        Some(Finding::new(Code::CommandLineInCommand, message).hurdle(Hurdle::CommandLine).hint(hint))
    }

    fn examine_script(&self, file: &Path, beginning: &[u8]) -> Option<Finding> {
        let shown = self.name(file);
        let shown = shown.display();
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
        if !executable::can_execute(&self.directory.join(interpreter)) {
            return Some(interpreter.to_owned());
        }
        let is_env = Path::new(interpreter).file_name().is_some_and(|name| name == "env");
        let program = words.find(|word| !word.starts_with('-') && !word.contains('=')).filter(|_| is_env)?;
        self.find(program).is_err().then(|| program.to_owned())
    }
}

/// Why there is nothing to execute.
enum Fault {
    NoFile(PathBuf),
    NotOnPath,
    NotExecutable(PathBuf),
}

fn not_executable(file: &Path, shown: &Path) -> Finding {
    let shown = shown.display();
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
