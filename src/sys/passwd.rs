//! Users by name: the password file (`passwd(5)`), read as it stands. The C library would load its name services for it, in
//! a static binary from whatever versions the machine has.

use std::fs::File;
use std::io::{BufRead, BufReader};

/// The name of a user; `None` if the file has none, as on macOS, or is of another form.
pub fn name(user: u32) -> Option<String> {
    let lines = BufReader::new(File::open("/etc/passwd").ok()?).split(b'\n');
    lines.map_while(Result::ok).find_map(|line| name_of(&String::from_utf8_lossy(&line), user))
}

/// The name in a line, if it is that of this user.
fn name_of(line: &str, user: u32) -> Option<String> {
    let mut fields = line.split(':');
    let (name, id) = (fields.next()?, fields.nth(1)?);
    (!name.is_empty() && id.parse() == Ok(user)).then(|| name.to_owned())
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
            assert_eq!(name_of(line, 65534).as_deref(), name, "{line}");
        }
    }
}
