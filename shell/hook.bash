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

    # One process for two answers: the trap that is set now (any number of lines) and what `open` says (one line).
    if \builtin type -P mcp-hook >/dev/null; then
        __mcp_hook_text=$(
            \builtin trap -p EXIT
            \builtin exec mcp-hook open --shell posix --owner "$$"
        ) || \builtin :
        # Without a trap there is nothing before the last line. Looking for its beginning takes long, so only if need be.
        __mcp_hook_line=$__mcp_hook_text
        if [[ $__mcp_hook_text == *$'\n'* ]]; then
            __mcp_hook_line=${__mcp_hook_text##*$'\n'}
        fi
        if [[ $__mcp_hook_line == "export MCP_SESSION_ID='"*"'" ]]; then
            \builtin eval "\\builtin $__mcp_hook_line"
            __mcp_hook_owner=$MCP_HOOK_OWNER
            __mcp_hook_dir=${MCP_PID_FILE%/*}
            \builtin export -n __mcp_hook_owner __mcp_hook_dir
            if [[ $__mcp_hook_owner == "$$:"* && $__mcp_hook_text != *__mcp_hook_exit* ]]; then
                __mcp_hook_old=()
                if [[ $__mcp_hook_text == *$'\n'* ]]; then
                    \builtin eval "__mcp_hook_old=(${__mcp_hook_text%$'\n'*})"
                fi
                # In POSIX mode the line of a trap that is not set says `-`.
                if [[ ${__mcp_hook_old[2]--} == - ]]; then
                    __mcp_hook_old[2]=
                fi
                # `&& :` keeps `set -e` from ending the trap where the status is not 0.
                \builtin trap -- "__mcp_hook_exit \"\$?\" && \\builtin :"$'\n'"${__mcp_hook_old[2]}" EXIT
                \builtin unset -v __mcp_hook_old
            fi
        fi
        \builtin unset -v __mcp_hook_text __mcp_hook_line
    fi
fi
