if [[ -o interactive && ${ZSH_SUBSHELL:-0} == 0 ]]; then

    # Stands first in zshexit_functions, which also run at the end of subshells, where `$$` is the shell's. Always succeeds:
    # the functions after one that fails do not run. There is nothing to close as long as the session's directory and pid
    # file are as old as `open` makes them.
    __mcp_hook_exit() {
        \builtin emulate -LR zsh
        if [[ $ZSH_SUBSHELL == 0 && ${__mcp_hook_owner-} == "$$:"* ]] &&
            [[ ! $__mcp_hook_dir -ot $__mcp_hook_dir/session.json ||
                ! $__mcp_hook_dir/session.pid -ot $__mcp_hook_dir/session.json ]] &&
            \builtin whence -p mcp-hook >/dev/null; then
            \command mcp-hook close "$__mcp_hook_owner" </dev/null >/dev/null 2>&1
        fi
        \builtin return 0
    }

    # What scripts and people write to the central log: NAME MESSAGE. `function` spares the names from aliases.
    function mcp_info mcp_warn mcp_error {
        \builtin emulate -LR zsh
        \builtin whence -p mcp-hook >/dev/null || \builtin return 0
        \command mcp-hook log "${funcstack[1]#mcp_}" -- "$@"
    }

    () {
        \builtin emulate -LR zsh
        \builtin local line
        # What init has opened before it printed this: for which process, when that started (proc(5)), where its files
        # are, and what it is told. Numbers of processes come back, and this text may have been kept: it has to be this
        # very shell, and the session has to be there.
        if [[ $$ == OPENED_FOR && -e OPENED_IN/session.json && "$(<"/proc/$$/stat")" == *" 0 OPENED_AT "* ]]; then
            \builtin OPENED_LINE
        else
            \builtin whence -p mcp-hook >/dev/null || \builtin return 0
            line="$(\command mcp-hook open --shell posix --owner "$$")"
            [[ $line == "export MCP_SESSION_ID='"*"'" ]] || \builtin return 0
            \builtin eval "\\builtin $line"
        fi
        \builtin typeset -g +x __mcp_hook_owner="$MCP_HOOK_OWNER" __mcp_hook_dir="${MCP_PID_FILE%/*}"
        [[ $__mcp_hook_owner == "$$:"* ]] || \builtin return 0
        \builtin typeset -ga zshexit_functions
        if [[ " ${zshexit_functions[*]} " != *" __mcp_hook_exit "* ]]; then
            zshexit_functions=(__mcp_hook_exit "${zshexit_functions[@]}")
        fi
    }
fi
