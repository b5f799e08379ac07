//! What can be found: a code that stays the same, the stage it belongs to, and how grave it is.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::clients::{Hurdle, Measured};

/// How far a server was followed. The first stage with an error is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// What its definition says.
    Config,
    /// Its first process.
    Spawn,
    /// The first answer.
    Handshake,
    /// Its tools, prompts and resources.
    List,
    /// How it ends.
    Lifecycle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Info,
    /// It works, though not everywhere or not well.
    Warning,
    /// It does not work.
    Error,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub stage: Stage,
    pub code: Code,
    pub level: Level,
    /// What was seen.
    pub message: String,
    /// What helps.
    pub hint: Option<String>,
    /// The clients that get over it all the same, and those that do not, where that differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub works_in: Vec<Measured>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fails_in: Vec<Measured>,
}

/// Makes [`Code`] of a table: the name of each, its stage and its level.
macro_rules! codes {
    ($($variant:ident $name:literal $stage:ident $level:ident)+) => {
        /// What is wrong. Scripts read these names: they stay.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Code {
            $(#[serde(rename = $name)] $variant,)+
        }

        impl Code {
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            fn stage(self) -> Stage {
                match self { $(Self::$variant => Stage::$stage,)+ }
            }

            fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)+ }
            }
        }
    };
}

codes! {
    NotAllowed "not-allowed" Config Error
    NotAsked "not-asked" Config Warning
    InvalidDefinition "invalid-definition" Config Error
    CommandLineInCommand "command-line-in-command" Config Error
    Unexpanded "unexpanded" Config Error
    NotFound "not-found" Spawn Error
    NotExecutable "not-executable" Spawn Error
    BadInterpreter "bad-interpreter" Spawn Error
    Exited "exited" Handshake Error
    NoAnswer "no-answer" Handshake Error
    ContentLength "content-length" Handshake Error
    MultiLineJson "multi-line-json" Handshake Error
    NoNewline "no-newline" Handshake Error
    ByteOrderMark "byte-order-mark" Handshake Warning
    NoJsonrpc "no-jsonrpc" Handshake Error
    WrongId "wrong-id" Handshake Error
    Echo "echo" Handshake Error
    ErrorAnswer "error-answer" Handshake Error
    Version "version" Handshake Error
    InvalidAnswer "invalid-answer" Handshake Error
    StdoutText "stdout-text" Handshake Warning
    ListError "list-error" List Error
    ListExited "list-exited" List Error
    ListNoAnswer "list-no-answer" List Error
    InvalidTool "invalid-tool" List Error
    DuplicateTool "duplicate-tool" List Warning
    NoTools "no-tools" List Warning
    EndlessList "endless-list" List Error
    LargeList "large-list" List Warning
    Refused "refused" Handshake Error
    WrongPath "wrong-path" Handshake Error
    NotMcp "not-mcp" Handshake Error
    NeedsLogin "needs-login" Handshake Error
    NeedsToken "needs-token" Handshake Error
    TokenRefused "token-refused" Handshake Error
    Forbidden "forbidden" Handshake Error
    WrongHost "wrong-host" Handshake Error
    Redirect "redirect" Handshake Error
    LegacySse "legacy-sse" Handshake Warning
    ServerError "server-error" Handshake Error
    SessionLost "session-lost" List Error
    IgnoresEof "ignores-eof" Lifecycle Warning
    IgnoresSigterm "ignores-sigterm" Lifecycle Warning
    LeavesProcesses "leaves-processes" Lifecycle Warning
    SlowStop "slow-stop" Lifecycle Warning
    LeavesContainer "leaves-container" Lifecycle Warning
    WritesFiles "writes-files" Lifecycle Info
}

impl Finding {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let (works_in, fails_in) = (Vec::new(), Vec::new());
        Self { stage: code.stage(), code, level: code.level(), message: message.into(), hint: None, works_in, fails_in }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same without what `mask` hides.
    pub fn masked(self, mask: impl Fn(&str) -> String) -> Self {
        Self { message: mask(&self.message), hint: self.hint.as_deref().map(mask), ..self }
    }

    /// The same, of which is known whom it stops.
    pub fn hurdle(self, hurdle: Hurdle) -> Self {
        Self { works_in: hurdle.works_in(), fails_in: hurdle.fails_in(), ..self }
    }

    /// In a line, as errors have it.
    pub fn in_error(&self) -> String {
        self.code.behind(&self.message)
    }

    /// The same as a warning.
    pub fn lenient(self) -> Self {
        Self { level: Level::Warning, ..self }
    }
}

impl Code {
    /// What was seen, and its code behind it, as errors have it.
    pub fn behind(self, seen: impl fmt::Display) -> String {
        format!("{seen} ({self})")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Stage {
    pub const ALL: [Self; 5] = [Self::Config, Self::Spawn, Self::Handshake, Self::List, Self::Lifecycle];

    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Spawn => "spawn",
            Self::Handshake => "handshake",
            Self::List => "list",
            Self::Lifecycle => "lifecycle",
        }
    }
}
