//! Programs that fetch a server and then run it: what they are recognised by, and what works for them meanwhile.

use std::path::{Path, PathBuf};

/// A program that may install a server before it runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launcher {
    /// `npx`, `npm exec`, and whatever else `npm` runs.
    Npm,
    Pnpm,
    Yarn,
    /// `bunx`, `bun x`.
    Bun,
    /// `uvx`, `uv tool run`, `uv run`.
    Uv,
    Pipx,
    /// `docker run -i` and its like: the server is not below it, and has run when its input is waited for.
    Docker,
}

/// What a process in a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Launcher(Launcher),
    /// What works for one: it installs, builds or asks.
    Helper,
    Program,
}

impl Launcher {
    /// The launcher that a command begins with; `sh -c` and `env` in front of it are looked through.
    pub fn of_command(words: &[String]) -> Option<Self> {
        let (program, rest) = words.split_first()?;
        match base(program) {
            "sh" | "bash" | "dash" | "zsh" => {
                let [option, line, ..] = rest else { return None };
                let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
                if option.starts_with('-') && option.ends_with('c') { Self::of_words(&words) } else { None }
            }
            _ => Self::of_words(words),
        }
    }

    fn of_words(words: &[String]) -> Option<Self> {
        let is_in_front =
            |word: &&String| ["env", "exec", "command", "nice"].contains(&base(word)) || word.contains('=');
        let words: Vec<&str> = words.iter().skip_while(is_in_front).map(String::as_str).collect();
        Self::of(&words)
    }

    /// The launcher that runs with these arguments.
    fn of(words: &[&str]) -> Option<Self> {
        let (program, rest) = words.split_first()?;
        let first = rest.first().copied().unwrap_or_default();
        match base(program) {
            // Scripts: the interpreter stands in front.
            "node" | "nodejs" => Self::of_script(base(first)),
            name if name.starts_with("python") && first == "-m" => Self::of_script(rest.get(1)?),
            name if name.starts_with("python") => Self::of_script(base(first)),
            "bun" if first == "x" => Some(Self::Bun),
            "bunx" => Some(Self::Bun),
            "uv" | "uvx" => Some(Self::Uv),
            "docker" | "podman" | "nerdctl" if is_attached_run(rest) => Some(Self::Docker),
            name => Self::of_script(name),
        }
    }

    fn of_script(name: &str) -> Option<Self> {
        match name.trim_end_matches(".js").trim_end_matches(".cjs") {
            "npx" | "npm" | "npx-cli" | "npm-cli" => Some(Self::Npm),
            "pnpm" | "pnpx" => Some(Self::Pnpm),
            "yarn" => Some(Self::Yarn),
            "pipx" => Some(Self::Pipx),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn => "yarn",
            Self::Bun => "bun",
            Self::Uv => "uv",
            Self::Pipx => "pipx",
            Self::Docker => "docker",
        }
    }

    /// Where it keeps what it has fetched, by `variable` of its environment and the user's `home`; `None` for one whose
    /// cache is not shared between starts.
    pub fn cache(self, home: &Path, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
        let caches = || variable("XDG_CACHE_HOME").unwrap_or_else(|| home.join(".cache"));
        let first = |names: &[&str], or: PathBuf| names.iter().find_map(|name| variable(name)).unwrap_or(or);
        Some(match self {
            Self::Npm => first(&["npm_config_cache", "NPM_CONFIG_CACHE"], home.join(".npm")),
            Self::Pnpm => caches().join("pnpm"),
            Self::Yarn => first(&["YARN_CACHE_FOLDER"], home.join(".yarn")),
            Self::Bun => first(&["BUN_INSTALL_CACHE_DIR"], home.join(".bun")),
            Self::Uv => first(&["UV_CACHE_DIR"], caches().join("uv")),
            Self::Pipx => first(&["PIPX_HOME"], home.join(".local/share/pipx")),
            Self::Docker => return None,
        })
    }
}

impl Role {
    /// What runs with these arguments (separated by NUL) below the launcher `above`, if there is one. `lifecycle` is what
    /// npm calls the step that it runs the process for.
    pub fn of(arguments: &[u8], above: Option<Launcher>, lifecycle: impl FnOnce() -> Option<Vec<u8>>) -> Self {
        let text = String::from_utf8_lossy(arguments);
        // npm writes its title over its arguments, as one text.
        let title = text.trim_end_matches('\0');
        let words: Vec<&str> =
            if title.contains('\0') { title.split('\0').collect() } else { title.split_whitespace().collect() };
        if let Some(launcher) = Launcher::of(&words) {
            return Self::Launcher(launcher);
        }
        let is_helper =
            above.is_some_and(|above| is_helper(above, &words) || (above.runs_steps() && is_step(lifecycle())));
        if is_helper { Self::Helper } else { Self::Program }
    }
}

impl Launcher {
    fn runs_steps(self) -> bool {
        matches!(self, Self::Npm | Self::Pnpm | Self::Yarn)
    }
}

/// Whether the arguments are of a container's start whose input is the client's.
fn is_attached_run(words: &[&str]) -> bool {
    let is_interactive = |word: &&str| match word.strip_prefix('-') {
        Some("-interactive") => true,
        Some(letters) => letters.contains('i') && letters.bytes().all(|letter| letter.is_ascii_lowercase()),
        None => false,
    };
    words.contains(&"run") && words.iter().any(is_interactive)
}

fn is_helper(above: Launcher, words: &[&str]) -> bool {
    let Some((program, rest)) = words.split_first() else { return true };
    let program = base(program);
    let has = |wanted: &[&str]| rest.first().is_some_and(|first| wanted.contains(first));
    match above {
        _ if matches!(program, "git" | "ssh" | "node-gyp" | "make" | "cc" | "gcc" | "rustc" | "cargo") => true,
        Launcher::Bun => program == "bun" && has(&["add", "install", "i"]),
        // It asks interpreters for what they are, and builds with hooks that are given as text.
        Launcher::Uv => program.starts_with("python") && has(&["-I", "-c", "-B"]),
        Launcher::Pipx => program.starts_with("python") && has(&["-m", "-c", "-I"]) || program.starts_with("pip"),
        Launcher::Docker => true,
        Launcher::Npm | Launcher::Pnpm | Launcher::Yarn => false,
    }
}

/// Whether it is a step of an installation (npm's life cycle scripts).
fn is_step(name: Option<Vec<u8>>) -> bool {
    const STEPS: [&str; 8] =
        ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare", "prepublish", "prepack"];
    name.is_some_and(|name| STEPS.iter().any(|step| step.as_bytes() == name))
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launchers_are_recognised_in_what_people_type() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (command, launcher) in [
            ("npx -y a-server", Some(Launcher::Npm)),
            ("npm exec a-server", Some(Launcher::Npm)),
            ("/usr/bin/npx -y a-server", Some(Launcher::Npm)),
            ("env PORT=1 npx -y a-server", Some(Launcher::Npm)),
            ("pnpm dlx a-server", Some(Launcher::Pnpm)),
            ("bunx a-server", Some(Launcher::Bun)),
            ("bun x a-server", Some(Launcher::Bun)),
            ("bun run server.ts", None),
            ("uvx a-server", Some(Launcher::Uv)),
            ("uv run a-server", Some(Launcher::Uv)),
            ("pipx run a-server", Some(Launcher::Pipx)),
            ("python3 -m pipx run a-server", Some(Launcher::Pipx)),
            ("docker run -i --rm a/server", Some(Launcher::Docker)),
            ("docker run --rm -it a/server", Some(Launcher::Docker)),
            ("docker run -p 80:80 a/server", None),
            ("docker ps", None),
            ("node server.js", None),
            ("node npx.js", Some(Launcher::Npm)),
            ("python3 -m http.server", None),
            ("sh server.sh", None),
        ] {
            assert_eq!(Launcher::of_command(&words(command)), launcher, "{command}");
        }
        let line = ["sh", "-c", "PORT=3001 exec npx -y a-server"].map(str::to_owned);
        assert_eq!(Launcher::of_command(&line), Some(Launcher::Npm));
        assert_eq!(Launcher::of_command(&[]), None);
    }

    #[test]
    fn processes_below_a_launcher_are_the_server_or_help_to_install_it() {
        use Launcher::{Bun, Npm, Pipx, Uv};
        let role = |arguments: &str, above, step: Option<&str>| {
            Role::of(arguments.replace('|', "\0").as_bytes(), above, || step.map(|step| step.as_bytes().to_vec()))
        };
        for (arguments, above, step, expected) in [
            ("npm exec @a/server /tmp|||", None, None, Role::Launcher(Npm)),
            ("node|/usr/bin/npx|-y|a-server|", None, None, Role::Launcher(Npm)),
            // `env` and shims, which run programs of their own, become the launcher later.
            ("/usr/bin/env|node|/usr/bin/npx|-y|a-server|", None, None, Role::Program),
            ("bash|/shims/npx|-y|a-server|", None, None, Role::Program),
            ("bash|/shims/node|/usr/bin/npx|-y|a-server|", None, None, Role::Program),
            ("sh|-c|server-fs /tmp|", Some(Npm), Some("npx"), Role::Program),
            ("node|/home/me/.npm/_npx/1/node_modules/.bin/server-fs|", Some(Npm), Some("npx"), Role::Program),
            ("sh|-c|node-gyp rebuild|", Some(Npm), Some("install"), Role::Helper),
            ("git|clone|x|", Some(Npm), Some("npx"), Role::Helper),
            ("uv|tool|uvx|a-server|", None, None, Role::Launcher(Uv)),
            ("/usr/bin/python3|-I|-B|-c|import sys|", Some(Uv), None, Role::Helper),
            ("/c/archive/bin/python|/c/archive/bin/a-server|", Some(Uv), None, Role::Program),
            ("bun|add|a-server@latest|", Some(Bun), None, Role::Helper),
            ("node|/tmp/bunx-0/node_modules/.bin/a-server|", Some(Bun), None, Role::Program),
            ("/x/bin/python|-m|pip|install|", Some(Pipx), None, Role::Helper),
            ("/x/bin/python|/x/bin/a-server|", None, None, Role::Program),
            ("", Some(Npm), None, Role::Helper),
        ] {
            assert_eq!(role(arguments, above, step), expected, "{arguments}");
        }
    }

    #[test]
    fn caches_are_where_their_variables_say() {
        let home = Path::new("/home/me");
        let of = |launcher: Launcher, set: &[(&str, &str)]| {
            let value =
                |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| PathBuf::from(value));
            launcher.cache(home, value).map(|path| path.display().to_string())
        };
        assert_eq!(of(Launcher::Npm, &[]).as_deref(), Some("/home/me/.npm"));
        assert_eq!(of(Launcher::Npm, &[("npm_config_cache", "/c")]).as_deref(), Some("/c"));
        assert_eq!(of(Launcher::Uv, &[("XDG_CACHE_HOME", "/c")]).as_deref(), Some("/c/uv"));
        assert_eq!(of(Launcher::Uv, &[("UV_CACHE_DIR", "/u")]).as_deref(), Some("/u"));
        assert_eq!(of(Launcher::Docker, &[]), None);
    }
}
