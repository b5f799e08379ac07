//! Which of its own variables a client hands on to the servers that it starts, and which it adds.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inheritance {
    /// All of them, as far as is known.
    All,
    /// All, and where the project is (Claude Code).
    AllAndProject,
    /// Those that the SDKs take for harmless.
    Sdk,
    /// A list of its own (Codex); more where an entry names them in `env_vars`.
    Codex,
    /// All whose names do not sound like secrets (Gemini CLI).
    Harmless,
}

impl Inheritance {
    /// Whether a server gets a variable of its client's; `named` are those that its entry asks for.
    pub fn hands_on(self, name: &str, named: &[String]) -> bool {
        match self {
            Self::All | Self::AllAndProject => true,
            Self::Sdk => SDK.contains(&name),
            Self::Codex => SDK.contains(&name) || CODEX.contains(&name) || named.iter().any(|it| it == name),
            Self::Harmless => is_harmless(name),
        }
    }

    /// What the client sets itself.
    pub fn additions(self, workspace: &str) -> Option<(&'static str, String)> {
        match self {
            Self::AllAndProject => Some(("CLAUDE_PROJECT_DIR", workspace.to_owned())),
            Self::Harmless => Some(("GEMINI_CLI", "1".to_owned())),
            Self::All | Self::Sdk | Self::Codex => None,
        }
    }
}

/// `getDefaultEnvironment()` of the SDK in TypeScript, `get_default_environment()` of that in Python.
const SDK: [&str; 6] = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];
/// What Codex hands on besides.
const CODEX: [&str; 5] = ["__CF_USER_TEXT_ENCODING", "LANG", "LC_ALL", "TMPDIR", "TZ"];
/// What Gemini CLI keeps to itself: variables with one of these words in their names, and these.
const WORDS: [&str; 10] =
    ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "KEY", "AUTH", "CREDENTIAL", "CREDS", "PRIVATE", "CERT"];
const NAMES: [&str; 12] = [
    "CLIENT_ID",
    "DB_URI",
    "CONNECTION_STRING",
    "AWS_DEFAULT_REGION",
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "SLACK_WEBHOOK_URL",
    "TWILIO_ACCOUNT_SID",
    "DATABASE_URL",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_ACCOUNT",
    "FIREBASE_PROJECT_ID",
];

fn is_harmless(name: &str) -> bool {
    let name = name.to_uppercase();
    let is_its_own = name.starts_with("GEMINI_CLI_") || name.starts_with("GIT_CONFIG_");
    is_its_own || !NAMES.contains(&name.as_str()) && !sounds_secret(&name)
}

/// Whether a name says that its value is nobody's business.
pub fn sounds_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_hand_on_what_was_measured() {
        use Inheritance::{All, Codex, Harmless, Sdk};
        let named = ["MY_TOKEN".to_owned()];
        for (client, handed_on, kept) in [
            (All, &["MY_TOKEN", "PATH"][..], &[][..]),
            (Sdk, &["PATH", "HOME"], &["LANG", "MY_TOKEN"]),
            (Codex, &["PATH", "LANG", "MY_TOKEN"], &["MY_PLAIN"]),
            (Harmless, &["PATH", "MY_PLAIN", "GIT_CONFIG_KEY_0"], &["MY_TOKEN", "DATABASE_URL", "api_key"]),
        ] {
            assert!(handed_on.iter().all(|name| client.hands_on(name, &named)), "{client:?}");
            assert!(!kept.iter().any(|name| client.hands_on(name, &named)), "{client:?}");
        }
    }
}
