//! What goes wrong around mcp-hook: records that lie, calls that fail, disks that are full, directories that are not ours.

mod descriptors;
mod fallback;
mod foreign;
mod hostile;
mod input;
mod large;
mod logs;
mod many;
mod other_user;
mod output;
mod own_files;
mod pid_files;
mod places;
mod reader;
mod records;
mod refused;
mod replaced;
mod reuse;
mod roots;
mod strangers;
mod terminal;
mod vanished;
mod versions;
mod within;
