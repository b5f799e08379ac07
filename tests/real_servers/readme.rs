//! README shows real servers, and what it shows is run with them.

use std::os::unix::fs::symlink;

use crate::support::page::Page;
use crate::support::playback;
use crate::support::real_servers::World;

#[test]
fn what_readme_shows_is_what_is_printed() {
    let world = World::new();
    let sandbox = &world.sandbox;
    playback::move_in(sandbox);
    sandbox.write("home/projects/plan.txt", "");
    // npx finds the servers in the home directory, without a network.
    for name in ["package.json", "node_modules"] {
        symlink(world.installed("node").join(name), sandbox.home().join(name)).unwrap();
    }
    playback::play(&Page::read("README.md"), sandbox);
}
