//! Which boot of the kernel this is.

use super::sysctl;

/// The kernel's random id of this boot (`kern.bootsessionuuid`).
pub fn boot_id() -> Option<String> {
    sysctl::text(c"kern.bootsessionuuid").filter(|id| !id.is_empty())
}

/// There is one pid namespace.
pub fn namespace() -> Option<String> {
    Some("@0".to_owned())
}

/// There is no other namespace that could be.
pub fn is_deserted(_: &str, _: &str) -> bool {
    false
}
