//! What exactly is executed: the words, the environment and the directory, with a gap where the port will stand.

use std::path::PathBuf;

use super::command::CommandLine;
use super::endpoint::Endpoint;
use super::secrets::Secrets;
use super::settings::Settings;

/// A server as it is to be started.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The command as the user wrote it: with `${VAR}`, without what that stands for. This is what is recorded.
    pub command: CommandLine,
    pub invocation: Invocation,
    pub directory: PathBuf,
    pub settings: Settings,
    /// The file that it is defined in, if it was not typed.
    pub source: Option<PathBuf>,
}

/// What is executed. Never written to disk: it may hold secrets.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    pub words: Vec<Text>,
    /// Variables on top of the inherited ones.
    pub environment: Vec<(String, Text)>,
    /// Variables that are not inherited.
    pub withheld: Vec<String>,
    /// Where clients reach it, if it has a port.
    pub url: Option<Text>,
    /// What clients send with each request to it.
    pub headers: Vec<(String, Text)>,
    /// How its address stands in the definition, if a variable of the caller is a part of it.
    pub shown_url: Option<String>,
    /// How its directory stands in the definition, if it does: what messages name.
    pub cwd: Option<String>,
    /// What must not stand in any log, record or message.
    pub secrets: Vec<String>,
}

/// A text with gaps for the port, which may change when another program takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    Port,
}

impl Prepared {
    /// A command as it was typed, to be started in `directory`.
    pub fn typed(command: CommandLine, directory: PathBuf, settings: Settings) -> Self {
        let words = command.words().into_iter().map(Text::from).collect();
        let invocation = Invocation { words, ..Invocation::default() };
        Self { command, invocation, directory, settings, source: None }
    }

    /// Has `${MCP_PORT}` in the words of a typed command stand for the port. A shell knows it from its environment.
    pub fn fill_in_port(&mut self) {
        if let CommandLine::Argv(words) = &self.command {
            self.invocation.words = words.iter().map(|word| Text::with_port(word)).collect();
        }
    }
}

impl Invocation {
    /// What is sent with each request to it on this port.
    pub fn headers(&self, port: u16) -> Vec<(String, String)> {
        self.headers.iter().map(|(name, value)| (name.clone(), value.render(Some(port)))).collect()
    }

    /// What is recorded of the server's port. An address that holds a secret is not.
    pub fn port(&self, number: u16) -> Endpoint {
        let url = self.url.as_ref().map(|url| url.render(Some(number)));
        let secrets = Secrets::new(&self.secrets);
        let shown = self.shown_url.as_ref().map(|url| Text::with_port(url).render(Some(number)));
        Endpoint { number, url: url.filter(|url| secrets.are_absent(url)), shown, address: None, public: false }
    }
}

impl Text {
    /// The text with the port in its gaps; without a port they are empty.
    pub fn render(&self, port: Option<u16>) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Port => port.map(|port| port.to_string()).unwrap_or_default(),
        };
        self.0.iter().map(piece).collect()
    }
}

impl Text {
    /// A text in which `${MCP_PORT}` stands for the port.
    pub fn with_port(text: &str) -> Self {
        let mut pieces = Vec::new();
        for (index, part) in text.split(PORT).enumerate() {
            if index > 0 {
                pieces.push(Piece::Port);
            }
            if !part.is_empty() {
                pieces.push(Piece::Literal(part.to_owned()));
            }
        }
        Self(pieces)
    }
}

/// What stands for the port in a text.
const PORT: &str = "${MCP_PORT}";

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(vec![Piece::Literal(text.to_owned())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_stands_wherever_the_text_has_its_name() {
        for (text, with, without) in [
            ("--port=${MCP_PORT}", "--port=8000", "--port="),
            ("${MCP_PORT}${MCP_PORT}", "80008000", ""),
            ("$MCP_PORT ${MCP_PORTS} ${OTHER}", "$MCP_PORT ${MCP_PORTS} ${OTHER}", "$MCP_PORT ${MCP_PORTS} ${OTHER}"),
            ("", "", ""),
        ] {
            let text = Text::with_port(text);
            assert_eq!((text.render(Some(8000)), text.render(None)), (with.to_owned(), without.to_owned()));
        }
    }
}
