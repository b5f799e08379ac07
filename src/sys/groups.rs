//! Who else is in a group, and who an owner is that this process cannot name.

use std::fs;

/// The owner that files of users without a number in our user namespace seem to have (`user_namespaces(7)`).
const UNMAPPED: u32 = 65_534;

/// Whether a group is known to have no members but root and `user`, as the groups that many systems make for each user.
/// Read from the files of the system; what does not stand there is not known.
pub fn is_private(group: u32, user: u32) -> bool {
    // On macOS the files list hardly anybody.
    cfg!(target_os = "linux")
        && match (fs::read_to_string("/etc/group"), fs::read_to_string("/etc/passwd")) {
            (Ok(groups), Ok(users)) => has_no_others(&groups, &users, group, user),
            _ => false,
        }
}

/// Decides by the text of `group(5)` and `passwd(5)`.
fn has_no_others(groups: &str, users: &str, group: u32, user: u32) -> bool {
    let number = |field: Option<&str>| field.and_then(|text| text.parse::<u32>().ok());
    let users: Vec<(&str, Option<u32>, Option<u32>)> = users
        .lines()
        .map(|line| {
            let mut fields = line.split(':');
            (fields.next().unwrap_or_default(), number(fields.nth(1)), number(fields.next()))
        })
        .collect();
    let is_one_of_us = |owner: Option<u32>| owner == Some(0) || owner == Some(user);
    let is_harmless = |name: &str| users.iter().any(|(known, owner, _)| *known == name && is_one_of_us(*owner));
    let mut lines = groups.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let Some(line) = lines.find(|fields| number(fields.get(2).copied()) == Some(group)) else { return false };
    let members = line.get(3).copied().unwrap_or_default();
    members.split(',').filter(|name| !name.is_empty()).all(is_harmless)
        && users.iter().all(|(_, owner, of)| *of != Some(group) || is_one_of_us(*owner))
}

/// Whether an owner may be the machine's root, seen from a user namespace in which root has no number.
pub fn may_be_root(owner: u32) -> bool {
    owner == UNMAPPED && fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| !maps_everybody(&map))
}

fn maps_everybody(map: &str) -> bool {
    map.split_whitespace().eq(["0", "0", "4294967295"])
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n\
                         eve:x:1002:50::/:/bin/sh\n";

    #[test]
    fn a_group_is_private_if_nobody_else_is_in_it() {
        for (groups, group, is_private) in [
            ("ann:x:1000:\n", 1000, true),
            ("ann:x:1000:ann,root\n", 1000, true),
            ("ann:x:1000:bob\n", 1000, false),
            ("ann:x:1000:nobody-knows\n", 1000, false),
            ("staff:x:50:ann\n", 50, false),
            ("other:x:7:\n", 1000, false),
            ("ann:x\n", 1000, false),
            ("", 1000, false),
        ] {
            assert_eq!(has_no_others(groups, USERS, group, 1000), is_private, "{groups:?}");
        }
    }

    #[test]
    fn a_namespace_that_maps_everybody_is_the_machines_own() {
        assert!(maps_everybody("         0          0 4294967295\n"));
        assert!(!maps_everybody("      1000       1000          1\n"));
        assert!(!maps_everybody("         0       1000          1\n         1     100000      65536\n"));
    }
}
