//! The hooks in real shells on real terminals.

mod cases;
mod exit;
mod fixture;
mod hints;
mod hook;
mod kept_hook;
mod log;
mod one_process;
mod options;
mod original;
mod other_user;
mod quiet;
mod state;
mod tmux;
mod traps;
