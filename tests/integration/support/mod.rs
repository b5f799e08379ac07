//! What tests stand on: a world of their own, terminals, processes known by more than their number, waiting without sleep.
#![allow(dead_code, unused_imports, reason = "shared by two targets, neither of which needs all of it")]

pub mod engine;
pub mod hold;
pub mod innocent;
pub mod namespace;
pub mod output;
pub mod page;
pub mod playback;
pub mod port;
pub mod process;
pub mod pty;
pub mod sandbox;
pub mod shell;
pub mod stand_in;
pub mod stranger;
pub mod teletype;
pub mod tree;
pub mod wait;

pub use engine::Engine;
pub use hold::Hold;
pub use innocent::Innocent;
pub use namespace::Namespace;
pub use output::{Output, skip};
pub use process::Process;
pub use pty::Terminal;
pub use sandbox::Sandbox;
pub use shell::Shell;
pub use stand_in::StandIn;
pub use stranger::Stranger;
pub use tree::{Member, Tree};
