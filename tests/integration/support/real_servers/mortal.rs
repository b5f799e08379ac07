//! A server that tells its pid and dies when it is told to; `tests/fixtures/mortal_server.*` describe it.

use std::ffi::OsString;
use std::path::PathBuf;

use super::World;
use crate::support::wait;

/// Which of the two.
#[derive(Clone, Copy, Debug)]
pub enum Mortal {
    /// On the Python SDK: it speaks both eras of the protocol, and whoever can speaks the one without a handshake with it.
    BothEras,
    /// On the TypeScript SDK: it speaks the era of the handshake only.
    Handshake,
}

impl Mortal {
    /// The words with which a client starts it through mcp-hook, as `mortal`.
    pub fn run_words(self, world: &World) -> Vec<OsString> {
        let hook = [env!("CARGO_BIN_EXE_mcp-hook"), "run", "mortal", "--"].map(OsString::from);
        hook.into_iter().chain(self.words(world)).collect()
    }

    /// The words that start it.
    pub fn words(self, world: &World) -> Vec<OsString> {
        let fixture = |name| OsString::from(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR")));
        let program = match self {
            Self::BothEras => [world.installed("python/bin/python").into(), fixture("mortal_server.py")],
            Self::Handshake => ["node".into(), fixture("mortal_server.cjs")],
        };
        program.into_iter().chain([grave(world).into(), world.installed("node").into()]).collect()
    }
}

/// Waits until the server has been called for an answer that it never gives.
pub fn wait_held(world: &World) {
    let held = grave(world).with_extension("held");
    wait::until("the server is called", || held.exists().then_some(()));
}

fn grave(world: &World) -> PathBuf {
    world.sandbox.path("grave")
}
