//! Users and groups, read from the files of the system (`passwd(5)`, `group(5)`) as they stand. The C library would load its
//! name services for it, in a static binary from whatever versions the machine has. macOS lists hardly anybody there.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Where programs keep what outlives them, below the home directory.
pub const STATE: &str = if cfg!(target_os = "linux") { ".local/state" } else { "Library/Application Support" };
/// Where desktop programs keep their settings, below the home directory; `None` where that is the place of all settings.
pub const APPLICATIONS: Option<&str> =
    if cfg!(target_os = "linux") { None } else { Some("Library/Application Support") };
/// The variable that names another place (XDG Base Directory Specification).
pub const STATE_VARIABLE: Option<&str> = if cfg!(target_os = "linux") { Some("XDG_STATE_HOME") } else { None };

/// The owner that files of users without a number in our user namespace seem to have (`user_namespaces(7)`).
const UNMAPPED: u32 = 65_534;

/// A line of `passwd(5)`.
struct User<'line> {
    name: &'line [u8],
    id: Option<u32>,
    group: Option<u32>,
    home: Option<&'line [u8]>,
}

pub fn name(user: u32) -> Option<String> {
    name_in(&fs::read("/etc/passwd").ok()?, user)
}

pub fn home(user: u32) -> Option<PathBuf> {
    let home = fs::read("/etc/passwd").ok().and_then(|passwd| home_in(&passwd, user));
    // macOS has a directory for it (`getpwuid_r(3)`).
    #[cfg(not(target_os = "linux"))]
    let home = home.or_else(|| nix::unistd::User::from_uid(user.into()).ok().flatten().map(|user| user.dir));
    home
}

/// Whether a group is known to have no members but root and `user`, as the groups that many systems make for each user.
/// What does not stand in the files is not known.
pub fn is_private_group(group: u32, user: u32) -> bool {
    cfg!(target_os = "linux")
        && match (fs::read("/etc/group"), fs::read("/etc/passwd")) {
            (Ok(groups), Ok(passwd)) => has_no_others(&groups, &passwd, group, user),
            _ => false,
        }
}

/// Whether an owner may be the machine's root, seen from a user namespace in which root has no number.
pub fn may_be_root(owner: u32) -> bool {
    owner == UNMAPPED && fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| !maps_everybody(&map))
}

fn name_in(passwd: &[u8], user: u32) -> Option<String> {
    let found = users(passwd).find(|it| it.id == Some(user) && !it.name.is_empty())?;
    Some(String::from_utf8_lossy(found.name).into_owned())
}

fn home_in(passwd: &[u8], user: u32) -> Option<PathBuf> {
    let home = users(passwd).filter(|it| it.id == Some(user)).find_map(|it| it.home)?;
    Some(PathBuf::from(OsStr::from_bytes(home))).filter(|home| home.is_absolute())
}

fn has_no_others(groups: &[u8], passwd: &[u8], group: u32, user: u32) -> bool {
    let is_one_of_us = |it: &User<'_>| it.id == Some(0) || it.id == Some(user);
    let is_harmless = |name: &[u8]| users(passwd).any(|it| it.name == name && is_one_of_us(&it));
    let Some(members) = members(groups, group) else { return false };
    members.split(|&byte| byte == b',').filter(|name| !name.is_empty()).all(is_harmless)
        && users(passwd).filter(|it| it.group == Some(group)).all(|it| is_one_of_us(&it))
}

fn users(passwd: &[u8]) -> impl Iterator<Item = User<'_>> {
    lines(passwd).map(|fields| User {
        name: fields[0],
        id: fields.get(2).and_then(|id| number(id)),
        group: fields.get(3).and_then(|id| number(id)),
        home: fields.get(5).copied(),
    })
}

/// The names of the members of a group, between commas; `None` if there is no such group.
fn members(groups: &[u8], group: u32) -> Option<&[u8]> {
    let line = lines(groups).find(|fields| fields.get(2).and_then(|id| number(id)) == Some(group))?;
    Some(line.get(3).copied().unwrap_or_default())
}

fn lines(file: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    file.split(|&byte| byte == b'\n').map(|line| line.split(|&byte| byte == b':').collect())
}

fn number(field: &[u8]) -> Option<u32> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn maps_everybody(map: &str) -> bool {
    map.split_whitespace().eq(["0", "0", "4294967295"])
}

/// Where HOME is not set, `std::env::home_dir` (and so the `directories` crate) asks `getpwuid_r(3)`. This stands in for
/// it and knows nobody (0, and a null result).
#[cfg(all(target_os = "linux", target_feature = "crt-static"))]
#[unsafe(no_mangle)]
extern "C" fn getpwuid_r(
    _: nix::libc::uid_t,
    _: *mut nix::libc::passwd,
    _: *mut std::ffi::c_char,
    _: nix::libc::size_t,
    result: *mut *mut nix::libc::passwd,
) -> std::ffi::c_int {
    // SAFETY: whoever calls getpwuid_r gives a place for the result; null is its value for "not found".
    unsafe { result.write(std::ptr::null_mut()) };
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_number_in_the_third_field() {
        for (line, name) in [
            ("nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin", Some("nobody")),
            ("nobody::65534", Some("nobody")),
            ("group:x:0:65534::/:/bin/sh", None),
            (":x:65534:", None),
            ("broken", None),
            ("", None),
        ] {
            assert_eq!(name_in(line.as_bytes(), 65534).as_deref(), name, "{line}");
        }
    }

    #[test]
    fn the_home_stands_in_the_sixth_field_of_the_user_s_line() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\n\nbroken:x:7\nme:x:1000:1000:,,,:/home/me:/bin/sh\nno:x:8:8:::\n";
        assert_eq!(home_in(passwd.as_bytes(), 1000), Some("/home/me".into()));
        assert_eq!(home_in(passwd.as_bytes(), 0), Some("/root".into()));
        for nobody in [7, 8, 9] {
            assert_eq!(home_in(passwd.as_bytes(), nobody), None);
        }
    }

    #[test]
    fn a_group_is_private_if_nobody_else_is_in_it() {
        const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n\
                              bob:x:1001:1001::/:/bin/sh\neve:x:1002:50::/:/bin/sh\n";
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
            let is_alone = has_no_others(groups.as_bytes(), PASSWD.as_bytes(), group, 1000);
            assert_eq!(is_alone, is_private, "{groups:?}");
        }
    }

    #[test]
    fn a_namespace_that_maps_everybody_is_the_machines_own() {
        assert!(maps_everybody("         0          0 4294967295\n"));
        assert!(!maps_everybody("      1000       1000          1\n"));
        assert!(!maps_everybody("         0       1000          1\n         1     100000      65536\n"));
    }
}
