//! Which machine and boot a process number belongs to.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::sysctl;

/// Where recorded process numbers are valid. Records of another host are never acted on by pid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The host's name, to tell another boot of this machine from another machine on a shared disk.
    pub name: String,
    /// The kernel's random id of this boot (`kern.bootsessionuuid`).
    pub boot: String,
    /// Empty: macOS has one pid namespace.
    pub namespace: String,
}

impl Host {
    /// The host that this process runs on.
    #[must_use]
    pub fn current() -> &'static Self {
        static CURRENT: OnceLock<Host> = OnceLock::new();
        CURRENT.get_or_init(|| Self {
            name: nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            boot: sysctl::text(c"kern.bootsessionuuid").unwrap_or_default(),
            namespace: String::new(),
        })
    }
}
