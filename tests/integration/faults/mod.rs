//! What goes wrong around mcp-hook: records that lie, calls that fail, disks that are full, directories that are not ours.

mod descriptors;
mod fallback;
mod hostile;
mod input;
mod large;
mod logs;
mod many;
mod output;
mod pid_files;
mod places;
mod reader;
mod records;
mod reuse;
mod session;
mod strangers;
mod vanished;
