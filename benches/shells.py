"""What the hook costs a shell that opens a terminal, does nothing and exits."""

import os
import shutil
from dataclasses import dataclass

from measure import Row, in_turns, millis, on_terminal
from sandbox import TRUE

ROUNDS = 60


@dataclass
class Shell:
    """A shell, how it reads one rc file and no other, and how it evaluates what a command prints."""

    name: str
    rc: str
    arguments: list
    evaluate: str


SHELLS = [
    Shell("bash", "bashrc", ["--noprofile", "--rcfile", "{rc}", "-i"], 'eval "$({})"'),
    Shell("zsh", ".zshrc", ["-d", "-i"], 'eval "$({})"'),
    Shell("fish", "fish/config.fish", ["-i"], "{} | source"),
]


def lives(sandbox, shell, zoxide):
    """One life of the shell with each of the rc files, as functions that return how long it took."""
    one = shell.evaluate.format
    lines = {
        "bare": [],
        "hook": [one(f"mcp-hook init {shell.name}")],
        "trues": [one(TRUE), one(TRUE)],
    }
    if zoxide:
        lines["zoxide"] = [one(f"{zoxide} init {shell.name}")]
    return {name: life(sandbox, shell, rc) for name, rc in lines.items()}


def life(sandbox, shell, lines):
    env = sandbox.environment()
    home = env["HOME"]
    env |= {"ZDOTDIR": home, "XDG_CONFIG_HOME": home}
    rc = f"{home}/{shell.rc}"
    prepare_files(shell, home)
    with open(rc, "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))
    program = shutil.which(shell.name)
    arguments = [program, *(argument.format(rc=rc) for argument in shell.arguments)]
    return lambda: on_terminal(arguments, env, b"exit 0\n")


def prepare_files(shell, home):
    if shell.name == "fish":
        os.makedirs(f"{home}/fish")


def rows(sandbox, zoxide):
    """A row for each shell and aim."""
    found = [shell for shell in SHELLS if shutil.which(shell.name)]
    table = []
    for shell in found:
        medians = in_turns(ROUNDS, **lives(sandbox, shell, zoxide))
        bare = medians["bare"]
        whole = medians["hook"] / medians["trues"]
        added = {name: median - bare for name, median in medians.items()}
        ratio = added["hook"] / added["trues"]
        text = ", ".join(f"{name} {millis(median)}" for name, median in medians.items())
        table.append(Row(f"{shell.name}: idle life, hook / two true", f"{whole:.2f} × ({text})", whole, 1.3))
        what = f"{shell.name}: what it adds to a bare shell's, hook"
        table.append(Row(f"{what} / two true", f"{ratio:.2f} ×", ratio, 1.0))
        if zoxide:
            ratio = added["hook"] / added["zoxide"]
            table.append(Row(f"{what} / zoxide's", f"{ratio:.2f} ×", ratio, 1.0))
    return table


def missing():
    """The shells that are not installed."""
    return [shell.name for shell in SHELLS if not shutil.which(shell.name)]
