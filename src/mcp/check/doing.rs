//! What a server does while no answer comes, as far as its processes show it.

/// What was seen last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// It waits until another server that the same launcher fetches is done.
    Queued(&'static str),
    /// The launcher has not run it yet.
    Launching(&'static str),
    /// It reads its standard input and does nothing else.
    ReadsInput,
    /// It waits for connections.
    Listens,
    /// It waits for somebody to type something.
    Terminal,
    /// It waits for another machine or program to answer.
    Network,
    /// Another process has locked what it wants.
    Lock,
    /// It has computed at every look.
    Spins,
    /// It computes now and then.
    Works,
    /// It waits for another process, a signal or the clock.
    Idle,
    /// The system does not tell.
    #[default]
    Unknown,
}

/// That, since when in seconds, and what the server has said.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub doing: Doing,
    pub seconds: u64,
    /// Its last lines on standard error.
    pub last_words: Vec<String>,
}

impl Doing {
    /// In words that follow "it".
    pub fn words(self) -> Option<String> {
        Some(match self {
            Self::Queued(launcher) => format!("waits until {launcher} has fetched another server"),
            Self::Launching(launcher) => format!("has not been run yet: {launcher} is still at work"),
            Self::ReadsInput => "reads its standard input".to_owned(),
            Self::Listens => "waits for connections".to_owned(),
            Self::Terminal => "waits for somebody to type on a terminal".to_owned(),
            Self::Network => "waits for an answer from the network".to_owned(),
            Self::Lock => "waits for a lock that another process has".to_owned(),
            Self::Spins => "computes without a pause".to_owned(),
            Self::Works => "is at work".to_owned(),
            Self::Idle => "waits for another process, a signal or the clock".to_owned(),
            Self::Unknown => return None,
        })
    }

    /// What helps where nothing else was seen.
    pub fn hint(self, has_said_anything: bool) -> String {
        match self {
            Self::Queued(_) | Self::Launching(_) => {
                "--timeout 5m waits longer; once it is fetched, the next start is fast".to_owned()
            }
            Self::ReadsInput if !has_said_anything => {
                "it may keep its answer in a buffer: write each message with its newline and flush standard output; or it \
                 waits for something else than MCP messages on standard input"
                    .to_owned()
            }
            Self::Listens => {
                "it seems to speak HTTP: give it its option for standard input and output, or clients its address".to_owned()
            }
            Self::Terminal => "clients have none: give it what it asks for in a variable, a file or an option".to_owned(),
            Self::Network => "see whether what it connects to is there and can be reached from here".to_owned(),
            Self::Lock => "another copy of it may run: mcp-hook status --all".to_owned(),
            Self::Spins => "it may be caught in a loop; --timeout 2m waits longer".to_owned(),
            _ => "see its own options for MCP on standard input and output; --timeout 2m waits longer".to_owned(),
        }
    }
}

impl Seen {
    /// What follows in a sentence on the missing answer.
    pub fn clause(&self) -> String {
        let time = if self.seconds > 1 { format!(", for {} s", self.seconds) } else { String::new() };
        self.doing.words().map(|words| format!("; it {words}{time}")).unwrap_or_default()
    }
}
