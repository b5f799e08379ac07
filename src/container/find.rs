//! Whether what is about to be started is a container, and what it takes to end it.

use std::path::Path;

use super::engine::{Engine, VARIABLES};
use super::{Container, client};
use crate::context;
use crate::disk::layout::ServerPaths;
use crate::sys::executable;

/// The container that the words start in `directory`, with these variables on top of the inherited ones; `None` if they do
/// not start one, or one that does not stay with its client.
pub fn find(
    words: &[String],
    variables: &[(String, String)],
    directory: &Path,
    paths: &ServerPaths,
    label: String,
) -> Option<Container> {
    let client = client::parse(words)?;
    let variable = |name: &str| {
        let set = client.assignments.iter().chain(variables).find(|(known, _)| known == name);
        set.map_or_else(|| context::variable_as_it_is(name)?.into_string().ok(), |(_, value)| Some(value.clone()))
    };
    let wanted = client.cidfile.as_ref().map(|path| directory.join(path));
    // The client will refuse to start, and what is in the file is somebody else's.
    if wanted.as_ref().is_some_and(|path| path.symlink_metadata().is_ok()) {
        return None;
    }
    let set = VARIABLES.iter().filter_map(|&name| Some((name.to_owned(), variable(name)?)));
    let path = variable("PATH").unwrap_or_else(|| executable::USUAL_PATH.to_owned());
    let engine = Engine {
        // As whoever has to end the container finds it, wherever that is.
        program: executable::find(&client.program, path, directory)?,
        environment: set.collect(),
        options: client.options,
        directory: directory.to_owned(),
    };
    Some(Container {
        engine,
        own_cidfile: wanted.is_none(),
        cidfile: wanted.unwrap_or_else(|| paths.cidfile.path()),
        label,
        removed: client.removed,
        left: Vec::new(),
        trouble: None,
    })
}

impl Container {
    /// What may be recorded of it: nothing, if what tells its engine has a secret in it.
    pub fn recorded(&self, secrets: &[String]) -> Option<Self> {
        let mut texts = self.engine.options.iter().chain(self.engine.environment.values());
        if texts.any(|text| has_password(text) || has_secret(text, secrets)) { None } else { Some(self.clone()) }
    }
}

fn has_secret(text: &str, secrets: &[String]) -> bool {
    secrets.iter().any(|secret| !secret.is_empty() && text.contains(secret))
}

/// Whether an address has a password in it: `tcp://NAME:PASSWORD@HOST`.
fn has_password(text: &str) -> bool {
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    authority.and_then(|it| it.rsplit_once('@')).is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_seen() {
        for (text, expected) in [
            ("ssh://me@host", false),
            ("tcp://me:secret@host:1", true),
            ("--host=tcp://me:secret@host", true),
            ("tcp://host:1/a:b@c", false),
            ("/home/me:x@y", false),
        ] {
            assert_eq!(has_password(text), expected, "{text}");
        }
    }
}
