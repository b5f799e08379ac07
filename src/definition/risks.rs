//! What in a project's entry is risky beyond what its command shows.

use std::path::{Component, Path, PathBuf};

use super::entry::{Definition, ServerKind};

/// Variables with which other code is run than the command says, or other machines are talked to; what ends in `*` is a
/// beginning. Letters count as they are, but for npm, which reads both.
const VARIABLES: &[(&str, &[&str])] = &[
    ("says where programs are looked for", &["PATH"]),
    ("loads libraries into every program", &["LD_*", "DYLD_*"]),
    ("loads code into node", &["NODE_OPTIONS", "NODE_PATH", "NODE_REPL_EXTERNAL_MODULE"]),
    (
        "loads code into Python",
        &["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONBREAKPOINT", "PYTHONWARNINGS"],
    ),
    (
        "loads code into Perl, Ruby or Java",
        &[
            "PERL5*",
            "PERLLIB",
            "RUBYOPT",
            "RUBYLIB",
            "JAVA_TOOL_OPTIONS",
            "JDK_JAVA_OPTIONS",
            "_JAVA_OPTIONS",
            "CLASSPATH",
        ],
    ),
    ("has shells run a file", &["BASH_ENV", "ENV", "ZDOTDIR", "BASH_FUNC_*", "SHELLOPTS", "PROMPT_COMMAND"]),
    (
        "names a program that others run",
        &["SHELL", "EDITOR", "VISUAL", "PAGER", "BROWSER", "GIT_*", "SSH_ASKPASS", "SUDO_ASKPASS"],
    ),
    (
        "says where packages come from",
        &["npm_config_*", "NPM_CONFIG_*", "UV_*", "PIP_*", "BUN_CONFIG_*", "YARN_*", "PNPM_*", "GOPROXY", "CARGO_*"],
    ),
    (
        "changes with whom it talks, or whom it trusts",
        &[
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "NODE_EXTRA_CA_CERTS",
            "NODE_TLS_REJECT_UNAUTHORIZED",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "DOCKER_*",
            "OPENSSL_CONF",
        ],
    ),
    ("changes whose files it takes for yours", &["HOME", "XDG_*"]),
    ("is a variable of mcp-hook itself", &["MCP_HOOK_*"]),
];

/// The risks of a definition, a line each.
pub fn of(definition: &Definition) -> Vec<String> {
    let hook = &definition.hook;
    let mut found = Vec::new();
    if let ServerKind::Program { command, env, cwd, .. } = &definition.kind {
        found.extend(program(command));
        found.extend(env.keys().filter_map(|name| variable("env", name)));
        found.extend(cwd.as_deref().and_then(|cwd| outside("cwd", definition, cwd)));
    }
    let port = hook.settings.port.as_ref().and_then(|wish| wish.variable.as_deref());
    found.extend(port.and_then(|name| variable("hook.port.env", name)));
    let given = hook.variables.iter().filter(|it| it.default.is_some());
    found.extend(given.filter_map(|it| variable("hook.environmentVariables", &it.name)));
    found.extend(hook.config.as_ref().and_then(|it| outside("hook.config.source", definition, &it.source)));
    found.extend(hook.autostart.then(|| "hook.autostart: every new shell below its directory starts it".to_owned()));
    found
}

fn program(command: &str) -> Option<String> {
    if command.contains("${") {
        return Some("command: a variable says which program it is".to_owned());
    }
    let is_relative = command.contains('/') && !command.starts_with('/');
    is_relative.then(|| format!("command: {command} is a file beside this one, not a program of yours"))
}

fn variable(place: &str, name: &str) -> Option<String> {
    let (what, _) = VARIABLES.iter().find(|(_, patterns)| patterns.iter().any(|it| matches(it, name)))?;
    Some(format!("{place}: {name} {what}"))
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// A path that does not stay below the directory of the file, links followed as far as there is something.
fn outside(place: &str, definition: &Definition, path: &str) -> Option<String> {
    if path.contains("${") {
        return Some(format!("{place}: a variable says where {path} is"));
    }
    let home = definition.file.parent().unwrap_or(Path::new("/"));
    let home = home.canonicalize().unwrap_or_else(|_| home.to_owned());
    let path_there = home.join(path);
    let real = path_there.canonicalize().unwrap_or_else(|_| without_dots(&path_there));
    (!real.starts_with(&home)).then(|| format!("{place}: {path} is outside of the project"))
}

/// A path without `.` and `..`, as far as letters tell.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_load_other_code_are_told_from_others() {
        for name in [
            "PATH",
            "LD_PRELOAD",
            "DYLD_INSERT_LIBRARIES",
            "NODE_OPTIONS",
            "PYTHONPATH",
            "PERL5LIB",
            "BASH_ENV",
            "GIT_SSH_COMMAND",
            "npm_config_registry",
            "UV_INDEX_URL",
            "HTTPS_PROXY",
            "HOME",
            "MCP_HOOK_KEEP",
        ] {
            assert!(variable("env", name).is_some(), "{name}");
        }
        for name in ["", "PATHS", "PORT", "NODE_ENV", "PYTHONUNBUFFERED", "LEVEL", "GITHUB_TOKEN", "MCP_PORT", "LD"] {
            assert_eq!(variable("env", name), None, "{name}");
        }
    }

    #[test]
    fn paths_are_put_together_without_dots() {
        for (path, plain) in [("/a/./b/../c", "/a/c"), ("/a/../../b", "/b"), ("/a", "/a")] {
            assert_eq!(without_dots(Path::new(path)), Path::new(plain));
        }
    }
}
