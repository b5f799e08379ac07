//! Which machine, boot and pid namespace a process number belongs to.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::boot;

/// Where recorded process numbers are valid. What could not be read is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The host's name. It only tells another boot of this machine from another machine on a shared disk: a machine may
    /// be renamed, and a container has another name than what it runs on.
    pub name: String,
    /// The kernel's id of this boot.
    pub boot: String,
    /// The pid namespace, as `LINK@START`.
    pub namespace: String,
}

/// Where a record's numbers are valid, as seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Here,
    /// On this machine before it was started again, or in a pid namespace that has ended: nothing of it can be alive.
    Past,
    /// In another pid namespace of this machine.
    OtherNamespace,
    OtherHost,
    Unknown,
}

impl Host {
    /// The host that this process runs on.
    pub fn current() -> &'static Self {
        static CURRENT: OnceLock<Host> = OnceLock::new();
        CURRENT.get_or_init(|| Self {
            name: nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            boot: boot::boot_id().unwrap_or_default(),
            namespace: boot::namespace().unwrap_or_default(),
        })
    }

    /// Where this is, as seen from here.
    pub fn place(&self) -> Place {
        self.seen_from(Self::current())
    }

    /// The same after a look at all processes: another pid namespace without one is past.
    pub fn place_after_a_look(&self) -> Place {
        match self.place() {
            Place::OtherNamespace => {
                let (link, start) = split(&self.namespace);
                if boot::is_deserted(link, start) { Place::Past } else { Place::OtherNamespace }
            }
            place => place,
        }
    }

    fn seen_from(&self, here: &Self) -> Place {
        if self.boot.is_empty() || here.boot.is_empty() {
            return Place::Unknown;
        }
        if self.boot != here.boot {
            return if self.name == here.name { Place::Past } else { Place::OtherHost };
        }
        let ((link, first), (my_link, my_first)) = (split(&self.namespace), split(&here.namespace));
        match (link == my_link, first != "0" && my_first != "0" && first != my_first) {
            _ if here.namespace.is_empty() || (link.is_empty() && !my_link.is_empty()) => Place::Unknown,
            (false, _) => Place::OtherNamespace,
            // Two namespaces that live have different numbers.
            (true, true) => Place::Past,
            (true, false) => Place::Here,
        }
    }
}

impl Place {
    /// Where it is, in words that follow "it belongs to"; `None` for here and for what is past.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Here | Self::Past => None,
            Self::OtherNamespace => Some("another pid namespace"),
            Self::OtherHost => Some("another host"),
            Self::Unknown => Some("an unknown place (/proc does not tell)"),
        }
    }
}

/// The namespace's link and the start of its first process.
fn split(namespace: &str) -> (&str, &str) {
    namespace.rsplit_once('@').unwrap_or((namespace, "0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host((name, boot, namespace): (&str, &str, &str)) -> Host {
        Host { name: name.into(), boot: boot.into(), namespace: namespace.into() }
    }

    #[test]
    fn a_place_is_told_by_boot_and_namespace_and_what_cannot_be_read_proves_nothing() {
        const HERE: (&str, &str, &str) = ("host", "boot", "pid:[1]@5");
        for (recorded, here, place) in [
            (HERE, HERE, Place::Here),
            (HERE, ("renamed", "boot", "pid:[1]@5"), Place::Here),
            (HERE, ("host", "later", "pid:[1]@5"), Place::Past),
            (HERE, ("other", "later", "pid:[1]@5"), Place::OtherHost),
            (HERE, ("other", "boot", "pid:[2]@9"), Place::OtherNamespace),
            (HERE, ("host", "boot", "pid:[2]@5"), Place::OtherNamespace),
            (HERE, ("host", "boot", "pid:[1]@9"), Place::Past),
            // The first process may not be seen (hidepid).
            (HERE, ("host", "boot", "pid:[1]@0"), Place::Here),
            (("host", "boot", "pid:[1]@0"), HERE, Place::Here),
            (HERE, ("host", "", "pid:[1]@5"), Place::Unknown),
            (("host", "", "pid:[1]@5"), HERE, Place::Unknown),
            (HERE, ("host", "boot", ""), Place::Unknown),
            (("host", "boot", ""), HERE, Place::Unknown),
            // As it was written before.
            (("host", "boot", "@0"), HERE, Place::Unknown),
            (HERE, ("host", "", ""), Place::Unknown),
            // Where there are no namespaces.
            (("mac", "boot", ""), ("mac", "boot", "@0"), Place::Here),
            (("mac", "boot", "@0"), ("mac", "boot", "@0"), Place::Here),
        ] {
            assert_eq!(host(recorded).seen_from(&host(here)), place, "{recorded:?} from {here:?}");
        }
    }
}
