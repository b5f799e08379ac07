//! What `--verbose` tells: decisions and their reasons, on standard error.

use tracing::Level;

/// Shows what the program says of its decisions from now on. Without this call, saying it costs next to nothing.
pub fn show() {
    let format = tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_writer(std::io::stderr);
    format.without_time().with_target(false).compact().init();
}
