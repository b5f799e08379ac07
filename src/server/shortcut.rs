//! What was decided for the next start of a server whose command is one of a launcher.

use super::launch::Direct;
use super::launch_cost::LaunchCost;
use super::question::Question;

#[derive(Default)]
pub struct Shortcut {
    /// What is executed in place of the launcher.
    pub direct: Option<Direct>,
    /// What the launcher can be asked once the server runs.
    pub question: Option<Question>,
    /// What the launcher takes.
    pub cost: LaunchCost,
    /// Whether a server that was started so failed: the launcher may mend that.
    pub is_mistrusted: bool,
}
