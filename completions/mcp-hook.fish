# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mcp_hook_global_optspecs
    string join \n v/verbose h/help V/version
end

function __fish_mcp_hook_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mcp_hook_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mcp_hook_using_subcommand
    set -l cmd (__fish_mcp_hook_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -s V -l version -d 'Print version'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "start" -d 'Start a server in the background'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "run" -d 'Run a server for an MCP client, on standard input and output'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "stop" -d 'End servers, the whole tree of each'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "restart" -d 'End servers and start them again'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "status" -d 'Show this session\'s servers'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "logs" -d 'Show what a server printed, or what happened'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "env" -d 'Print the ports of this session\'s servers, for the shell'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "list" -d 'Show the servers that are defined, and whether they may be started'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "check" -d 'Say what would keep servers from being started; with --connect, from working'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "add" -d 'Define a server in your servers.json'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "remove" -d 'Take a server out of your servers.json'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "allow" -d 'Allow the servers that a project\'s .mcp.json defines'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "deny" -d 'Take back that a project\'s .mcp.json is allowed'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "clients" -d 'Show the clients that are found, with their files and servers'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "wrap" -d 'Put mcp-hook in front of the servers in clients\' files'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "unwrap" -d 'Take mcp-hook away from the servers in clients\' files'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "mcp" -d 'Be an MCP server by which an agent looks after this session\'s servers'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "init" -d 'Print the hook for a shell\'s start-up file'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "log" -d 'Write a line to the central log'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "cleanup" -d 'End what outlived its session and remove what dead sessions left'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "doctor" -d 'Examine the installation: the hook, programs, directories, left-overs, clients'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "completions" -d 'Print the completion script for a shell'
complete -c mcp-hook -n "__fish_mcp_hook_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l grace -d 'Time from the stop signal to SIGKILL, like 10s or 500ms' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l stop-signal -d 'The signal that asks the server to end' -r -f -a "SIGTERM\t''
SIGINT\t''
SIGHUP\t''
SIGQUIT\t''
SIGUSR1\t''
SIGUSR2\t''"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l memory -d 'End the server when the memory of its tree stays above this, like 2GiB' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l sample -d 'How often CPU and memory are sampled, like 10s, or off [default: 60s]' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l port -d 'A port of its own: auto or a number; the command gets it as ${MCP_PORT}' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l launcher -d 'When npx is passed by: pinned (default) for an exact version that is there, direct also for a name or a tag, and uvx too, as-written never' -r -f -a "pinned\t''
direct\t''
as-written\t''"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l watch -d 'Start it again when this changes: a file, a directory with all below it, a pattern like \'src/**/*.py\'' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l restart -d 'When it is started again: no, on-failure (default), always' -r -f -a "no\t''
on-failure\t''
always\t''"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l ready-log -d 'It is ready when a line that it prints matches' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l ready-delay -d 'It is ready when it has lived this long' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l ready-timeout -d 'How long it may take to be ready [default: 30s]' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l session -d 'The session, if not this terminal\'s' -r -f -a "(command mcp-hook names sessions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l no-tty -d 'Give the server no terminal of its own'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l ready-mcp -d 'It is ready when it answers the handshake of MCP on its port'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l fresh -d 'Take a new copy of its configuration, whatever was changed in the session\'s'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -l no-wait -d 'Do not wait until the server is ready'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l idle -d 'End the server when there was no message for this long, like 30m; the next one starts it again' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l grace -d 'Time from the stop signal to SIGKILL, like 10s or 500ms' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l stop-signal -d 'The signal that asks the server to end' -r -f -a "SIGTERM\t''
SIGINT\t''
SIGHUP\t''
SIGQUIT\t''
SIGUSR1\t''
SIGUSR2\t''"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l memory -d 'End the server when the memory of its tree stays above this, like 2GiB' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l sample -d 'How often CPU and memory are sampled, like 10s, or off [default: 60s]' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l port -d 'A port of its own: auto or a number; the command gets it as ${MCP_PORT}' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l launcher -d 'When npx is passed by: pinned (default) for an exact version that is there, direct also for a name or a tag, and uvx too, as-written never' -r -f -a "pinned\t''
direct\t''
as-written\t''"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l watch -d 'Start it again when this changes: a file, a directory with all below it, a pattern like \'src/**/*.py\'' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l session -d 'The session, if not this terminal\'s' -r -f -a "(command mcp-hook names sessions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l direct -d 'Hand the client\'s streams to the server itself: its end is the end of the connection'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l exact -d 'Change nothing in the server\'s answers; its client is not told then that lists may have changed when the server was started again'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -l no-tty -d 'Give the server no terminal of its own'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand stop" -l session -d 'The session, if not this terminal\'s' -r -f -a "(command mcp-hook names sessions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand stop" -l all -d 'All servers of the session'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand stop" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand stop" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand restart" -l session -d 'The session, if not this terminal\'s' -r -f -a "(command mcp-hook names sessions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand restart" -l fresh -d 'Read the definition and the environment again, and take a new copy of the configuration'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand restart" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand restart" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand status" -l session -d 'The session, if not this terminal\'s' -r -f -a "(command mcp-hook names sessions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand status" -l all -d 'Every session'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand status" -l json -d 'Print JSON'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand status" -s w -l watch -d 'Show it live, with graphs, and with keys to stop and restart'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand status" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand status" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand logs" -s n -l lines -d 'How many lines to begin with [default: 50, with --since all]' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand logs" -l since -d 'Only what is not older than this, like 10m or 2026-11-22T15:18:08Z' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand logs" -l session -d 'The session, if not this terminal\'s' -r -f -a "(command mcp-hook names sessions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand logs" -s f -l follow -d 'Go on printing what is added'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand logs" -l errors -d 'Only what the server printed on standard error, and failures; without a server, warnings and errors'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand logs" -l json -d 'Print JSON, one object per line'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand logs" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand logs" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand env" -l shell -d 'How the shell quotes that evaluates the output' -r -f -a "posix\t'sh, bash, zsh and their relatives'
fish\t'fish'"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand env" -l session -d 'The session, if not this terminal\'s' -r -f -a "(command mcp-hook names sessions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand env" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand env" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand list" -l json -d 'Print JSON'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand list" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand list" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand check" -l timeout -d 'How long it may take to the first answer [default: 30s]' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand check" -l url -d 'A server at this address, instead of servers that are defined' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand check" -l client -d 'The servers in this client\'s files, each as the client would start it' -r -f -a "claude-code\t''
claude-desktop\t''
codex\t''
gemini\t''
cursor\t''
vscode\t''
windsurf\t''
zed\t''
cline\t''
opencode\t''
amp\t''
copilot\t''
kiro\t''
lm-studio\t''
continue\t''
goose\t''"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand check" -l header -d 'What is sent with each request to it (may be repeated)' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand check" -l connect -d 'Start a copy of each, speak MCP to it and end it: say what keeps it from working'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand check" -l json -d 'Print JSON'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand check" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand check" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand add" -l env -d 'A variable for it (may be repeated); ${VAR} in the value stays and is looked up when the server is started' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand add" -l port -d 'A port of its own: auto or a number' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand add" -l url -d 'Where clients reach it; alone for a server that runs elsewhere' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand add" -l force -d 'Replace the server of this name'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand add" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand add" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand remove" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand remove" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand allow" -s y -l yes -d 'Do not ask'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand allow" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand allow" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand deny" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand deny" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand clients" -l json -d 'Print JSON'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand clients" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand clients" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand wrap" -l server -d 'Only this server (may be repeated)' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand wrap" -l control -d 'Also add mcp-hook mcp, by which an agent looks after its session\'s servers'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand wrap" -l dry-run -d 'Only show what would change'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand wrap" -s y -l yes -d 'Do not ask'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand wrap" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand wrap" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand unwrap" -l server -d 'Only this server (may be repeated)' -r
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand unwrap" -l dry-run -d 'Only show what would change'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand unwrap" -s y -l yes -d 'Do not ask'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand unwrap" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand unwrap" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand mcp" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand mcp" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand init" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand log" -l session -d 'The session, if not this terminal\'s' -r -f -a "(command mcp-hook names sessions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand log" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand cleanup" -l dry-run -d 'Only say what would be done'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand cleanup" -l json -d 'Print JSON'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand cleanup" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand cleanup" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand doctor" -l json -d 'Print JSON'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand doctor" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand completions" -s v -l verbose -d 'Say on standard error what is decided, and why'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "start" -d 'Start a server in the background'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "run" -d 'Run a server for an MCP client, on standard input and output'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "stop" -d 'End servers, the whole tree of each'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "restart" -d 'End servers and start them again'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "status" -d 'Show this session\'s servers'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "logs" -d 'Show what a server printed, or what happened'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "env" -d 'Print the ports of this session\'s servers, for the shell'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "list" -d 'Show the servers that are defined, and whether they may be started'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "check" -d 'Say what would keep servers from being started; with --connect, from working'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "add" -d 'Define a server in your servers.json'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "remove" -d 'Take a server out of your servers.json'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "allow" -d 'Allow the servers that a project\'s .mcp.json defines'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "deny" -d 'Take back that a project\'s .mcp.json is allowed'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "clients" -d 'Show the clients that are found, with their files and servers'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "wrap" -d 'Put mcp-hook in front of the servers in clients\' files'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "unwrap" -d 'Take mcp-hook away from the servers in clients\' files'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "mcp" -d 'Be an MCP server by which an agent looks after this session\'s servers'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "init" -d 'Print the hook for a shell\'s start-up file'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "log" -d 'Write a line to the central log'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "cleanup" -d 'End what outlived its session and remove what dead sessions left'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "doctor" -d 'Examine the installation: the hook, programs, directories, left-overs, clients'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "completions" -d 'Print the completion script for a shell'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand help; and not __fish_seen_subcommand_from start run stop restart status logs env list check add remove allow deny clients wrap unwrap mcp init log cleanup doctor completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand start" -f -a "(command mcp-hook names definitions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand run" -f -a "(command mcp-hook names definitions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand stop" -f -a "(command mcp-hook names servers 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand restart" -f -a "(command mcp-hook names servers 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand status" -f -a "(command mcp-hook names servers 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand logs" -f -a "(command mcp-hook names servers 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand check" -f -a "(command mcp-hook names definitions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand remove" -f -a "(command mcp-hook names definitions 2>/dev/null)"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand clients" -f -a "claude-code claude-desktop codex gemini cursor vscode windsurf zed cline opencode amp copilot kiro lm-studio continue goose"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand wrap" -f -a "claude-code claude-desktop codex gemini cursor vscode windsurf zed cline opencode amp copilot kiro lm-studio continue goose"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand unwrap" -f -a "claude-code claude-desktop codex gemini cursor vscode windsurf zed cline opencode amp copilot kiro lm-studio continue goose"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand init" -f -a "bash zsh fish"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand log" -f -a "info warn error"
complete -c mcp-hook -n "__fish_mcp_hook_using_subcommand completions" -f -a "bash zsh fish"
