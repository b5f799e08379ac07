//! What tests stand on: a world of their own, terminals, processes known by more than their number, waiting without sleep.
#![allow(dead_code, unused_imports, unused_macros, reason = "shared by two targets, neither of which needs all of it")]

pub mod background_session;
pub mod container;
pub mod defined_session;
pub mod each_shell;
pub mod engine;
pub mod hold;
pub mod innocent;
pub mod namespace;
pub mod nasty_session;
pub mod output;
pub mod page;
pub mod playback;
pub mod port;
pub mod process;
pub mod pty;
pub mod real_servers;
pub mod record;
pub mod sandbox;
pub mod shell;
pub mod stand_in;
pub mod stranger;
pub mod teletype;
pub mod tree;
pub mod wait;
pub mod watchers;
pub mod window_session;

pub use background_session::BackgroundSession;
pub use container::Container;
pub use defined_session::DefinedSession;
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
pub use watchers::Watchers;
pub use window_session::WindowSession;
