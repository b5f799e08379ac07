if builtin status is-interactive

    # Whether anything was started in the session: a look at its directory without starting a process.
    function __mcp_hook_used
        for file in $__mcp_hook_dir/*
            switch $file
                case $__mcp_hook_dir/session.lock $__mcp_hook_dir/session.pid
                case '*.lock' '*.pid'
                    return 0
            end
        end
        # A script that took the session's pid file for its own has put another pid there.
        builtin set -l pid
        if builtin test -f $__mcp_hook_dir/session.pid -a -r $__mcp_hook_dir/session.pid
            builtin read -z pid <$__mcp_hook_dir/session.pid
        end
        not builtin string match -q -r -- "\A$fish_pid\Z" "$pid"
    end

    # Only the shell that owns the session closes it; an inherited or joined session names another shell. Defined once: a
    # second definition would move it behind the handlers that were defined in between.
    if not builtin functions -q __mcp_hook_exit
        function __mcp_hook_exit --on-event fish_exit
            if builtin string match -q -- "$fish_pid:*" "$__mcp_hook_owner"
                and __mcp_hook_used
                and builtin command -sq mcp-hook
                command mcp-hook close $__mcp_hook_owner </dev/null >/dev/null 2>&1
            end
        end
    end

    # What scripts and people write to the central log: NAME MESSAGE.
    function __mcp_hook_log
        if builtin command -sq mcp-hook
            command mcp-hook log $argv
        end
    end
    function mcp_info
        __mcp_hook_log info -- $argv
    end
    function mcp_warn
        __mcp_hook_log warn -- $argv
    end
    function mcp_error
        __mcp_hook_log error -- $argv
    end

    # What init has opened before it printed this: for which process, when that started (proc(5)), where its files are, and
    # what it is told. Numbers of processes come back, and this text may have been kept: it has to be this very shell, and
    # the session has to be there.
    builtin set -l line
    if builtin test OPENED_FOR = $fish_pid -a -e OPENED_IN/session.json
        and builtin read line </proc/$fish_pid/stat
        and builtin string match -q -- "* 0 OPENED_AT *" $line
        OPENED_LINE
    else
        builtin set line
        if builtin command -sq mcp-hook
            builtin set line (command mcp-hook open --shell fish --owner $fish_pid)
        end
        if builtin string match -q -- 'set -gx MCP_SESSION_ID *' "$line"
            builtin eval $line
        else
            builtin set line
        end
    end
    if builtin test -n "$line"
        builtin set -g __mcp_hook_owner $MCP_HOOK_OWNER
        builtin set -g __mcp_hook_dir (builtin string replace -r '/[^/]*$' '' -- $MCP_PID_FILE)
    end
end
