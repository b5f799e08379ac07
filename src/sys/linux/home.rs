//! Where programs keep the state of a user (XDG Base Directory Specification).

use std::fs;
use std::path::PathBuf;

use nix::unistd::geteuid;

/// `$XDG_STATE_HOME/mcp-hook`, else `~/.local/state/mcp-hook`. `chosen` is that variable, `home` is HOME.
///
/// The C library is not asked for the home directory: a static one would load its name services at run time.
#[must_use]
pub fn state_directory(chosen: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let chosen = chosen.filter(|path| path.is_absolute());
    let state = chosen.or_else(|| Some(home.or_else(listed)?.join(".local/state")))?;
    Some(state.join("mcp-hook"))
}

/// The home directory that `/etc/passwd` lists for this user (`passwd(5)`).
fn listed() -> Option<PathBuf> {
    let list = fs::read_to_string("/etc/passwd").ok()?;
    home_of(&list, geteuid().as_raw())
}

fn home_of(list: &str, user: u32) -> Option<PathBuf> {
    let fields = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2)?.parse() == Ok(user)).then(|| fields.get(5).map(PathBuf::from))?
    };
    list.lines().find_map(fields).filter(|home| home.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_directory_follows_the_environment_and_else_the_list_of_users() {
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(state_directory(path("/state"), path("/home/me")), path("/state/mcp-hook"));
        assert_eq!(state_directory(path("relative"), path("/home/me")), path("/home/me/.local/state/mcp-hook"));
        let list = "root:x:0:0:root:/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/bash\nodd:x:7\n";
        assert_eq!(home_of(list, 1000), path("/home/me"));
        assert_eq!(home_of(list, 7), None);
    }
}
