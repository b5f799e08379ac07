//! Each page of `docs/` is run from its first command to its last, and prints what it shows. README.md, which starts real
//! servers, is run by the target that has those: `real_servers::readme`.

use crate::support::page::Page;
use crate::support::playback;

/// A block with commands that a test cannot run.
pub struct NotRun {
    pub page: &'static str,
    pub first_line: &'static str,
    /// Read by people.
    #[allow(dead_code, reason = "it is there to be read")]
    pub reason: &'static str,
}

pub const NOT_RUN: &[NotRun] = &[
    NotRun {
        page: "README.md",
        first_line: "git clone https://github.com/mcp-hook/mcp-hook && cd mcp-hook",
        reason: "builds a release",
    },
    NotRun {
        page: "docs/check.md",
        first_line: "mcp-hook check --connect                                # all that are defined here, side by side",
        reason: "names servers that are not there; `connect` has the tests",
    },
    NotRun {
        page: "docs/containers.md",
        first_line: "mcp-hook start github -- docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.io/github/github-mcp-server",
        reason: "fetches an image; `containers` has the tests with a real engine",
    },
    NotRun { page: "docs/files.md", first_line: "mcp-hook stop --all", reason: "removes what is installed" },
    NotRun {
        page: "docs/launchers.md",
        first_line: "started     without npx: /home/me/.npm/_npx/c98ccc168155bafa/node_modules/.bin/mcp-server-memory",
        reason: "needs a package; `real_servers::passed_by` has the tests with the real npx",
    },
    NotRun {
        page: "docs/ports.md",
        first_line: "mcp-hook start web --port auto -- env 'PORT=${MCP_PORT}' npx -y @modelcontextprotocol/server-everything streamableHttp",
        reason: "a real server; `real_servers` starts it in these words",
    },
    NotRun {
        page: "docs/sessions.md",
        first_line: "mcp-hook init zsh > ~/.mcp-hook.zsh   # once",
        reason: "`cached_hook_opens_a_session_by_open` has a start-up file that reads it, in each shell",
    },
    NotRun {
        page: "docs/sessions.md",
        first_line: "mkdir -p ~/.local/share/bash-completion/completions ~/.zfunc ~/.config/fish/completions",
        reason: "`completions` has the tests that load them in each shell",
    },
    NotRun {
        page: "docs/status.md",
        first_line: "    client      claude-code, pid 48200",
        reason: "needs a client; `relay::traffic` has the tests with one",
    },
];

fn play(name: &str) {
    playback::play(&Page::read(name), &playback::readers_sandbox());
}

/// A test for each page, and one that no page is missing.
macro_rules! pages {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                play(concat!("docs/", stringify!($name), ".md"));
            }
        )+

        #[test]
        fn no_page_is_left_out() {
            let mut tested = vec!["README.md".to_owned()];
            $(tested.push(concat!("docs/", stringify!($name), ".md").to_owned());)+
            let pages: Vec<_> = Page::all().into_iter().map(|page| page.name).collect();
            tested[1..].sort();
            assert_eq!(tested, pages);
        }
    };
}

pages! {
    agents
    check
    clients
    commands
    configuration
    containers
    definitions
    develop
    faults
    files
    health
    launchers
    logs
    platforms
    ports
    schema
    scripts
    servers
    sessions
    status
    troubleshooting
}
