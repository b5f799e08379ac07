if [[ $- == *i* && ${BASH_SUBSHELL-0} == 0 ]]; then

    # Stands first in the EXIT trap. Gives back the status it was given, so that the user's own trap finds it in $?. There is
    # nothing to close as long as the session's directory and pid file are as old as `open` makes them.
    __mcp_hook_exit() {
        if [[ ${BASH_SUBSHELL-0} == 0 && ${__mcp_hook_owner-} == "$$:"* ]] &&
            [[ ! $__mcp_hook_dir -ot $__mcp_hook_dir/session.json ||
                ! $__mcp_hook_dir/session.pid -ot $__mcp_hook_dir/session.json ]] &&
            \builtin type -P mcp-hook >/dev/null; then
            \builtin command mcp-hook close "$__mcp_hook_owner" </dev/null >/dev/null 2>&1
        fi
        \builtin return "$1"
    }

    # What scripts and people write to the central log: NAME MESSAGE. `function` spares the names from aliases.
    function __mcp_hook_log {
        if \builtin type -P mcp-hook >/dev/null; then
            # Not `command`: as `builtin command`, and in bash 3.2 anyway, it forgets where `set -e` does not apply.
            (\builtin exec mcp-hook log "$@")
        fi
    }
    function mcp_info { __mcp_hook_log info -- "$@"; }
    function mcp_warn { __mcp_hook_log warn -- "$@"; }
    function mcp_error { __mcp_hook_log error -- "$@"; }

    # What init has opened before it printed this: for which process, when that started (proc(5)), where its files are, and
    # what it is told. Numbers of processes come back, and this text may have been kept: it has to be this very shell, and
    # the session has to be there.
    __mcp_hook_line=
    if [[ $$ == OPENED_FOR && -e OPENED_IN/session.json ]] &&
        IFS='' \builtin read -r __mcp_hook_line <"/proc/$$/stat" && [[ $__mcp_hook_line == *" 0 OPENED_AT "* ]]; then
        \builtin OPENED_LINE
    else
        __mcp_hook_line=
        if \builtin type -P mcp-hook >/dev/null; then
            __mcp_hook_line=$(\builtin exec mcp-hook open --shell posix --owner "$$") || \builtin :
        fi
        if [[ $__mcp_hook_line == "export MCP_SESSION_ID='"*"'" ]]; then
            \builtin eval "\\builtin $__mcp_hook_line"
        else
            __mcp_hook_line=
        fi
    fi

    if [[ -n $__mcp_hook_line ]]; then
        __mcp_hook_owner=$MCP_HOOK_OWNER
        __mcp_hook_dir=${MCP_PID_FILE%/*}
        \builtin export -n __mcp_hook_owner __mcp_hook_dir
        if [[ $__mcp_hook_owner == "$$:"* ]]; then
            # Who cannot write fails if there is a trap to write of: a process only to read one. bash 3 does not say so.
            __mcp_hook_trap=()
            if [[ ${BASH_VERSINFO[0]} == 3 ]] || ! \builtin trap -p EXIT >&- 2>&-; then
                \builtin eval "__mcp_hook_trap=($(\builtin trap -p EXIT))"
            fi
            if [[ ${__mcp_hook_trap[2]-} != *__mcp_hook_exit* ]]; then
                # In POSIX mode the line of a trap that is not set says `-`.
                if [[ ${__mcp_hook_trap[2]--} == - ]]; then
                    __mcp_hook_trap[2]=
                fi
                # `&& :` keeps `set -e` from ending the trap where the status is not 0.
                \builtin trap -- "__mcp_hook_exit \"\$?\" && \\builtin :"$'\n'"${__mcp_hook_trap[2]}" EXIT
            fi
        fi
    fi
    \builtin unset -v __mcp_hook_trap __mcp_hook_line
fi
