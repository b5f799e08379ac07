//! What `ps` shows of our own background processes.

/// Would replace the command line that `ps` shows. macOS keeps it on the stack of the first program and has no call to
/// change it, so background processes are seen as what they were split from.
pub fn set(_title: &str) {}

/// Would replace the short name; see [`set`].
pub fn set_short(_name: &str) {}
