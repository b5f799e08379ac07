//! What mcp-hook can do, without a word printed: the commands show what comes of it.

pub mod autostart;
pub mod check;
pub mod cleanup;
pub mod close;
pub mod definitions;
pub mod doctor;
pub mod env;
pub mod free_name;
pub mod job;
pub mod live;
pub mod logs;
pub mod names;
pub mod note;
pub mod open;
pub mod overrides;
pub mod permission;
pub mod plan;
pub mod progress;
pub mod restart;
pub mod run;
pub mod start;
pub mod status;
pub mod stop;
pub mod stopped;
pub mod target;
pub mod unstarted;
