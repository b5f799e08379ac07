//! What a server is started again for when it changes, as its definition says it.

use std::path::Path;

use super::entry::Definition;
use super::expand::Expanded;
use super::problem::Warning;
use crate::server::pattern::Pattern;

/// Where a path stands in the definition.
pub fn place(index: usize) -> String {
    format!("hook.watch[{index}]")
}

/// What is to be watched, as absolute paths and patterns, and what of it is not there.
pub fn watched(definition: &Definition, texts: &[Expanded], base: &Path) -> (Vec<String>, Vec<Warning>) {
    let (mut watch, mut missing) = (Vec::new(), Vec::new());
    for (index, (expanded, defined)) in texts.iter().zip(&definition.hook.settings.watch).enumerate() {
        let Some(text) = expanded.text() else { continue };
        if Pattern::new(&text, base).root().symlink_metadata().is_err() {
            // What a variable holds is not shown.
            let path = Pattern::new(defined, base).root().to_owned();
            missing.push(Warning::NothingToWatch { place: place(index), path });
        }
        watch.push(base.join(text).to_string_lossy().into_owned());
    }
    (watch, missing)
}
