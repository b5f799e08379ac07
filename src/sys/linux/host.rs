//! Which machine, boot and pid namespace a process number belongs to.

use std::fs;
use std::sync::OnceLock;

use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::process;

/// Where recorded process numbers are valid. Records of another host are never acted on by pid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The host's name, to tell another boot of this machine from another machine on a shared disk.
    pub name: String,
    /// The kernel's random id of this boot. Containers of one machine share it.
    pub boot: String,
    /// The pid namespace, and the start of its first process since the kernel uses namespace numbers again.
    pub namespace: String,
}

impl Host {
    /// The host that this process runs on.
    #[must_use]
    pub fn current() -> &'static Self {
        static CURRENT: OnceLock<Host> = OnceLock::new();
        CURRENT.get_or_init(|| Self {
            name: nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            boot: boot_id(),
            namespace: namespace(),
        })
    }
}

fn boot_id() -> String {
    let mut buffer = [0; 64];
    let text = process::read_small("/proc/sys/kernel/random/boot_id", &mut buffer).unwrap_or_default();
    String::from_utf8_lossy(text).trim_end().to_owned()
}

fn namespace() -> String {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let first = process::read(Pid::from_raw(1)).map_or(0, |first| first.start);
    format!("{}@{first}", link.display())
}
