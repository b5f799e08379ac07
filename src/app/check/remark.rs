//! What a client does with an entry's texts, as findings.

use crate::client::dialect::Unset;
use crate::client::inheritance::Inheritance;
use crate::client::launch::Remark;
use crate::client::table::Client;
use crate::mcp::check::finding::{Code, Finding};

pub fn finding(remark: &Remark, client: &Client) -> Finding {
    let of = client.name;
    match remark {
        Remark::Unset { place, name, unset } => {
            let what = match unset {
                Unset::Stays => "hands it on as it is written",
                Unset::Vanishes => "puts nothing in its place",
            };
            Finding::new(Code::Unexpanded, format!("{name} in {place} is not set here: {of} {what}"))
                .lenient()
                .hint(format!("set it where {of} is started, or write the value"))
        }
        Remark::NotExpanded { place, written } if written == "~" => Finding::new(
            Code::Unexpanded,
            format!("~ in {place} is no home directory to {of}: it is handed on as it is"),
        )
        .lenient()
        .hint("write the whole path"),
        Remark::NotExpanded { place, written } => Finding::new(
            Code::Unexpanded,
            format!("{written} in {place} is no variable to {of}: it is handed on as it is"),
        )
        .lenient()
        .hint("write the value, or have a shell look it up: \"command\": \"sh\", \"args\": [\"-c\", …]"),
        Remark::Asked { place, name } => {
            let message = format!("{of} asks its user for {name} in {place}: it was not started without");
            Finding::new(Code::NotAsked, message)
                .hint("mcp-hook check --connect -- COMMAND, with the value in its place")
        }
        Remark::EnvFile { path, why } => {
            Finding::new(Code::InvalidDefinition, format!("its envFile {path} cannot be read: {why}"))
                .hint("correct the path, or make the file")
        }
        Remark::UnusedDirectory => {
            Finding::new(Code::InvalidDefinition, format!("{of} takes no notice of its \"cwd\""))
                .lenient()
                .hint("write whole paths, or have a shell change the directory: sh -c 'cd … && exec …'")
        }
    }
}

/// That a variable is set which the server speaks of, and which the client keeps to itself.
pub fn withheld(name: &str, client: &Client) -> Finding {
    let message = format!("{name} is set here, and {} does not hand it on to servers", client.name);
    let hint = match client.inheritance {
        Inheritance::Codex => format!("name it in its entry: env_vars = [\"{name}\"]"),
        Inheritance::Harmless => format!("name it in its entry: \"env\": {{\"{name}\": \"${name}\"}}"),
        _ => format!("set it in its entry, under \"env\": {name}"),
    };
    Finding::new(Code::Unexpanded, message).lenient().hint(hint)
}
