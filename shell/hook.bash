if [[ $- == *i* && ${BASH_SUBSHELL-0} == 0 ]]; then

    # Whether anything was started in the session: a look at its directory without starting a process. Where this shell's
    # options forbid such a look, mcp-hook itself has to take it.
    __mcp_hook_used() {
        \builtin local file pid=
        if [[ $- == *f* || -n ${GLOBIGNORE-} ]] || \builtin shopt -q failglob; then
            \builtin return 0
        fi
        for file in "$__mcp_hook_dir"/*; do
            case ${file##*/} in
            session.lock | session.pid) ;;
            *.lock | *.pid) \builtin return 0 ;;
            esac
        done
        # A script that took the session's pid file for its own has put another pid there.
        if [[ -f $__mcp_hook_dir/session.pid && -r $__mcp_hook_dir/session.pid ]]; then
            IFS='' \builtin read -r -d '' pid <"$__mcp_hook_dir/session.pid" || \builtin :
        fi
        [[ ${pid%$'\n'} != "$$" ]]
    }

    # Stands first in the EXIT trap. Gives back the status it was given, so that the user's own trap finds it in $?.
    __mcp_hook_exit() {
        if [[ ${BASH_SUBSHELL-0} == 0 && ${__mcp_hook_owner-} == "$$:"* ]] &&
            __mcp_hook_used && \builtin type -P mcp-hook >/dev/null; then
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
    __mcp_hook_opened=()
    __mcp_hook_line=
    if [[ ${__mcp_hook_opened[0]-} == "$$" && -e ${__mcp_hook_opened[2]}/session.json ]] &&
        IFS='' \builtin read -r __mcp_hook_line <"/proc/$$/stat"; then
        if [[ $__mcp_hook_line == *" 0 ${__mcp_hook_opened[1]} "* ]]; then
            __mcp_hook_line=${__mcp_hook_opened[3]}
        fi
    fi
    if [[ $__mcp_hook_line != export* ]] && \builtin type -P mcp-hook >/dev/null; then
        __mcp_hook_line=$(\builtin exec mcp-hook open --shell posix --owner "$$") || \builtin :
    fi

    if [[ $__mcp_hook_line == "export MCP_SESSION_ID='"*"'" ]]; then
        \builtin eval "\\builtin $__mcp_hook_line"
        __mcp_hook_owner=$MCP_HOOK_OWNER
        __mcp_hook_dir=${MCP_PID_FILE%/*}
        \builtin export -n __mcp_hook_owner __mcp_hook_dir
        if [[ $__mcp_hook_owner == "$$:"* ]]; then
            __mcp_hook_line=
            # Who cannot write fails if there is a trap to write of: a process only to read one. bash 3 does not say so.
            if [[ ${BASH_VERSINFO[0]} == 3 ]] || ! \builtin trap -p EXIT >&- 2>&-; then
                __mcp_hook_line=$(\builtin trap -p EXIT)
            fi
            if [[ $__mcp_hook_line != *__mcp_hook_exit* ]]; then
                \builtin eval "__mcp_hook_opened=($__mcp_hook_line)"
                # In POSIX mode the line of a trap that is not set says `-`.
                if [[ ${__mcp_hook_opened[2]--} == - ]]; then
                    __mcp_hook_opened[2]=
                fi
                # `&& :` keeps `set -e` from ending the trap where the status is not 0.
                \builtin trap -- "__mcp_hook_exit \"\$?\" && \\builtin :"$'\n'"${__mcp_hook_opened[2]}" EXIT
            fi
        fi
    fi
    \builtin unset -v __mcp_hook_opened __mcp_hook_line
fi
