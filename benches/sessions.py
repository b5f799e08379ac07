"""What opening a session costs, and looking at many."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from measure import Row, in_turns, millis, run
from sandbox import TRUE
from servers import Session

DEAD = 10_000
SESSIONS = 1_000
DEFINITIONS = 50


def opening(sandbox):
    empty, crowded = sandbox.environment(), sandbox.environment()
    bury(Session(sandbox, crowded), DEAD, dead_process())

    medians = in_turns(60, empty=opened(sandbox, empty), crowded=opened(sandbox, crowded))
    ratio = medians["crowded"] / medians["empty"]
    text = f"{ratio:.2f} × ({millis(medians['crowded'])} / {millis(medians['empty'])})"
    return [Row(f"open with {DEAD} dead sessions, / with none", text, ratio, 1.5)]


def opening_with_definitions(sandbox):
    none, many = sandbox.environment(), sandbox.environment()
    define(many, DEFINITIONS)
    medians = in_turns(60, none=opened(sandbox, none), many=opened(sandbox, many))
    ratio = medians["many"] / medians["none"]
    text = f"{ratio:.2f} × ({millis(medians['many'])} / {millis(medians['none'])})"
    return [Row(f"open with {DEFINITIONS} definitions, / with none", text, ratio)]


def define(env, count):
    """Writes definitions of the usual kind, none of which starts by itself."""
    server = {"command": "npx", "args": ["-y", "a-server", "${HOME}"], "env": {"TOKEN": "${TOKEN:-none}"}}
    server["hook"] = {"port": "auto", "restart": "always", "ready": {"timeout": "10s"}}
    file = Path(env["HOME"]) / ".config/mcp-hook/servers.json"
    file.parent.mkdir(parents=True, mode=0o700)
    servers = {f"server-{number}": server for number in range(count)}
    file.write_text(json.dumps({"mcpServers": servers}, indent=2), "utf-8")


def opened(sandbox, env):
    """Something that opens a session, tells how long that took, and removes the session."""

    def timed():
        before = set(os.listdir(pids)) if (pids := pids_of(env)).exists() else set()
        seconds = run([sandbox.binary, "open", "--owner", str(os.getpid())], env)
        for new in set(os.listdir(pids)) - before:
            forget(pids / new)
        return seconds

    return timed


def pids_of(env):
    return Path(env["XDG_RUNTIME_DIR"]) / "mcp-hook/pids"


def forget(session):
    for directory in (session, session.parent.parent / "configs" / session.name):
        shutil.rmtree(directory)


def dead_process():
    """The number of a process that has ended."""
    with subprocess.Popen([TRUE]) as process:
        process.wait()
    return process.pid


def bury(session, count, owner):
    """Makes many sessions like this one, whose owner is another process."""
    template = json.loads((session.pids / "session.json").read_text("utf-8"))
    template["owner"] |= {"pid": owner} if owner != os.getpid() else {}
    runtime = session.pids.parent.parent
    for number in range(count):
        name = f"notty-{owner}-{number:04x}"
        for directory in (runtime / "pids" / name, runtime / "configs" / name):
            directory.mkdir(mode=0o700)
        (runtime / "pids" / name / "session.pid").write_text(f"{owner}\n", "ascii")
        (runtime / "pids" / name / "session.json").write_text(json.dumps(template | {"id": name}), "utf-8")
    forget(session.pids)


def looking_at_all(sandbox):
    env = sandbox.environment()
    bury(Session(sandbox, env), SESSIONS, os.getpid())
    session = Session(sandbox, env)
    status = [sandbox.binary, "status"]
    medians = in_turns(10, one=lambda: run(status, session.env), all=lambda: run([*status, "--all"], session.env))
    ratio = medians["all"] / medians["one"]
    each = (medians["all"] - medians["one"]) / SESSIONS * 1e6
    text = f"{millis(medians['all'])} ({ratio:.1f} × of one session, {each:.0f} µs each)"
    return [Row(f"status --all with {SESSIONS} sessions", text)]


CASES = [
    opening,
    opening_with_definitions,
    looking_at_all,
]
